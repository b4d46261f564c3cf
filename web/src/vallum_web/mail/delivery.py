"""How mails fare: counts, what waits, what nobody knows of. For operators; it names no address and no subject."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Count, Max

from vallum_web.mail import kinds
from vallum_web.mail.models import Message, Notice, Suppression, Told
from vallum_web.tenancy import clock
from vallum_web.tenancy.scope import outbox

State = Message.State
RECENT = timedelta(days=30)
MOST = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """`states`, `reasons` and `tracked` are of the last 30 days."""

    states: Sequence[tuple[str, str, int]]
    """State, its words, how many."""
    reasons: Sequence[tuple[str, int]]
    """Why mails were not sent, came back or wait again, the most frequent first."""
    oldest: datetime | None
    """Since when the oldest mail waits that could have been sent."""
    unknown: Sequence[Message]
    complaints: Sequence[Message]
    """Of mails that have to be said, not looked at yet."""
    suppressed: dict[str, int]
    told_at: datetime | None
    tracked: int
    """Opens and clicks that were told of: nobody here wants to know them."""


def now() -> Delivery:
    moment = clock.now()
    since = moment - RECENT
    with outbox():
        recent = Message.objects.filter(written_at__gt=since)
        states: dict[str, int] = dict(recent.values_list("state").annotate(n=Count("id")).order_by())
        reasons = recent.exclude(why="").values_list("why").annotate(n=Count("id")).order_by("-n", "why")
        waiting = Message.objects.filter(state=State.QUEUED, due_at__lte=moment).order_by("due_at")
        essential = [kind.id for kind in kinds.all_kinds().values() if kind.essential]
        complaints = Message.objects.filter(complained_at__isnull=False, reviewed_at=None, kind__in=essential)
        told: dict[str, Any] = Told.objects.aggregate(at=Max("at"))
        return Delivery(
            states=[(state.value, state.label, states.get(state.value, 0)) for state in State],
            reasons=list(reasons[:20]),
            oldest=next(iter(waiting.values_list("due_at", flat=True)[:1]), None),
            unknown=list(Message.objects.filter(state=State.UNKNOWN).order_by("-written_at")[:MOST]),
            complaints=list(complaints.order_by("-complained_at")[:MOST]),
            suppressed=dict(Suppression.objects.values_list("why").annotate(n=Count("pk")).order_by()),
            told_at=told["at"],
            tracked=Told.objects.filter(kind__in=("email.opened", "email.clicked"), at__gt=since).count(),
        )


def fates(kind: str, about: str, mails: Sequence[UUID]) -> tuple[int, Sequence[tuple[str, int]]]:
    """Of what many people were told at once: how many read the notice, and in which states the mails are.

    `about`: what the notices' own begins with.
    """
    with outbox():
        read = Notice.objects.filter(kind=kind, about__startswith=about, read_at__isnull=False).count()
        states = Message.objects.filter(pk__in=mails).values_list("state").annotate(n=Count("id")).order_by()
        counted: dict[str, int] = dict(states)
    return read, [(state.label, counted[state.value]) for state in State if state.value in counted]
