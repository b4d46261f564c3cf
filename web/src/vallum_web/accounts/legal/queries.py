from uuid import UUID

from vallum_web.accounts.legal.documents import Version, in_force, versions
from vallum_web.accounts.models import Acceptance
from vallum_web.tenancy import clock


def in_force_today() -> tuple[Version, ...]:
    return in_force(versions(), clock.now().date())


def held() -> tuple[Version, ...]:
    """The versions that hold today, of what is accepted."""
    return tuple(version for version in in_force_today() if version.document.is_accepted)


def missing(person: UUID) -> tuple[Version, ...]:
    """What holds today and this person has not accepted."""
    wanted = held()
    accepted = set(Acceptance.objects.filter(user=person).values_list("document", "version"))
    return tuple(version for version in wanted if (version.document, version.number) not in accepted)


def accepted_before(person: UUID) -> bool:
    return Acceptance.objects.filter(user=person).exists()
