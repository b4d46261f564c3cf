"""Every write: into the outbox with the change a mail tells of, and what people and operators decide about mails."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Q

from vallum_web.mail import kinds, notices, sealing
from vallum_web.mail.events import Event
from vallum_web.mail.letters import Letter, one_line
from vallum_web.mail.models import Choice, Habits, Message, Suppression, Told
from vallum_web.mail.recipients import Recipient, digest
from vallum_web.tenancy import clock, tombstones
from vallum_web.tenancy.keys import uuid7
from vallum_web.tenancy.scope import outbox, person

State = Message.State
CONTENT_KEPT_FOR = timedelta(days=7)
UNSENT_KEPT_FOR = timedelta(days=30)
PROOF_KEPT_FOR = timedelta(days=366)
TOLD_KEPT_FOR = timedelta(days=400)


class NotChoosableError(ValueError):
    """A kind that cannot be switched off; the message says so."""


def queue(
    *,
    kind: str,
    to: Recipient | str,
    letter: Letter,
    org: UUID | None = None,
    dedupe: str = "",
    urgent: bool = False,
) -> UUID:
    """Put a mail in the outbox, inside the caller's transaction: rolled back, there is none. Raises BrokenKindError.

    What may be switched off goes only to a `Recipient` with a person. Of two mails with the same `dedupe`, the first is
    sent. `urgent` is not held back for the night. The answer names the row, unless `dedupe` kept it out.
    """
    row = _written(kind, to if isinstance(to, Recipient) else Recipient(address=to), letter)
    row.org, row.dedupe, row.urgent = org, dedupe, urgent
    # Without naming what may conflict: whoever writes here need not see what is there.
    Message.objects.bulk_create([row], ignore_conflicts=bool(dedupe))
    return row.pk


def tell(*, kind: str, to: Recipient, letter: Letter, org: UUID | None = None, once: str = "") -> UUID:
    """By mail, and on the site, where a notice stands for whoever gets no mail. Of two with the same `once`, the first is."""
    key = queue(kind=kind, to=to, letter=letter, org=org, dedupe=once)
    if to.person:
        notices.post(to.person, kind, letter, org=org, about=once)
    return key


def queue_all(kind: str, letters: Iterable[tuple[Recipient, Letter]]) -> list[UUID]:
    """As `queue`, for many at once: the rows, in their order. Raises BrokenKindError."""
    rows = [_written(kind, to, letter) for to, letter in letters]
    Message.objects.bulk_create(rows, batch_size=1000)
    return [row.pk for row in rows]


def _written(kind: str, recipient: Recipient, letter: Letter) -> Message:
    found = kinds.named(kind)
    if not found.essential and recipient.person is None:
        raise kinds.BrokenKindError(
            f"{kind} can be switched off, so it needs to be known by whom: give a Recipient with a person."
        )
    key, now = uuid7(), clock.now()
    content = sealing.Content(to=recipient.address, letter=replace(letter, subject=one_line(letter.subject)))
    return Message(
        id=key,
        kind=kind,
        person=recipient.person,
        recipient=digest(recipient.address),
        sealed=sealing.close(key, now, content),
        written_at=now,
        due_at=now,
        not_after=now + found.good_for,
    )


def choose(who: UUID, wanted: Iterable[tuple[str, bool]]) -> None:
    """Set which kinds a person wants. Raises NotChoosableError."""
    chosen = list(wanted)
    free = {kind.id for kind in kinds.optional()}
    for kind, _ in chosen:
        if kind not in free:
            raise NotChoosableError(f"{kind!r} cannot be switched off; these can: {', '.join(sorted(free))}.")
    with person(who):
        for kind, want in chosen:
            _choose(who, kind, wanted=want)


def leave(who: UUID, kind: str) -> None:
    """The link at the end of a mail: nobody need be signed in. Twice is the same as once. Raises NotChoosableError."""
    if kind not in {each.id for each in kinds.optional()}:
        raise NotChoosableError(f"{kind!r} cannot be switched off.")
    with outbox():
        _choose(who, kind, wanted=False)


def _choose(who: UUID, kind: str, *, wanted: bool) -> None:
    values = {"wanted": wanted, "set_at": clock.now()}
    if not wanted:
        tombstones.record("unwanted", who, reason="mail", value=kind)
    if not Choice.objects.filter(person=who, kind=kind).update(**values):
        try:
            with transaction.atomic():
                Choice.objects.create(person=who, kind=kind, **values)
        except IntegrityError:  # somebody was faster: the last word counts
            Choice.objects.filter(person=who, kind=kind).update(**values)


def sleep(who: UUID, habits: Habits) -> None:
    """Set a person's time zone and quiet hours."""
    habits.person = who
    values = {"zone": habits.zone, "quiet_from": habits.quiet_from, "quiet_until": habits.quiet_until}
    with person(who):
        Habits.objects.update_or_create(person=who, defaults=values)


def suppress(recipient: bytes, why: str, message: UUID | None) -> None:
    """Inside `outbox`. A bounce outweighs a complaint: what comes back does not arrive at all."""
    weaker = Q() if why == Suppression.Why.BOUNCED else ~Q(why=Suppression.Why.BOUNCED)
    values = {"why": why, "at": clock.now(), "message": message}
    known = Suppression.objects.filter(recipient=recipient)
    if known.exists():
        known.filter(weaker).update(**values)
    else:
        Suppression.objects.create(recipient=recipient, **values)


def take_in(key: bytes, event: Event) -> bool:
    """Write down what the provider tells, once for each of its own numbers: whether it was new. Order does not matter."""
    now = clock.now()
    with outbox():
        told = Told(id=key, at=now, kind=event.kind)
        # As many tell the same at once as like to: one row is made, and whoever made it goes on.
        Told.objects.bulk_create([told], ignore_conflicts=True)
        if not Told.objects.filter(pk=key, at=now).exists():
            return False
        row = _told_of(event)
        if row is not None:
            _apply(row, event, now)
        return True


def _told_of(event: Event) -> Message | None:
    rows = Message.objects.select_for_update()
    found = rows.filter(pk=event.message).first() if event.message else None
    if found is None and event.provider_id:
        found = rows.filter(provider_id=event.provider_id).first()
    return found


# What each event brings a mail to, and from which states: a late word never takes back a later one.
_OPEN = frozenset({State.QUEUED, State.SENDING, State.UNKNOWN})
_BEFORE = {
    "email.sent": (State.SENT, _OPEN),
    "email.delivery_delayed": (State.SENT, _OPEN),
    "email.delivered": (State.DELIVERED, _OPEN | {State.SENT}),
    "email.complained": (State.DELIVERED, _OPEN | {State.SENT}),
    "email.bounced": (State.BOUNCED, _OPEN | {State.SENT, State.DELIVERED}),
    "email.failed": (State.BOUNCED, _OPEN | {State.SENT}),
    "email.suppressed": (State.BOUNCED, _OPEN | {State.SENT}),
}
_WHY = {"email.failed": "the provider could not send it", "email.suppressed": "the provider has the address suppressed"}


def _apply(row: Message, event: Event, now: datetime) -> None:
    state, before = _BEFORE.get(event.kind, (None, frozenset()))
    if event.provider_id and not row.provider_id:
        row.provider_id = event.provider_id
    if event.kind == "email.complained":
        row.complained_at = row.complained_at or now
        suppress(bytes(row.recipient), Suppression.Why.COMPLAINED, row.pk)
    if state is not None and row.state in before:
        row.state, row.ended_at, row.lease_until, row.doubt_since = state, now, None, None
        row.why = (
            _WHY.get(event.kind, "")
            if event.kind != "email.bounced"
            else f"came back {'for good' if event.for_good else 'for now'}"
        )
    if event.for_good or event.kind == "email.suppressed":
        suppress(bytes(row.recipient), Suppression.Why.BOUNCED, row.pk)
    row.save(update_fields=["state", "why", "ended_at", "lease_until", "doubt_since", "provider_id", "complained_at"])


def lift(address: str) -> bool:
    """Try the address again: its owner says that it works, or an operator does."""
    with outbox():
        return bool(Suppression.objects.filter(recipient=digest(address)).delete()[0])


def send_again(key: UUID) -> bool:
    """An operator's word on a mail of which nobody knows whether it arrived. It may arrive twice."""
    now = clock.now()
    with outbox():
        rows = Message.objects.filter(pk=key, state=State.UNKNOWN).exclude(sealed="")
        waits = {"state": State.QUEUED, "due_at": now, "not_after": now + timedelta(days=1), "doubt_since": None}
        return bool(rows.update(**waits, why="sent again by an operator", ended_at=None, held=False))


def review(key: UUID) -> bool:
    """An operator has looked at a complaint."""
    with outbox():
        rows = Message.objects.filter(pk=key, complained_at__isnull=False, reviewed_at=None)
        return bool(rows.update(reviewed_at=clock.now()))


def forget_person(who: UUID, address: str) -> None:
    """For whoever erases a person: nothing that waits is sent any more, and nothing of theirs can be read."""
    with outbox():
        mine = Message.objects.filter(Q(person=who) | Q(recipient=digest(address)))
        waiting = mine.filter(state__in=(State.QUEUED, State.SENDING, State.UNKNOWN))
        waiting.update(state=State.DROPPED, why="its recipient is gone", ended_at=clock.now())
        mine.update(sealed="", person=None)
        Choice.objects.filter(person=who).delete()
        Habits.objects.filter(person=who).delete()
        notices.forget_person(who)


def forget_org(org: UUID) -> int:
    """For whoever erases an organization: nothing of its matters waits to be sent, or can be read. How many mails."""
    with outbox():
        mine = Message.objects.filter(org=org)
        waiting = mine.filter(state__in=(State.QUEUED, State.SENDING, State.UNKNOWN))
        waiting.update(state=State.DROPPED, why="its organization is gone", ended_at=clock.now())
        notices.forget_org(org)
        return mine.update(sealed="", org=None)


def forget_ended(keys: Iterable[UUID]) -> bool:
    """Empty these mails, once none of them waits any more: whether that is so."""
    with outbox():
        mine = Message.objects.filter(pk__in=list(keys))
        if mine.filter(state__in=(State.QUEUED, State.SENDING, State.UNKNOWN)).exists():
            return False
        mine.update(sealed="")
        return True


def forsake(before: datetime) -> tuple[int, int]:
    """After a restore: what had not left by this time is not sent any more. How many may have left, and how many had not.

    What waited when the backup was taken went out since, for all that is known here: a second time, months later, it would lie.
    """
    with outbox():
        now = clock.now()
        old = Message.objects.filter(written_at__lte=before)
        ended = {"why": "a backup was restored", "ended_at": now, "lease_until": None}
        begun = old.filter(Q(state=State.SENDING) | Q(state=State.QUEUED, doubt_since__isnull=False))
        unknown = begun.update(state=State.UNKNOWN, **ended)
        return unknown, old.filter(state=State.QUEUED).update(state=State.DROPPED, **ended)


def prune() -> int:
    """Forget what mails said after a week, that they were sent after a year; and the key of two months ago."""
    now = clock.now()
    over = Q(ended_at__lt=now - CONTENT_KEPT_FOR) & ~Q(state=State.UNKNOWN)
    with outbox():
        old = Message.objects.filter(over | Q(written_at__lt=now - UNSENT_KEPT_FOR)).exclude(sealed="")
        old.filter(state__in=(State.QUEUED, State.SENDING)).update(state=State.DROPPED, why="too late", ended_at=now)
        gone = old.update(sealed="")
        gone += Message.objects.filter(written_at__lt=now - PROOF_KEPT_FOR).delete()[0]
        Told.objects.filter(at__lt=now - TOLD_KEPT_FOR).delete()
    # No backup's mails of that month can be read any more.
    sealing.forget(now)
    return gone
