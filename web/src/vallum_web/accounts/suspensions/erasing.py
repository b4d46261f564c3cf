"""When a suspended person or organization is gone, nothing holds them any more, and what was written about it goes with them."""

from uuid import UUID

from vallum_web.accounts.suspensions import services
from vallum_web.tenancy.erasing import Facts, Part, Whose, takes_part


def _erase(subject: UUID, _: Facts) -> str:
    return f"texts of {services.forget(subject)} suspensions emptied"


takes_part(*(Part(name="suspensions", whose=whose, erase=_erase) for whose in Whose))
