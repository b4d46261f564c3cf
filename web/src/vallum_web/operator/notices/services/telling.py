"""Telling everybody, some hundreds at a time. Each batch is a transaction: killed, a run goes on behind the last whole one.

Each looks back: who is about to be deleted is hidden from everyday work, and has to be told as well.
"""

import time
from collections.abc import Collection, Sequence
from typing import Final
from uuid import UUID

from django.db import transaction

from vallum_web.accounts.models import User
from vallum_web.accounts.subscribers import services as subscribers
from vallum_web.mail import notices
from vallum_web.mail import queries as mails
from vallum_web.mail import services as outbox
from vallum_web.mail.recipients import Recipient
from vallum_web.operator.notices import queries, wording
from vallum_web.operator.notices.services.announcing import note
from vallum_web.tenancy import clock
from vallum_web.tenancy.announcing.days import first_day
from vallum_web.tenancy.announcing.models import Announcement, Told
from vallum_web.tenancy.scope import looking_back

BATCH: Final = 500
State = Announcement.State


def tell(key: UUID) -> None:
    """Everybody who has not been told; then settle from when on it holds."""
    owners = queries.owners(key)
    while _batch(key, owners):
        pass
    _settle(key)


def _batch(key: UUID, owners: Collection[UUID]) -> bool:
    began = time.monotonic()
    with looking_back():
        row = Announcement.objects.select_for_update().get(pk=key)
        waiting = queries.untold(row, owners).filter(**({"pk__gt": row.cursor} if row.cursor else {}))
        people = list(waiting.only("pk", "email")[:BATCH]) if row.state == State.TELLING else []
        if not people:
            return False
        if row.drill:
            _rehearse(row, people)
        else:
            _write(row, people)
        row.cursor, row.count = people[-1].pk, row.count + len(people)
        row.milliseconds += round(1000 * (time.monotonic() - began))
        row.save(update_fields=["cursor", "count", "milliseconds"])
    return True


def _write(row: Announcement, people: Sequence[User]) -> None:
    kind, said = wording.mail_kind(row), wording.worded(row)
    keys = outbox.queue_all(kind, [(Recipient(address=each.email, person=each.pk), said) for each in people])
    notices.post_all([each.pk for each in people], kind, said, about=row.about)
    now = clock.now()
    Told.objects.bulk_create(
        Told(announcement=row, person=each.pk, message=mail, at=now) for each, mail in zip(people, keys, strict=True)
    )


def _rehearse(row: Announcement, people: Sequence[User]) -> None:
    """Everything is written, and taken back before anybody could send it; kept is whom no mail would reach."""
    with transaction.atomic():
        _write(row, people)
        transaction.set_rollback(True)
    gone = mails.bounced_among([each.email for each in people])
    Told.objects.bulk_create(
        Told(announcement=row, person=each.pk, at=clock.now()) for each in people if each.email in gone
    )


def _settle(key: UUID) -> None:
    """Everybody was told. The day moves where that was later than thirty days before it, and the move is written down."""
    with looking_back():
        row = Announcement.objects.select_for_update().get(pk=key)
        if row.state != State.TELLING:
            return
        row.state, row.cursor = State.TOLD if row.day else State.DONE, None
        if row.told_at is None:
            row.told_at = clock.now()
            note(row, f"{row.count} people {'would have been' if row.drill else 'were'} told.")
            _tell_subscribers(row)
        _move(row)
        row.save(update_fields=["state", "told_at", "cursor", "day"])


def _tell_subscribers(row: Announcement) -> None:
    """Those without an account who asked: each gets the link by which they end it."""
    if row.kind != Announcement.Kind.PROCESSOR:
        return
    mails_to = [
        (Recipient(address=each.address), wording.worded(row, leave=each.leave)) for each in subscribers.confirmed()
    ]
    note(row, f"{len(outbox.queue_all(wording.mail_kind(row), mails_to))} subscribers were told.")


def _move(row: Announcement) -> None:
    last = queries.last_told(row)
    if row.day is None or row.reason or last is None or row.day >= first_day(last):
        return
    note(
        row, f"Moved from {row.day:%Y-%m-%d} to {first_day(last):%Y-%m-%d}: somebody was told on {last:%Y-%m-%d} only."
    )
    row.day = first_day(last)


def look_again(key: UUID) -> None:
    """Told, and its day is to come: whoever is here and was not told is told now, and the day waits for them."""
    with looking_back():
        row = Announcement.objects.select_for_update().get(pk=key)
        if row.state != State.TOLD or not queries.untold(row).exists():
            return
        row.state = State.TELLING
        row.save(update_fields=["state"])
    tell(key)
