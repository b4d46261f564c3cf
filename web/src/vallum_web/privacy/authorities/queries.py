"""Every read of requests of authorities."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Q, QuerySet

from vallum_web.accounts import queries as people
from vallum_web.accounts.models import User
from vallum_web.privacy.authorities import agreeing
from vallum_web.privacy.authorities.models import LegalRequest, LegalStep
from vallum_web.tenancy import clock, keyring, lookups
from vallum_web.tenancy.scope import looking_back

State = LegalRequest.State


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    at: datetime
    by: str
    what: str
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """One line of the public counts. `number` and `subjects` are words where a gag runs."""

    year: int
    kind: str
    outcome: str
    number: str
    subjects: str


def one(key: UUID) -> LegalRequest:
    """Raises LegalRequest.DoesNotExist."""
    return LegalRequest.objects.get(pk=key)


def listed() -> QuerySet[LegalRequest]:
    return LegalRequest.objects.order_by("-received_at", "-pk")


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
    """Given without two people, or the day that stands for the second: has to be 0."""
    given = LegalRequest.objects.filter(manifest__isnull=False)
    return sum(1 for row in given if agreed(row).missing(row.carried_out_at or clock.now()))


def counts() -> Iterator[Count]:
    """For everybody: by year, kind and outcome. In ranges while a gag runs, so that no line says that it is about somebody."""
    groups: dict[tuple[int, str, str], list[LegalRequest]] = {}
    for row in listed():
        outcome = "refused" if row.state == State.REFUSED else "granted" if row.carried_out_at else "being looked at"
        groups.setdefault((row.received_at.year, row.get_kind_display(), outcome), []).append(row)
    hushed = {row.received_at.year for row in listed().filter(gag=True, notified_at=None)}
    for (year, kind, outcome), rows in sorted(groups.items(), key=lambda each: (-each[0][0], each[0][1:])):
        if year in hushed:
            continue
        yield Count(
            year=year, kind=kind, outcome=outcome, number=str(len(rows)), subjects=str(len({r.subject for r in rows}))
        )
    for year in sorted(hushed, reverse=True):
        rows = [row for row in listed() if row.received_at.year == year]
        subjects = {row.subject for row in rows}
        yield Count(
            year=year, kind="all kinds", outcome="all", number=rounded(len(rows)), subjects=rounded(len(subjects))
        )


def rounded(number: int) -> str:
    """A range of a hundred: 0 to 99, 100 to 199. Whether there was one at all is not to be read from it."""
    low = number // 100 * 100
    return f"{low} to {low + 99}"
