"""Payments that their holders dispute: a queue for people who run the platform, who answer at the provider's dashboard.

The queue is what the inbox holds: a dispute is open from its first notice until one says how it ended. Nothing more is kept.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings

from vallum_web.billing import money
from vallum_web.billing.models import BillingEventInbox, Provider
from vallum_web.billing.providers import way
from vallum_web.billing.seen import Dispute
from vallum_web.billing.services import letters
from vallum_web.billing.wire import NoAnswerError, RefusedError
from vallum_web.mail.letters import letter
from vallum_web.tenancy import clock
from vallum_web.tenancy.models import Org
from vallum_web.tenancy.scope import scope

KINDS = ("charge.dispute.", "payment.dispute.")
ENDED = frozenset({"charge.dispute.closed", "payment.dispute.won", "payment.dispute.lost", "payment.dispute.closed"})
SHOWN_FOR = timedelta(days=90)
NOBODY = "an organization that is not known"


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """An open dispute. `now` is what the provider says of it; None where it says nothing."""

    provider: str
    dispute_id: str
    heard_at: datetime
    org: Org | None = None
    now: Dispute | None = None

    @property
    def amount(self) -> str:
        return money.written(self.now.amount, self.now.currency) if self.now else ""


def open_ones() -> list[Waiting]:
    """The oldest first, as the inbox has them: nobody is asked."""
    rows = BillingEventInbox.objects.filter(type__regex=r"^(charge|payment)\.dispute\.").exclude(object_id="")
    found: dict[tuple[str, str], Waiting] = {}
    over = set()
    for row in rows.order_by("received_at"):
        key = (row.provider, row.object_id)
        found.setdefault(key, Waiting(provider=row.provider, dispute_id=row.object_id, heard_at=row.received_at))
        if row.type in ENDED:
            over.add(key)
    return [each for key, each in found.items() if key not in over]


def shown() -> list[Waiting]:
    """As `open_ones`, with whose they are and what is disputed, as the providers say now."""
    return [_asked(each) for each in open_ones()]


def ended() -> list[tuple[str, str, str, datetime]]:
    """Provider, dispute, how it ended, when that was heard: of the last 90 days, the newest first, each once."""
    rows = BillingEventInbox.objects.filter(type__in=ENDED, received_at__gte=clock.now() - SHOWN_FOR).exclude(
        object_id=""
    )
    found = {(row.provider, row.object_id): row for row in rows.order_by("received_at")}
    told = [(row.provider, row.object_id, row.type.rpartition(".")[2], row.received_at) for row in found.values()]
    return sorted(told, key=lambda each: each[3], reverse=True)


def look() -> list[tuple[str, str, str, str]]:
    """Those of which no notice said that they are over: provider, a name for the event, its kind, the dispute."""
    found = []
    for each in open_ones():
        now = _asked(each).now
        if now and now.over:
            found.append((each.provider, f"seen/{each.dispute_id}/{now.status}", now.event, each.dispute_id))
    return found


def tell(org: UUID | None, provider: str, dispute_id: str) -> None:
    """By mail to all who run the platform, once when it begins and once when it ends. Raises NoAnswerError, RefusedError."""
    now = way(settings.BILLING[provider], None).dispute(dispute_id)
    facts = {
        "org": _name(org),
        "provider": Provider(provider).label,
        "link": f"{settings.PUBLIC_URL}/operator/disputes/",
    }
    if now.over:
        letters.tell_operators(letter("dispute_ended", how=now.status, **facts), once=f"dispute/{dispute_id}/over")
    else:
        said = letter("dispute", day=money.day(now.answer_by), **facts)
        letters.tell_operators(said, once=f"dispute/{dispute_id}/open")


def _asked(each: Waiting) -> Waiting:
    if each.provider not in settings.BILLING:
        return each
    to = way(settings.BILLING[each.provider], None)
    try:
        now, whose = to.dispute(each.dispute_id), to.whose(each.dispute_id)
    except (NoAnswerError, RefusedError):
        return each
    org = _org(whose.org) if whose and whose.org else None
    return Waiting(provider=each.provider, dispute_id=each.dispute_id, heard_at=each.heard_at, org=org, now=now)


def _name(key: UUID | None) -> str:
    org = _org(key) if key else None
    return org.name if org else NOBODY


def _org(key: UUID) -> Org | None:
    with scope(key):
        found: Org | None = Org.objects.filter(pk=key).first()
        return found
