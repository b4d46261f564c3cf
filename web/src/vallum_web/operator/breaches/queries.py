"""Every read of the register for pages."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Count, Q, QuerySet

from vallum_web.accounts import queries as people
from vallum_web.mail import delivery
from vallum_web.operator.breaches import clocks
from vallum_web.operator.breaches.models import Duty, Incident, Telling, Told
from vallum_web.tenancy import clock


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A duty as it is shown."""

    duty: Duty
    due: datetime | None
    urgency: str
    """`late`, `soon` (the last of the reminders before the end is over), `on`, or nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """How one telling fared."""

    telling: Telling
    told: int
    read: int
    mails: Sequence[tuple[str, int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    at: datetime
    words: str
    by: str


def listed() -> list[tuple[Incident, list[Standing]]]:
    """Open ones first, the newest first."""
    rows = Incident.objects.prefetch_related("duties").order_by("-state", "-aware_at", "-pk")
    return [(row, standings(row)) for row in rows]


def one(key: UUID) -> Incident:
    """Raises Incident.DoesNotExist."""
    return Incident.objects.prefetch_related("duties").get(pk=key)


def standings(row: Incident) -> list[Standing]:
    order = list(clocks.CLOCKS)
    found = sorted(row.duties.all(), key=lambda duty: order.index(duty.what))
    return [_standing(row, duty) for duty in found]


def _standing(row: Incident, duty: Duty) -> Standing:
    due = clocks.due(duty.what, row.aware_at, row.fixed_at)
    if duty.state != Duty.State.DUE:
        return Standing(duty=duty, due=due, urgency="")
    if due is None:
        return Standing(duty=duty, due=None, urgency="on")
    start = clocks.began(duty.what, row.aware_at, row.fixed_at)
    near = clocks.rung(duty.what, start, clock.now()) >= clocks.CLOCKS[duty.what].rungs[-2]
    late = clock.now() > due
    return Standing(duty=duty, due=due, urgency="late" if late else "soon" if near else "on")


def steps(row: Incident) -> list[Said]:
    found = list(row.steps.order_by("at", "pk"))
    names = people.names({step.by for step in found if step.by})
    return [
        Said(at=step.at, words=step.words, by=names.get(step.by, "an operator") if step.by else "by itself")
        for step in found
    ]


def proofs(row: Incident) -> list[Proof]:
    return [_proof(telling) for telling in row.tellings.select_related("listing").order_by("at", "pk")]


def _proof(telling: Telling) -> Proof:
    rows = list(telling.rows.values_list("mail", flat=True))
    read, states = delivery.fates("breach", f"breach:{telling.pk}:", rows)
    return Proof(telling=telling, told=len(rows), read=read, mails=states)


def late() -> int:
    """Clocks that ran out with nobody told: the figure of the trust page, which has to be 0."""
    rows = Duty.objects.filter(state=Duty.State.DUE, incident__state=Incident.State.OPEN).select_related("incident")
    found = (clocks.due(duty.what, duty.incident.aware_at, duty.incident.fixed_at) for duty in rows)
    return sum(1 for due in found if due and due < clock.now())


def untold() -> int:
    """People on a list of whom a telling was over without a proof, and who have an account."""
    over = Telling.objects.exclude(whom=Telling.Whom.AUTHORITY).filter(done_at__isnull=False, whom=Telling.Whom.PEOPLE)
    counted = over.annotate(told=Count("rows")).select_related("listing")
    return sum(max(0, _meant(each) - each.gone - each.told) for each in counted)


def _meant(telling: Telling) -> int:
    return telling.listing.people + telling.listing.gone if telling.listing else 0


def published() -> QuerySet[Incident]:
    return Incident.objects.filter(published_at__isnull=False).order_by("-published_at")


def shown_to(key: UUID, who: UUID | None) -> tuple[Incident, list[Telling]] | None:
    """A breach as one person was told of it; as everybody is, where it was published. None: there is nothing for them."""
    mine = Q(pk__in=Told.objects.filter(person=who).values("telling")) if who else Q(pk__in=[])
    found = Incident.objects.filter(pk=key).first()
    if found is None:
        return None
    tellings = list(found.tellings.filter(mine).order_by("-at", "-pk"))
    return (found, tellings) if tellings or found.published_at else None
