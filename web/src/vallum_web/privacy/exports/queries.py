"""Every read of archives for pages and jobs."""

from uuid import UUID

from vallum_web.accounts.models import User
from vallum_web.privacy.exports.models import OrgExport, PersonExport
from vallum_web.tenancy.models import Org


def of_person(user: User) -> list[PersonExport]:
    """The newest first; a week's worth at most."""
    return list(PersonExport.objects.filter(person=user.pk).order_by("-asked_at"))


def one_of_person(user: User, key: UUID) -> PersonExport:
    """Raises PersonExport.DoesNotExist."""
    return PersonExport.objects.get(person=user.pk, pk=key)


def of_org(org: Org) -> list[OrgExport]:
    return list(OrgExport.objects.of(org).order_by("-asked_at"))


def one_of_org(org: Org, key: UUID) -> OrgExport:
    """Raises OrgExport.DoesNotExist."""
    found: OrgExport = OrgExport.objects.of(org).get(pk=key)
    return found


def with_exports() -> list[UUID]:
    """The persons whose archives a job looks after."""
    return list(PersonExport.objects.values_list("person", flat=True).distinct())
