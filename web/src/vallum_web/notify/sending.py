"""One try of one message: through the guard, and no further. What comes back is read a little and made safe to look at."""

from dataclasses import dataclass
from time import monotonic
from typing import Final
from uuid import UUID

from vallum_guard import http
from vallum_guard.errors import GuardError
from vallum_web.notify import signing
from vallum_web.notify.address import PURPOSE
from vallum_web.tenancy import clock, egress

AGENT: Final = "Vallum-Webhooks/1"
LIMITS: Final = http.Limits(seconds=10)
SHOWN: Final = 500
"""Bytes of an answer that are kept."""
GONE: Final = 410


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """What is sent where. Opened for one try, and kept nowhere."""

    org: UUID
    webhook: UUID
    message: str
    url: str
    keys: tuple[str, ...]
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """`problem` is empty where the message was taken."""

    status: int | None
    milliseconds: int
    answer: str
    problem: str


def send(parcel: Parcel) -> Outcome:
    """Waits for the answer for ten seconds at most; outside of any transaction."""
    began = monotonic()
    headers = {
        "content-type": "application/json",
        "user-agent": AGENT,
        **signing.headers(parcel.message, int(clock.now().timestamp()), parcel.body, parcel.keys),
    }
    request = http.Request(url=parcel.url, purpose=PURPOSE, method="POST", headers=headers, body=parcel.body)
    status, answer, problem = None, b"", ""
    try:
        with http.stream(request, route=egress.route(parcel.org, parcel.webhook), limits=LIMITS) as reply:
            status = reply.status
            for chunk in reply.chunks:
                answer += chunk
                if len(answer) >= SHOWN:
                    break
        problem = _problem(status)
    except GuardError as error:
        # Where it was taken, an answer that breaks off changes nothing.
        problem = _problem(status) if status else str(error)
    taken = int((monotonic() - began) * 1000)
    text = answer[:SHOWN].decode("utf-8", "replace")
    return Outcome(status=status, milliseconds=taken, answer=_safe(text, parcel), problem=_safe(problem, parcel))


def _problem(status: int) -> str:
    if 200 <= status < 300:
        return ""
    if 300 <= status < 400:
        return f"It answered {status} and points elsewhere: give the webhook the last address, none is followed."
    return f"It answered {status}; 200 to 299 is taken as delivered."


def _safe(text: str, parcel: Parcel) -> str:
    """Without what is secret, should the other end say it back, and without what a reader would not see."""
    for secret in sorted({parcel.url, parcel.url.partition("://")[2], *parcel.keys}, key=len, reverse=True):
        text = text.replace(secret, "•••")
    return "".join(
        letter if letter.isprintable() or letter in "\n\t" else "\N{REPLACEMENT CHARACTER}" for letter in text
    )
