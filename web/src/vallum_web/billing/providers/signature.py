"""Whether a webhook is a provider's own. Pure, and with one way to say no.

Stripe: `Stripe-Signature: t=…,v1=…`, HMAC-SHA256 of `t.body` (docs.stripe.com/webhooks). Razorpay: `X-Razorpay-Signature`,
HMAC-SHA256 of the body (razorpay.com/docs/webhooks/validate-test). There is neither a time in it nor, signed, the event's id: that
stands in a header alone, which whoever has seen one notice could write anew each time. So the body's digest is the id there.
"""

import hmac
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

TOLERANCE = 300
"""Seconds between a signature's time and ours, to both sides."""
LARGEST = 256 << 10
_ID = re.compile(r"[A-Za-z0-9_.:-]{1,100}")
_TYPE = re.compile(r"[a-z0-9_.]{1,80}")
_HEX = re.compile(r"[0-9a-f]{64}")


class NotGenuineError(ValueError):
    """Not signed, signed with another secret, too old, changed on its way, or not what a provider sends."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What is kept of a webhook."""

    event_id: str
    type: str
    object_id: str
    sha256: bytes
    live: bool | None
    """None: the provider does not say."""


def stripe(body: bytes, headers: Mapping[str, str], secrets: Sequence[str], now: datetime) -> Notice:
    """Raises NotGenuineError."""
    at, given = _stripe_header(headers.get("Stripe-Signature", ""))
    if abs(now.timestamp() - int(at)) > TOLERANCE:
        raise NotGenuineError("Its time is not ours.")
    _demand(f"{at}.".encode() + body, given, secrets)
    said = _said(body)
    thing = _part(said, "data", "object")
    return _notice(said.get("id"), said.get("type"), thing.get("id", ""), body, live=said.get("livemode") is True)


def razorpay(body: bytes, headers: Mapping[str, str], secrets: Sequence[str], now: datetime) -> Notice:  # noqa: ARG001 - as `stripe`: one shape for both
    """Raises NotGenuineError."""
    _demand(body, [headers.get("X-Razorpay-Signature", "")], secrets)
    said = _said(body)
    payload = said.get("payload")
    if not isinstance(payload, dict):
        raise NotGenuineError("It has no payload.")
    return _notice(sha256(body).hexdigest(), said.get("event"), _about(payload), body, live=None)


_RAZORPAY_PARTS = ("subscription", "invoice", "refund", "dispute", "payment")


def _about(payload: Mapping[str, Any]) -> str:
    """What leads to the organization soonest: a subscription, else an invoice, else what was paid or given back."""
    for name in _RAZORPAY_PARTS:
        found = _part(payload, name, "entity").get("id")
        if found:
            return str(found)
    return ""


def _stripe_header(text: str) -> tuple[str, list[str]]:
    """The time as it is written, which is what was signed: another way to write it is another time."""
    parts = [piece.partition("=") for piece in text.split(",")] if len(text) < 2000 else []
    times = [value for name, _, value in parts if name == "t"]
    whole = all(equals for _, equals, _ in parts)
    if not whole or len(times) != 1 or not re.fullmatch(r"[0-9]{1,12}", times[0]):
        raise NotGenuineError("It is not signed.")
    return times[0], [value for name, _, value in parts if name == "v1"]


def _demand(signed: bytes, given: Sequence[str], secrets: Sequence[str]) -> None:
    usable = [secret.encode() for secret in secrets if secret]
    wanted = [hmac.new(secret, signed, sha256).hexdigest() for secret in usable]
    # Compared as text of one shape: what is not hexadecimal is no signature, and compares with nothing.
    shaped = [value for value in given if _HEX.fullmatch(value)]
    if not any(hmac.compare_digest(one, other) for one in wanted for other in shaped):
        raise NotGenuineError("It is not signed by whom it says.")


def _said(body: bytes) -> dict[str, Any]:
    try:
        said = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise NotGenuineError("It is no JSON.") from error
    if not isinstance(said, dict):
        raise NotGenuineError("It is no object.")
    return said


def _part(said: Mapping[str, Any], *names: str) -> Mapping[str, Any]:
    for name in names:
        found = said.get(name)
        if not isinstance(found, dict):
            return {}
        said = found
    return said


def _notice(event: object, kind: object, thing: object, body: bytes, *, live: bool | None) -> Notice:
    shaped = isinstance(event, str) and isinstance(kind, str) and isinstance(thing, str)
    if not shaped or not _ID.fullmatch(str(event)) or not _TYPE.fullmatch(str(kind)):
        raise NotGenuineError("It names no event.")
    if thing and not _ID.fullmatch(str(thing)):
        raise NotGenuineError("It names what cannot be an id.")
    return Notice(event_id=str(event), type=str(kind), object_id=str(thing), sha256=sha256(body).digest(), live=live)
