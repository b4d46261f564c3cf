"""Every write of the register: a request arrives, is confirmed, its asker identified, time is taken, it is answered, it goes."""

import json
import secrets
from dataclasses import asdict, dataclass
from datetime import timedelta
from hashlib import sha256
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.urls import reverse

from vallum_web.accounts import throttle
from vallum_web.accounts.models import User
from vallum_web.accounts.objections import queries as restrictions
from vallum_web.accounts.objections import services as objections
from vallum_web.mail import services as mails
from vallum_web.mail.letters import Letter, letter
from vallum_web.mail.recipients import Recipient
from vallum_web.privacy.requests import queries
from vallum_web.privacy.requests.due import due
from vallum_web.privacy.requests.models import Request, Step
from vallum_web.tenancy import clock, keyring
from vallum_web.tenancy.keys import uuid7

KEPT_FOR = timedelta(days=3 * 365)
UNCONFIRMED_FOR = timedelta(days=30)
BATCH = 1_000
ON_THEIR_WORD = frozenset({Request.Kind.OTHER, Request.Kind.CHILD})
"""What is answered without giving or changing anything about anybody."""


class NotNowError(ValueError):
    """What cannot be done with a request as it stands; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What somebody asks."""

    kind: str
    text: str
    name: str = ""
    email: str = ""
    for_whom: str = ""
    """Of an agent: whom they ask for."""
    mandate: str = ""
    """And what lets them: a power of attorney and its number, being a parent, a court's order."""


def ask(user: User, wanted: Wanted) -> Request:
    """A request from an account whose owner has just proved who they are."""
    with transaction.atomic():
        row, _ = _receive(wanted, user)
        row.state = Request.State.OPEN
        row.confirmed_at = clock.now()
        if not wanted.for_whom:
            row.identified_at = row.confirmed_at
        row.save(update_fields=["state", "confirmed_at", "identified_at"])
        if row.identified_at:
            note(row, Step.What.IDENTIFIED, "Asked from the account itself, after a proof of who it is.")
    return row


def take_in(wanted: Wanted) -> None:
    """A request of somebody without an account, or who is not signed in. They get a mail with the link of its page.

    The same happens whether the address has an account or not. A mailbox is sent so many of them and no more.
    """
    with transaction.atomic():
        _, key = _receive(wanted, None)
        if throttle.mail(wanted.email):
            link = f"{settings.PUBLIC_URL}{reverse('privacy_requests:status', args=[key])}"
            _mail(Recipient(address=wanted.email), letter("request_received", link=link))


def _receive(wanted: Wanted, user: User | None) -> tuple[Request, str]:
    key, now = secrets.token_urlsafe(24), clock.now()
    row = Request(
        id=uuid7(),
        kind=Request.Kind(wanted.kind),
        person=user.pk if user else None,
        by_agent=bool(wanted.for_whom),
        digest=digest(key),
        received_at=now,
        due_at=due(now),
    )
    row.sealed = keyring.seal_for(row.pk, queries.place(row), json.dumps(asdict(wanted)))
    row.save()
    note(row, Step.What.RECEIVED, "")
    return row, key


def digest(key: str) -> bytes:
    return sha256(key.encode("utf-8", "surrogatepass")).digest()


def note(row: Request, what: str, words: str, by: UUID | None = None) -> None:
    step = Step(id=uuid7(), request=row, what=what, at=clock.now(), by=by)
    if words:
        step.sealed = keyring.seal_for(row.pk, queries.place(step), words)
    step.save()


def confirm(key: str) -> None:
    """Whoever has the link reads the mail of the address. Twice is the same as once. Raises Request.DoesNotExist."""
    with transaction.atomic():
        row = Request.objects.select_for_update().get(digest=digest(key))
        if row.state != Request.State.UNCONFIRMED:
            return
        row.state, row.confirmed_at = Request.State.OPEN, clock.now()
        row.save(update_fields=["state", "confirmed_at"])
        note(row, Step.What.CONFIRMED, "")


def identify(key: UUID, by: UUID, how: str) -> None:
    """Settle that whoever asks is whom the data is about, or may ask for them. Raises NotNowError."""
    with transaction.atomic():
        row = _open(key)
        row.identified_at = row.identified_at or clock.now()
        row.save(update_fields=["identified_at"])
        note(row, Step.What.IDENTIFIED, how, by)


def extend(key: UUID, by: UUID, reason: str) -> None:
    """Take two months more, once, and say why within the first (Article 12, paragraph 3). Raises NotNowError."""
    with transaction.atomic():
        row = _open(key)
        if row.extended_at:
            raise NotNowError("More time was taken already, which may be done once.")
        if clock.now() > row.due_at:
            raise NotNowError("The month is over: more time is taken within it, or not at all.")
        row.extended_at, row.due_at = clock.now(), due(row.received_at, extended=True)
        row.save(update_fields=["extended_at", "due_at"])
        note(row, Step.What.EXTENDED, reason, by)
        _tell(row, letter("request_extended", day=f"{row.due_at:%Y-%m-%d}", reason=reason))


def answer(key: UUID, by: UUID, words: str) -> None:
    """Say what was done. Raises NotNowError: nobody is told of data, or has it changed, before it is settled who they are."""
    with transaction.atomic():
        row = _open(key)
        if row.identified_at is None and row.kind not in ON_THEIR_WORD:
            raise NotNowError("It is not settled yet who asks: settle that first, or refuse and say so.")
        if row.kind == Request.Kind.RESTRICTION and row.person:
            objections.restrict(row.person, f"request of {row.received_at:%Y-%m-%d}")
        _end(row, Request.State.DONE, Step.What.DONE, words, by)


def end_restriction(key: UUID, by: UUID, reason: str) -> None:
    """Tell the person that data on them is used again, and why, and do so (Article 18, paragraph 3). Raises NotNowError."""
    with transaction.atomic():
        row = Request.objects.select_for_update().filter(pk=key).first()
        if row is None or row.person is None or not restrictions.restricted(row.person):
            raise NotNowError("Nothing is restricted.")
        _tell(row, letter("restriction_ends", reason=reason))
        note(row, Step.What.UNRESTRICTED, reason, by)
        objections.unrestrict(row.person)


def refuse(key: UUID, by: UUID, reason: str) -> None:
    """Say why not; the mail says where to complain. Raises NotNowError."""
    with transaction.atomic():
        _end(_open(key), Request.State.REFUSED, Step.What.REFUSED, reason, by)


def _end(row: Request, state: str, what: str, words: str, by: UUID) -> None:
    row.state, row.ended_at = state, clock.now()
    row.save(update_fields=["state", "ended_at"])
    note(row, what, words, by)
    _tell(row, letter("request_refused" if state == Request.State.REFUSED else "request_answered", text=words))


def _open(key: UUID) -> Request:
    row = Request.objects.select_for_update().filter(pk=key).first()
    if row is None:
        raise NotNowError("There is no such request any more.")
    if row.state == Request.State.UNCONFIRMED:
        raise NotNowError("Its address is not confirmed yet.")
    if row.state != Request.State.OPEN:
        raise NotNowError("It is answered already.")
    return row


def _tell(row: Request, told: Letter) -> None:
    said = queries.wanted(row)
    user = User.objects.filter(pk=row.person).first() if row.person else None
    if user is not None:
        _mail(Recipient(address=user.email, person=user.pk), told)
    elif said and said["email"]:
        _mail(Recipient(address=said["email"]), told)


def _mail(to: Recipient, told: Letter) -> None:
    mails.queue(kind="privacy", to=to, letter=told)


def prune() -> int:
    """Forget requests that were answered three years ago, and those whose address was not confirmed within 30 days."""
    now, count = clock.now(), 0
    answered = Q(ended_at__lt=now - KEPT_FOR)
    unconfirmed = Q(state=Request.State.UNCONFIRMED, received_at__lt=now - UNCONFIRMED_FOR)
    while gone := list(Request.objects.filter(answered | unconfirmed).values_list("pk", flat=True)[:BATCH]):
        for key in gone:
            keyring.forget_subject(key)
        Request.objects.filter(pk__in=gone).delete()
        count += len(gone)
    return count
