"""May this export begin now? Whoever writes one asks, and says how much it is."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from vallum_web.accounts.abuse import cases, taking
from vallum_web.accounts.abuse.models import AbuseCase, Taken, Watching
from vallum_web.accounts.abuse.rules import Unusual
from vallum_web.accounts.abuse.told import made_owner_at, shortened_keeping
from vallum_web.tenancy import clock
from vallum_web.tenancy.models import Org
from vallum_web.tenancy.scope import scope

HELD_FOR = timedelta(hours=1)
ASKED_AGAIN = timedelta(minutes=5)
"""An export that is held asks so often, so that one that is let go does not wait for the end of the hour."""
TAKEN_KEPT_FOR = timedelta(days=90)


class StoppedError(Exception):
    """Somebody of the organization stopped it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """An export. `rows` None: a copy of everything. `via`: the token that asked; `by` is who made it."""

    org: UUID
    export: UUID
    by: UUID
    called: str
    rows: int | None
    via: UUID | None = None

    @property
    def who(self) -> UUID:
        """Whose habits it is held against."""
        return self.via or self.by


def wait(wanted: Wanted) -> datetime | None:
    """Until when it waits; None where it may begin. Raises StoppedError."""
    now = clock.now()
    with scope(wanted.org):
        if Taken.objects.of(wanted.org).filter(export=wanted.export).exists():
            return None
        known = AbuseCase.objects.of(wanted.org).filter(about=wanted.export).first()
        if known is not None:
            return _as_said(wanted, known, now)
        found = taking.judge(_facts(wanted, now))
        until = _hold(wanted, found, now) if found else None
        if until is None:
            _note(wanted, now)
        return until


def _as_said(wanted: Wanted, known: AbuseCase, now: datetime) -> datetime | None:
    if known.until is not None and known.verdict == AbuseCase.Verdict.ENDED:
        raise StoppedError("It was unusual, and somebody of the organization stopped it: Settings, Unusual activity.")
    if known.closed_at is None and known.until is not None and known.until > now:
        return known.until
    _note(wanted, now)
    return None


def _facts(wanted: Wanted, now: datetime) -> taking.Export:
    lately = now - taking.HOUR
    rows = list(
        Taken.objects.of(wanted.org).filter(at__gt=now - TAKEN_KEPT_FOR).values_list("who", "at", "rows").order_by("at")
    )
    before = taking.hours(row for row in rows if row[1] <= lately)
    this_hour = sum(n for who, at, n in rows if who == wanted.who and at > lately)
    made = made_owner_at(wanted.org, wanted.by, now - taking.NEW_FOR)
    return taking.Export(
        rows=None if wanted.rows is None else wanted.rows + this_hour,
        own=before.get(wanted.who, []),
        everybody=[n for own in before.values() for n in own],
        owner_for=now - made if made else None,
        shortened=shortened_keeping(wanted.org, wanted.by, now - taking.NEW_FOR),
    )


def _hold(wanted: Wanted, found: Unusual, now: datetime) -> datetime | None:
    """Owners are told in any case; where the organization does not want it, nothing waits."""
    org = wanted.org
    until = None if Watching.objects.of(org).filter(hold_exports=False).exists() else now + HELD_FOR
    case = cases.opened(
        org, found, cases.Subject(about=wanted.export, called=wanted.called, who=wanted.by, until=until)
    )
    if case is None:
        return None
    slug = Org.objects.values_list("slug", flat=True).get(pk=org)
    facts = {"slug": slug, "called": wanted.called, "words": found.words, "held": until is not None}
    cases.tell(org, cases.Telling(letter="unusual_export", facts=facts), besides=(wanted.by,))
    return until


def _note(wanted: Wanted, now: datetime) -> None:
    """A copy of everything is no measure for lists of findings."""
    if wanted.rows is None:
        return
    row = Taken(org_id=wanted.org, who=wanted.who, export=wanted.export, at=now, rows=wanted.rows)
    Taken.objects.bulk_create([row], ignore_conflicts=True)
