"""What Resend refuses in a mail: https://resend.com/docs/api-reference/emails/send-email and …/errors."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parseaddr
from typing import Any, Final

from dev.fakes.doors import as_json
from dev.fakes.loopback import Answer

MOST_RECIPIENTS: Final = 50
MOST_IN_BATCH: Final = 100
LONGEST_TAG: Final = 256
LARGEST: Final = 40 << 20
"""Bytes of a mail after Base64."""
FARTHEST: Final = timedelta(days=30)
_TAG: Final = re.compile(r"[A-Za-z0-9_-]+")
_ADDRESS: Final = re.compile(r"[^@\s<>,;]+@[^@\s<>,;]+\.[^@\s<>,;]+")
_IN: Final = re.compile(r"in (\d+) (min|minute|minutes|hour|hours|day|days)")


class Refused(Exception):
    """With the status, Resend's name of the error, and a message in our words."""

    def __init__(self, status: int, name: str, message: str) -> None:
        super().__init__(message)
        self.status, self.name, self.message = status, name, message

    def answer(self, headers: Mapping[str, str] | None = None) -> Answer:
        return as_json({"statusCode": self.status, "name": self.name, "message": self.message}, self.status, headers)


def invalid(message: str) -> Refused:
    return Refused(422, "validation_error", message)


def address(text: object) -> str:
    """The bare address of `Name <a@b.c>` or `a@b.c`."""
    bare = parseaddr(text)[1] if isinstance(text, str) else ""
    if not isinstance(text, str) or "\n" in text or "\r" in text or not _ADDRESS.fullmatch(bare):
        raise invalid(f"{text!r} is no address: write a@b.c or Name <a@b.c>.")
    return bare


def several(mail: Mapping[str, Any], field: str) -> list[str]:
    value = mail.get(field) or []
    found = [value] if isinstance(value, str) else value
    if not isinstance(found, list):
        raise invalid(f"{field} is an address or a list of them.")
    for each in found:
        address(each)
    return found


def mail(given: object, *, domains: set[str] | None, now: float, batch: bool = False) -> dict[str, Any]:
    """A mail as it is kept, or the refusal."""
    if not isinstance(given, Mapping):
        raise invalid("A mail is a JSON object.")
    for field in ("from", "to", "subject"):
        if not given.get(field):
            raise Refused(422, "missing_required_field", f"The field {field} is missing.")
    if not given.get("html") and not given.get("text"):
        raise Refused(422, "missing_required_field", "One of html and text is needed.")
    _sender(given["from"], domains)
    kept: dict[str, Any] = {"from": given["from"], **{each: several(given, each) for each in _LISTS}}
    if len(kept["to"]) > MOST_RECIPIENTS:
        raise invalid(f"A mail goes to {MOST_RECIPIENTS} at most.")
    for field in ("subject", "html", "text"):
        if not isinstance(given.get(field, ""), str):
            raise invalid(f"{field} is text.")
        kept[field] = given.get(field)
    kept["headers"] = _headers(given.get("headers") or {})
    kept["tags"] = _tags(given.get("tags") or [])
    if batch and (given.get("attachments") or given.get("scheduled_at")):
        raise invalid("A mail of a batch has neither attachments nor a time.")
    kept["attachments"] = _attachments(given.get("attachments") or [])
    kept["scheduled_at"] = scheduled(given.get("scheduled_at"), now)
    return kept


_LISTS: Final = ("to", "cc", "bcc", "reply_to")


def _sender(sender: object, domains: set[str] | None) -> None:
    try:
        domain = address(sender).rpartition("@")[2].lower()
    except Refused as error:
        raise Refused(422, "invalid_from_address", error.message) from error
    if domains is not None and domain not in domains:
        raise Refused(403, "validation_error", f"The domain {domain} is not verified.")


def _headers(headers: object) -> dict[str, str]:
    if not isinstance(headers, Mapping) or any(not isinstance(value, str) for value in headers.values()):
        raise invalid("headers are names and texts.")
    if any("\n" in each or "\r" in each for pair in headers.items() for each in pair):
        raise invalid("A header is one line.")
    return dict(headers)


def _tags(tags: object) -> list[dict[str, str]]:
    if not isinstance(tags, list):
        raise invalid("tags is a list of names and values.")
    for tag in tags:
        for part in (tag.get("name"), tag.get("value")) if isinstance(tag, Mapping) else (None,):
            if not isinstance(part, str) or len(part) > LONGEST_TAG or not _TAG.fullmatch(part):
                raise invalid("Tags hold ASCII letters, digits, _ and -, 256 at most.")
    return tags


def _attachments(attachments: object) -> list[dict[str, Any]]:
    if not isinstance(attachments, list) or any(not isinstance(each, Mapping) for each in attachments):
        raise invalid("attachments is a list of objects.")
    for each in attachments:
        if not each.get("content") and not each.get("path"):
            raise Refused(422, "invalid_attachment", "An attachment has a content or a path.")
    if sum(len(str(each.get("content") or "")) for each in attachments) > LARGEST:
        raise invalid("A mail has 40 MB at most, its attachments in Base64 included.")
    return attachments


def scheduled(value: object, now: float) -> float | None:
    """Seconds since 1970. Of the spoken forms, `in 5 min` and its like are understood here, and no others."""
    if value is None:
        return None
    if not isinstance(value, str):
        raise invalid("scheduled_at is text.")
    start = datetime.fromtimestamp(now, UTC)
    if match := _IN.fullmatch(value):
        unit = {"m": "minutes", "h": "hours", "d": "days"}[match[2][0]]
        found = start + timedelta(**{unit: min(int(match[1]), 10**6)})
    else:
        try:
            found = datetime.fromisoformat(value)
        except ValueError as error:
            raise invalid("scheduled_at is a time of ISO 8601.") from error
        if found.tzinfo is None:
            raise invalid("scheduled_at needs its offset.")
    if found - start > FARTHEST:
        raise invalid("A mail waits 30 days at most.")
    return found.timestamp()
