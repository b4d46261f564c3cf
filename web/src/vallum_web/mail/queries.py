"""Every read of the outbox. Opened contents are for the machine's own operator and for whoever develops on it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from uuid import UUID

from django.db import connection

from vallum_web.mail import kinds, sealing
from vallum_web.mail.models import Choice, Habits, Message, Suppression
from vallum_web.mail.recipients import digest
from vallum_web.tenancy.scope import outbox, person


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A mail as its recipient reads it."""

    id: UUID
    kind: str
    to: str
    subject: str
    text: str
    button: str
    state: str
    written_at: datetime
    person: UUID | None
    org: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """What a person wants of mails: every kind that can be switched off, and when they sleep."""

    wanted: Mapping[str, bool]
    zone: str
    quiet_from: time | None
    quiet_until: time | None


def chosen(who: UUID) -> Chosen:
    with person(who):
        said = {row.kind: row.wanted for row in Choice.objects.filter(person=who)}
        habits = Habits.objects.filter(person=who).first() or Habits(person=who)
    wanted = {kind.id: said.get(kind.id, kind.wanted) for kind in kinds.optional()}
    return Chosen(wanted=wanted, zone=habits.zone, quiet_from=habits.quiet_from, quiet_until=habits.quiet_until)


def suppressed(address: str) -> str:
    """Why nothing is sent to this address (`bounced`, `complained`); empty where it is."""
    with connection.cursor() as cursor:
        cursor.execute("select lookup_suppressed(%s)", [digest(address)])
        return str(cursor.fetchone()[0] or "")


def handed_over(message: UUID | None) -> bool:
    """Whether the mail left for its reader, and did not come back."""
    if message is None:
        return False
    with outbox():
        return Message.objects.filter(pk=message, state__in=(Message.State.SENT, Message.State.DELIVERED)).exists()


def bounced_among(addresses: Collection[str]) -> set[str]:
    """Those of these addresses to which nothing is sent, for mails come back from there."""
    keys = {digest(address): address for address in addresses}
    with outbox():
        gone = Suppression.objects.filter(why=Suppression.Why.BOUNCED, recipient__in=list(keys))
        return {keys[bytes(key)] for key in gone.values_list("recipient", flat=True)}


def came_back(since: datetime) -> Sequence[tuple[UUID, bytes, datetime]]:
    """People to whom no mail is sent any more, with the digest of the address that is gone, and since when."""
    with outbox():
        gone = Suppression.objects.filter(why=Suppression.Why.BOUNCED, at__gte=since)
        at = {bytes(row.recipient): row.at for row in gone}
        mails = Message.objects.filter(recipient__in=list(at), person__isnull=False).order_by()
        pairs = mails.values_list("person", "recipient").distinct()
        return sorted((who, bytes(whom), at[bytes(whom)]) for who, whom in pairs if who)


def newest(limit: int = 50, *, to: str = "") -> Sequence[Opened]:
    """The last mails whose text is still there, the newest first."""
    with outbox():
        rows = Message.objects.exclude(sealed="")
        if to:
            rows = rows.filter(recipient=digest(to))
        found = [_opened(row) for row in rows.order_by("-written_at", "-id")[:limit]]
    return [mail for mail in found if mail]


def _opened(row: Message) -> Opened | None:
    content = sealing.opened(row.pk, row.written_at, row.sealed)
    if content is None:
        return None
    return Opened(
        id=row.pk,
        kind=row.kind,
        to=content.to,
        subject=content.letter.subject,
        text=content.letter.text,
        button=content.letter.button,
        state=row.state,
        written_at=row.written_at,
        person=row.person,
        org=row.org,
    )
