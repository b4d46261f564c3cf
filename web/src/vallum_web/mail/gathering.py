"""No more than twenty mails an hour to one address: what is one too many waits, and goes together in one."""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db.models import Count, Min, Q, Value
from django.db.models.functions import Coalesce

from vallum_web.mail import kinds, sealing
from vallum_web.mail.letters import letter
from vallum_web.mail.models import Message
from vallum_web.tenancy.keys import uuid7

State = Message.State
MOST_AN_HOUR: Final = 20
HOUR: Final = timedelta(hours=1)
MOST_LINES: Final = 50
PREFIX: Final = "gathered:"
_MOST: Final = 1000


def lately(whom: Collection[bytes], optional: Collection[str], now: datetime) -> Iterable[tuple[bytes, int, datetime]]:
    """How many mails that can be switched off went to each of these in the last hour, and when the first of them did."""
    underway = Q(state=State.SENDING) | Q(state=State.QUEUED, doubt_since__isnull=False)
    went = underway | Q(state__in=(State.SENT, State.DELIVERED, State.BOUNCED, State.UNKNOWN), ended_at__gt=now - HOUR)
    rows = Message.objects.filter(went, recipient__in=whom, kind__in=optional)
    return (
        rows.values_list("recipient")
        .annotate(count=Count("id"), first=Min(Coalesce("ended_at", Value(now))))
        .order_by()
    )


def gather(now: datetime) -> None:
    """Write one mail in the place of those of a kind that were held back for a recipient. Inside `outbox`, one at a time."""
    held: dict[tuple[bytes, str], list[Message]] = defaultdict(list)
    for row in Message.objects.filter(held=True, state=State.QUEUED, due_at__lte=now).order_by("written_at")[:_MOST]:
        held[bytes(row.recipient), row.kind].append(row)
    for rows in held.values():
        if len(rows) == 1:
            Message.objects.filter(pk=rows[0].pk).update(held=False)
        else:
            _together(rows, now)


def _together(rows: Sequence[Message], now: datetime) -> None:
    said = [json.loads(text) for row in rows if (text := sealing.opened(row.id, row.written_at, row.sealed))]
    ids = [row.pk for row in rows]
    if not said:
        Message.objects.filter(pk__in=ids).update(state=State.DROPPED, why="its text is gone", ended_at=now, held=False)
        return
    kept = said[:MOST_LINES]
    made = letter("gathered", count=len(rows), lines=[one["subject"] for one in kept], more=len(said) - len(kept))
    first = rows[0]
    key: UUID = uuid7()
    content = {"to": said[0]["to"], "subject": made.subject, "text": made.text, "button": ""}
    Message.objects.create(
        id=key,
        kind=first.kind,
        org=first.org if len({row.org for row in rows}) == 1 else None,
        person=first.person,
        recipient=first.recipient,
        sealed=sealing.close(key, now, json.dumps(content)),
        dedupe=f"{PREFIX}{key}",
        written_at=now,
        due_at=now,
        not_after=now + kinds.named(first.kind).good_for,
    )
    Message.objects.filter(pk__in=ids).update(
        state=State.DROPPED, why=f"in one mail with others: {key}", ended_at=now, held=False
    )
