"""When an organization is being deleted, the tokens of its private repositories go at once: had back, they are given anew."""

from uuid import UUID

from vallum_web.repositories.models import Credential
from vallum_web.tenancy.erasing import Part, Whose, takes_part


def _stop(org: UUID) -> None:
    Credential.objects.of(org).delete()


takes_part(Part(name="repositories", whose=Whose.ORG, stop=_stop))
