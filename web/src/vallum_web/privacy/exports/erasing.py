"""A copy of everything on a person goes with them; those of an organization lie among its files, which go as a whole."""

from uuid import UUID

from vallum_web.tenancy import blobs
from vallum_web.tenancy.erasing import Facts, Part, Whose, takes_part


def _erase(person: UUID, _: Facts) -> str:
    return f"copies deleted, in {blobs.forget_org(person)} parts"


takes_part(Part(name="copies", whose=Whose.PERSON, erase=_erase))
