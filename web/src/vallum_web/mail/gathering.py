"""No more than twenty mails an hour to one address: what is one too many waits, and goes together in one."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Count, Min, Q, Value
from django.db.models.functions import Coalesce

from vallum_web.mail import kinds, sealing, services
from vallum_web.mail.letters import letter
from vallum_web.mail.models import Message
from vallum_web.mail.recipients import Recipient

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
    for (_, kind), rows in held.items():
        # Of a kind that is gone no mail can be written: each of its mails ends by itself.
        if len(rows) == 1 or kind not in kinds.all_kinds():
            Message.objects.filter(pk__in=[row.pk for row in rows]).update(held=False)
        else:
            _together(rows, now)


def _together(rows: Sequence[Message], now: datetime) -> None:
    said = [content for row in rows if (content := sealing.opened(row.id, row.written_at, row.sealed))]
    ids = [row.pk for row in rows]
    if not said:
        Message.objects.filter(pk__in=ids).update(state=State.DROPPED, why="its text is gone", ended_at=now, held=False)
        return
    kept = said[:MOST_LINES]
    made = letter("gathered", count=len(rows), lines=[one.letter.subject for one in kept], more=len(said) - len(kept))
    first = rows[0]
    services.queue(
        kind=first.kind,
        to=Recipient(address=said[0].to, person=first.person),
        letter=made,
        org=first.org if len({row.org for row in rows}) == 1 else None,
        dedupe=f"{PREFIX}{first.pk}",
    )
    Message.objects.filter(pk__in=ids).update(
        state=State.DROPPED, why="in one mail with others", ended_at=now, held=False
    )
