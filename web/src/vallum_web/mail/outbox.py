"""Taking mails out of the outbox, one lease at a time, and writing down what became of them.

Each step is a transaction that ends before anything is sent. Whoever dies in between leaves a lease that runs out: another
takes the mail up under the same key, so that the provider knows it again.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import connection
from django.db.models import Case, Q, Value, When

from vallum_web.mail import gathering, hours, kinds, sealing
from vallum_web.mail.kinds import Kind
from vallum_web.mail.letters import Letter
from vallum_web.mail.models import Choice, Habits, Message, Suppression
from vallum_web.mail.outcomes import Later, Next, Outcome, Refused, Taken, after_doubt, pause
from vallum_web.tenancy import clock
from vallum_web.tenancy.scope import outbox

State = Message.State
Ending = tuple[Message.State, str]
# Of advisory locks: one process looks at a time, so that no limit is overstepped by two who count at once.
_LOCK: Final = 0x6D61696C


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """How mails are taken and repeated."""

    transport: str
    window: timedelta
    """How long the other side knows a mail by its key; nothing where it knows no keys."""
    lease: timedelta = timedelta(seconds=90)
    first_pause: timedelta = timedelta(seconds=5)
    most: int = 10
    """Mails of one lease."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """A mail that is ours until the lease ends."""

    id: UUID
    kind: Kind
    to: str
    letter: Letter
    attempts: int
    doubt_before: datetime | None
    """Of the attempts before this one."""
    person: UUID | None
    org: UUID | None


def claim(terms: Terms) -> list[Claimed]:
    """The mails that are due, and ours for the time of a lease. What is not to be sent any more is written down as such."""
    with outbox():
        with connection.cursor() as cursor:
            cursor.execute("select pg_advisory_xact_lock(%s)", [_LOCK])
        gathering.gather(clock.now())
        now = clock.now()
        while rows := _ready(terms, now):
            if claimed := _taken(rows, terms, now):
                return claimed
    return []


def _ready(terms: Terms, now: datetime) -> list[Message]:
    """What one person waits for goes first, then what everybody has to be told, then what can be switched off.

    So nobody waits for a new password behind a thousand alerts, or behind a letter to fifty thousand people.
    """
    is_ready = Q(state=State.QUEUED, due_at__lte=now) | Q(state=State.SENDING, lease_until__lte=now)
    optional = [kind.id for kind in kinds.optional()]
    rows = Message.objects.select_for_update(skip_locked=True).filter(is_ready, held=False)
    rank = Case(
        When(kind__in=optional, then=Value(2)), When(kind__in=kinds.confirmed(), then=Value(1)), default=Value(0)
    )
    return list(rows.order_by(rank, "due_at")[: terms.most])


def _taken(rows: Sequence[Message], terms: Terms, now: datetime) -> list[Claimed]:
    around = _Around(rows, now)
    claimed = [mail for row in rows if (mail := _judged(row, terms, around, now)) is not None]
    fields = ["state", "why", "due_at", "lease_until", "attempts", "doubt_since", "held", "transport", "ended_at"]
    Message.objects.bulk_update(rows, fields)
    return claimed


class _Around:
    """What has to be known about the recipients of one lease, asked once for all."""

    def __init__(self, rows: Sequence[Message], now: datetime) -> None:
        people = {row.person for row in rows if row.person}
        whom = {bytes(row.recipient) for row in rows}
        self.choices = {(row.person, row.kind): row.wanted for row in Choice.objects.filter(person__in=people)}
        self.habits = {row.person: row for row in Habits.objects.filter(person__in=people)}
        self.suppressed = {bytes(row.recipient): row.why for row in Suppression.objects.filter(recipient__in=whom)}
        optional = [kind.id for kind in kinds.optional()]
        self.lately = {bytes(key): (count, first) for key, count, first in gathering.lately(whom, optional, now)}

    def wants(self, row: Message, kind: Kind) -> bool:
        return kind.essential or (row.person is not None and self.choices.get((row.person, kind.id), kind.wanted))

    def not_for(self, row: Message, kind: Kind) -> Ending | None:
        """Mails that come back are not sent at all; whoever calls them spam gets what has to be said."""
        if not self.wants(row, kind):
            return State.DROPPED, "not wanted"
        why = self.suppressed.get(bytes(row.recipient))
        is_barred = why == Suppression.Why.BOUNCED or (why == Suppression.Why.COMPLAINED and not kind.essential)
        return (State.DROPPED, "the address is suppressed") if is_barred else None

    def awake_at(self, row: Message, kind: Kind, now: datetime) -> datetime:
        habits = self.habits.get(row.person) if row.person else None
        if kind.essential or row.urgent or habits is None:
            return now
        return hours.free_at(now, habits.zone, habits.quiet_from, habits.quiet_until)

    def room_at(self, row: Message, kind: Kind, now: datetime) -> datetime:
        """When the recipient may get one more, and count it if that is now."""
        if kind.essential or (row.dedupe.startswith(gathering.PREFIX)):
            return now
        count, first = self.lately.get(bytes(row.recipient), (0, now))
        if count >= gathering.MOST_AN_HOUR:
            return first + gathering.HOUR
        self.lately[bytes(row.recipient)] = (count + 1, first)
        return now


def _judged(row: Message, terms: Terms, around: _Around, now: datetime) -> Claimed | None:
    """Decide about one mail; the row says what was decided."""
    kind = kinds.all_kinds().get(row.kind)
    if kind is None:
        _end(row, (State.DROPPED, "there is no such kind any more"), now)
        return None
    content = sealing.opened(row.id, row.written_at, row.sealed)
    ending = _over(row, kind, terms, now)
    if ending is None and not row.doubt_since:
        ending = around.not_for(row, kind)
    if ending is not None or content is None:
        _end(row, ending or (State.DROPPED, "its text is gone"), now)
        return None
    if not row.doubt_since and _waits(row, kind, around, now):
        return None
    before = row.doubt_since
    row.state, row.lease_until, row.transport = State.SENDING, now + terms.lease, terms.transport
    row.attempts, row.doubt_since, row.why = row.attempts + 1, before or now, ""
    return Claimed(
        id=row.id,
        kind=kind,
        to=content.to,
        letter=content.letter,
        attempts=row.attempts,
        doubt_before=before,
        person=row.person,
        org=row.org,
    )


def _end(row: Message, ending: Ending, now: datetime) -> None:
    row.state, row.why = ending
    row.ended_at, row.lease_until = now, None


def _over(row: Message, kind: Kind, terms: Terms, now: datetime) -> Ending | None:
    """Of a mail whose time is over: nobody knows, where it may have been taken; else it was not sent."""
    if row.doubt_since and after_doubt(now, row.doubt_since, terms.window, may_repeat=kind.again) is Next.GIVE_UP:
        return State.UNKNOWN, row.why or "no answer"
    if row.not_after <= now:
        return State.UNKNOWN if row.doubt_since else State.DROPPED, "too late"
    return None


def _waits(row: Message, kind: Kind, around: _Around, now: datetime) -> bool:
    """Whether it is not this mail's time; the row says when it will be."""
    if (awake := around.awake_at(row, kind, now)) > now:
        row.due_at = awake
        return True
    if (room := around.room_at(row, kind, now)) > now:
        row.held, row.due_at = True, room
        return True
    return False


def settle(mail: Claimed, outcome: Outcome, terms: Terms) -> None:
    """Write down what became of it, unless somebody else has taken it up since, or the provider was faster."""
    now = clock.now()
    with outbox():
        mine = Message.objects.filter(pk=mail.id, attempts=mail.attempts, state=State.SENDING)
        match outcome:
            case Taken(id=key):
                if not mine.update(
                    state=State.SENT, provider_id=key[:80], lease_until=None, ended_at=now, doubt_since=None
                ):
                    Message.objects.filter(pk=mail.id, provider_id="").update(provider_id=key[:80])
            case Refused(why=why):
                mine.update(state=State.DROPPED, why=why[:80], lease_until=None, ended_at=now, doubt_since=None)
            case Later(why=why, doubtful=doubtful, after=after):
                wait = after or pause(mail.attempts, first=terms.first_pause, chance=random.random())  # noqa: S311 - spreads, hides nothing
                values = {"state": State.QUEUED, "why": why[:80], "lease_until": None, "due_at": now + wait}
                mine.update(**values, **({} if doubtful else {"doubt_since": mail.doubt_before}))


def give_back(mail: Claimed) -> None:
    """It was not handed over this time: another may at once."""
    with outbox():
        mine = Message.objects.filter(pk=mail.id, attempts=mail.attempts, state=State.SENDING)
        mine.update(state=State.QUEUED, lease_until=None, doubt_since=mail.doubt_before)
