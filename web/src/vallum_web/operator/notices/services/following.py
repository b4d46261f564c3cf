"""A release brought a sub-processor that was not there before: it is announced, and gets nothing until its day."""

from django.db import transaction

from vallum_web.accounts.services import operators
from vallum_web.mail.letters import letter
from vallum_web.operator.notices import wording
from vallum_web.operator.notices.services import announcing
from vallum_web.tenancy import clock
from vallum_web.tenancy.announcing.days import first_day
from vallum_web.tenancy.egress_registry import Party
from vallum_web.tenancy.processors import queries, services
from vallum_web.tenancy.processors.models import Introduced


def look_for_new() -> list[str]:
    """Compare the registry of this release with what was known. What the first look finds was there from the beginning."""
    with transaction.atomic():
        known = set(Introduced.objects.values_list("pk", flat=True))
        fresh = [party for party in queries.parties() if party.id not in known]
        announced = [party.id for party in fresh] if known else []
        services.introduce(fresh, announced=announced)
        for party in fresh if known else []:
            _announce(party)
    return announced


def _announce(party: Party) -> None:
    day = max(first_day(clock.now()), party.since) if party.since else first_day(clock.now())
    said = {"who": party.who, "why": party.why, "region": party.region, "sends": list(party.sends)}
    announcing.announce_processor(party.id, said, day)


def announce_again(name: str) -> None:
    """After a withdrawal, with a new day. Raises announcing.NotNowError where it is announced, or there is no such party."""
    waiting = [each.party for each in queries.standing() if each.party.id == name and each.since is None]
    if not waiting:
        raise announcing.NotNowError("Only what has no day can be announced again.")
    _announce(waiting[0])


def warn_of_ends() -> int:
    """Tell operators of transfers that end within thirty days and that nothing follows: once for each."""
    count = 0
    for each in queries.standing():
        if not each.ends_soon:
            continue
        last = min(row.expires for row in each.transfers)
        said = letter("transfer_ends", who=each.party.who, day=f"{last:%Y-%m-%d}", link=wording.desk())
        with transaction.atomic():
            count += operators.tell(said, once=f"transfer/{each.party.id}/{last}")
    return count
