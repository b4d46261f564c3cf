"""Resend, through Anymail, with what Anymail leaves out: the key under which a repeated mail is known again."""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import requests
from anymail.backends import resend
from anymail.exceptions import AnymailAPIError, AnymailError
from django.conf import settings
from django.core.mail import EmailMultiAlternatives

from vallum_guard.ledger import Departure
from vallum_web.mail.carriers import composed
from vallum_web.mail.events import TAG
from vallum_web.mail.outbox import Claimed
from vallum_web.mail.outcomes import Later, Outcome, Refused, Taken
from vallum_web.tenancy import outbound

HOME = "https://api.resend.com/"
SECONDS = 10
# Resend forgets a key after 24 hours.
WINDOW = timedelta(hours=23)
MISCONFIGURED = timedelta(minutes=15)
_WORD = re.compile(r"[a-z_]{1,40}")
_SETTINGS_WRONG = frozenset({401, 403})
_TOO_MANY = 429
_CONFLICT = 409
_FAILED = 500


class Payload(resend.ResendPayload):  # type: ignore[misc]  # Anymail ships no types
    def __init__(self, message: Any, defaults: Any, backend: Any) -> None:
        headers = {"Idempotency-Key": message.idempotency_key}
        super().__init__(message, defaults, backend, headers=headers)


class Backend(resend.EmailBackend):  # type: ignore[misc]  # as above
    """Sends through the guard: `door` is the one way out."""

    def __init__(self, door: "Door") -> None:
        self._door = door
        super().__init__(
            api_key=settings.RESEND_KEY,
            api_url=settings.RESEND_URL or HOME,
            timeout=SECONDS,
            ignore_recipient_status=True,
        )

    def create_session(self) -> requests.Session:
        return outbound.through(self._door)

    def build_message_payload(self, message: Any, defaults: Any) -> Payload:
        return Payload(message, defaults, self)


class Door(outbound.Guarded):
    """The guarded way out, which remembers whether anything left."""

    def __init__(self, org: UUID | None, subject: UUID) -> None:
        super().__init__(org, "mail rehearsal" if settings.RESEND_URL else "mail", subject=subject)
        self.sent = 0
        before = self._route.ledger

        def note(left: Departure) -> None:
            self.sent += left.sent_bytes
            before(left)

        self._route = replace(self._route, ledger=note)


class Resend:
    name = "resend"
    window = WINDOW

    def hand_over(self, mail: Claimed) -> Outcome:
        message = composed(mail)
        message.idempotency_key = str(mail.id)  # type: ignore[attr-defined]  # what our payload reads
        # Comes back in the provider's events; it leads nowhere but to our row.
        message.esp_extra = {"tags": [{"name": TAG, "value": str(mail.id)}]}  # type: ignore[attr-defined]  # Anymail's way
        door = Door(mail.org, mail.id)
        try:
            return _sent(Backend(door), message)
        except AnymailAPIError as error:
            return _told(error.response, left=door.sent > 0)
        except (AnymailError, ValueError) as error:
            return Refused(why=f"cannot be written: {type(error).__name__}")


def _sent(backend: Backend, message: EmailMultiAlternatives) -> Outcome:
    with backend:
        backend.send_messages([message])
    status = message.anymail_status  # type: ignore[attr-defined]  # Anymail's own
    return Taken(id=str(status.message_id or ""))


def _told(response: requests.Response | None, *, left: bool) -> Outcome:
    """What an error of the provider means. Nothing of its text is kept: it repeats addresses."""
    if response is None:
        return Later(why="no answer" if left else "the provider cannot be reached", doubtful=left)
    status, word = response.status_code, _name(response)
    if status == _CONFLICT:
        # Known with another content: an earlier attempt was taken, and a template has changed since.
        is_known = word == "invalid_idempotent_request"
        return Taken() if is_known else Later(why="an earlier attempt still runs there", doubtful=True)
    if status == _TOO_MANY:
        return Later(why="too many at once", doubtful=False, after=_after(response.headers))
    if status in _SETTINGS_WRONG or word == "invalid_from_address":
        return Later(
            why=f"the provider refuses our settings: {status} {word}".strip(), doubtful=False, after=MISCONFIGURED
        )
    if status >= _FAILED or status < 400:
        return Later(why=f"the provider failed: {status}", doubtful=True)
    return Refused(why=f"refused: {status} {word}".strip())


def _name(response: requests.Response) -> str:
    try:
        told = response.json()
    except ValueError:
        return ""
    word = told.get("name", "") if isinstance(told, dict) else ""
    return word if isinstance(word, str) and _WORD.fullmatch(word) else ""


def _after(headers: Mapping[str, str]) -> timedelta:
    asked = headers.get("Retry-After", "")
    return timedelta(seconds=min(int(asked), 3600) if asked.isascii() and asked.isdigit() else 1)
