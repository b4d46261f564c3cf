"""Every read of requests of authorities."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.db.models import Min, Q, QuerySet

from vallum_web.accounts import queries as people
from vallum_web.accounts.models import User
from vallum_web.privacy.authorities import agreeing
from vallum_web.privacy.authorities.models import LegalRequest, LegalStep
from vallum_web.tenancy import clock, keyring, lookups
from vallum_web.tenancy.scope import looking_back

State = LegalRequest.State
OPENED = "Organization opened for an hour"


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    at: datetime
    by: str
    what: str
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """One line of the public counts, which are ranges in words."""

    year: int
    number: str
    subjects: str


def one(key: UUID) -> LegalRequest:
    """Raises LegalRequest.DoesNotExist."""
    return LegalRequest.objects.get(pk=key)


def listed() -> QuerySet[LegalRequest]:
    """Without what is long and stands on a request's own page."""
    return LegalRequest.objects.defer("manifest", "sealed").order_by("-received_at", "-pk")


def verbs(row: LegalRequest) -> set[str]:
    """What can be done about it as it stands."""
    found = {
        State.RECEIVED: {"review", "refuse"},
        State.VALID: {"agree", "refuse"},
        State.GRANTED: {"carry_out", "refuse"},
    }
    able = set(found.get(State(row.state), ()))
    if row.state in {State.GRANTED, State.CARRIED_OUT} and row.second_by is None:
        able.add("agree")
    if row.hold is not None and row.hold_ended_at is None:
        able.add("end_hold")
    return able


def place(row: LegalRequest | LegalStep) -> str:
    return f"privacy_authorities.{type(row).__name__}.sealed:{row.pk}"


def opened(row: LegalRequest | LegalStep, key: UUID) -> str:
    """Empty once the key is destroyed."""
    try:
        return keyring.unseal_for(key, place(row), row.sealed) if row.sealed else ""
    except keyring.KeyringError:
        return ""


def steps(row: LegalRequest) -> list[Said]:
    found = list(row.steps.order_by("at", "pk"))
    names = people.names({step.by for step in found if step.by})
    return [
        Said(
            at=step.at,
            by=names.get(step.by, "an operator") if step.by else "by itself",
            what=step.what,
            words=opened(step, row.pk),
        )
        for step in found
    ]


def agreed(row: LegalRequest) -> agreeing.Agreed:
    return agreeing.Agreed(
        first_by=row.first_by,
        first_at=row.first_at,
        second_by=row.second_by,
        operators=row.operators,
        emergency=row.kind == LegalRequest.Kind.EMERGENCY,
    )


def exists(row: LegalRequest) -> bool:
    """Whether whom it is about is there still, hidden or not."""
    with looking_back():
        if row.whose == LegalRequest.Whose.PERSON:
            return User.objects.filter(pk=row.subject).exists()
        return row.subject in set(lookups.all_orgs())


def to_tell() -> list[UUID]:
    """Carried out, and nothing keeps those whom they are about from being told."""
    free = Q(gag=False) | Q(gag_until__lte=clock.now())
    rows = LegalRequest.objects.filter(free, state=State.CARRIED_OUT, notified_at=None)
    return list(rows.order_by("pk").values_list("pk", flat=True))


def to_look_at() -> QuerySet[LegalRequest]:
    """Requests for data of an organization that were agreed to. Who only keeps data looks at none."""
    rows = LegalRequest.objects.filter(whose=LegalRequest.Whose.ORG, state__in=(State.GRANTED, State.CARRIED_OUT))
    return rows.exclude(kind=LegalRequest.Kind.PRESERVATION)


def held_until_now() -> list[UUID]:
    """What was kept until a day that has come."""
    rows = LegalRequest.objects.filter(hold__isnull=False, hold_ended_at=None, until__lte=clock.now())
    return list(rows.order_by("pk").values_list("pk", flat=True))


def looked_at_only() -> list[LegalRequest]:
    """An organization was opened for them, they were refused or never carried out, and nothing keeps it silent any more."""
    free = Q(gag=False) | Q(gag_until__lte=clock.now())
    rows = LegalRequest.objects.filter(free, state__in=(State.GRANTED, State.REFUSED), notified_at=None)
    return list(rows.filter(pk__in=LegalStep.objects.filter(what=OPENED).values("request")))


def to_review() -> list[LegalRequest]:
    """Gags without an end that nobody has looked at for ninety days."""
    rows = LegalRequest.objects.filter(gag=True, gag_until=None, notified_at=None).exclude(state=State.REFUSED)
    return [row for row in rows if _is_to_review(row)]


def _is_to_review(row: LegalRequest) -> bool:
    looked_at = row.gag_looked_at or row.received_at
    return agreeing.to_review(gag=row.gag, until=row.gag_until, looked_at=looked_at, now=clock.now())


def untold() -> int:
    """Of whom it was about nobody was told within a day of the end of a gag, or of carrying it out: has to be 0."""
    before = clock.now() - agreeing.TELL_WITHIN
    free = Q(gag=False, carried_out_at__lt=before) | Q(gag=True, gag_until__lt=before, carried_out_at__lt=before)
    return LegalRequest.objects.filter(free, state=State.CARRIED_OUT, notified_at=None).count()


def alone() -> int:
    """Given without two people, or what stands for the second: has to be 0."""
    given = listed().filter(manifest__isnull=False, carried_out_at__isnull=False)
    return sum(agreed(row).alone(row.carried_out_at or clock.now(), clock.now()) for row in given)


def unseen() -> list[LegalRequest]:
    """Emergencies that were carried out, and that nobody has looked at but who decided."""
    return list(listed().filter(kind=LegalRequest.Kind.EMERGENCY, state=State.CARRIED_OUT, second_by=None))


def gone() -> list[UUID]:
    """Requests whose words are kept, and of whom nothing is there any more, hidden or not."""
    of = dict(LegalRequest.objects.exclude(sealed="").values_list("pk", "subject"))
    with looking_back():
        there = set(User.objects.filter(pk__in=of.values()).values_list("pk", flat=True)) | set(lookups.all_orgs())
    return [key for key, subject in of.items() if subject not in there]


def counts() -> Iterator[Count]:
    """For everybody: a line for each year since the installation began, always of ranges. None comes with a request, or changes by it."""
    last = clock.now().year
    first = min(_began().year, last)
    found: defaultdict[int, list[UUID]] = defaultdict(list)
    for received_at, subject in LegalRequest.objects.values_list("received_at", "subject"):
        found[min(max(received_at.year, first), last)].append(subject)
    for year in range(last, first - 1, -1):
        of = found[year]
        yield Count(year=year, number=rounded(len(of)), subjects=rounded(len(set(of))))


def _began() -> datetime:
    """When the first table of this installation was made."""
    began: datetime | None = MigrationRecorder(connection).migration_qs.aggregate(began=Min("applied"))["began"]
    return began or clock.now()


def rounded(number: int) -> str:
    """A range of a hundred: 0 to 99, 100 to 199. Whether there was one at all is not to be read from it."""
    low = number // 100 * 100
    return f"{low} to {low + 99}"
