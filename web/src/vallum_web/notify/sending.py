"""One try of one message: through the guard, and no further. What comes back is read a little and made safe to look at."""

from dataclasses import dataclass
from html import escape
from time import monotonic
from typing import Final
from urllib.parse import parse_qsl, unquote, urlsplit
from uuid import UUID

from django.conf import settings

from vallum_guard import http, oneway
from vallum_guard.errors import GuardError
from vallum_web.notify import address, siem, signing
from vallum_web.notify.models import Webhook
from vallum_web.tenancy import clock, egress

AGENT: Final = "Vallum-Webhooks/1"
LIMITS: Final = http.Limits(seconds=10)
SHOWN: Final = 500
"""Bytes of an answer that are kept."""
READ: Final = 4096
"""Bytes of an answer that are read: more than is kept, so that nothing secret is cut before it is looked for."""
SHORTEST: Final = 4
"""Letters of what is looked for: a single slash hides nothing."""
GONE: Final = 410


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """What is sent where. Opened for one try, and kept nowhere."""

    org: UUID
    webhook: UUID
    message: str
    host: str
    url: str
    shape: str
    """Also the purpose for which it leaves."""
    keys: tuple[str, ...]
    """What signs, of a collector what stands in `Authorization`; none: neither."""
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
    if parcel.shape == Webhook.Shape.SYSLOG:
        return _logged(parcel, began)
    request = _request(parcel)
    status, answer, problem = None, b"", ""
    try:
        with http.stream(request, route=egress.route(parcel.org, parcel.webhook), limits=LIMITS) as reply:
            status = reply.status
            for chunk in reply.chunks:
                answer += chunk
                if len(answer) >= READ:
                    break
        problem = _problem(status)
    except GuardError as error:
        # Where it was taken, an answer that breaks off changes nothing.
        problem = _problem(status) if status else str(error)
    taken = int((monotonic() - began) * 1000)
    text = _safe(answer[:READ].decode("utf-8", "replace"), parcel)[:SHOWN]
    return Outcome(status=status, milliseconds=taken, answer=text, problem=_safe(problem, parcel))


def _request(parcel: Parcel) -> http.Request:
    body, headers = parcel.body, {"content-type": "application/json", "user-agent": AGENT}
    if parcel.shape == Webhook.Shape.SIEM:
        body, headers["content-type"] = siem.lines(body.decode()), "application/x-ndjson"
        if parcel.keys:
            headers["authorization"] = parcel.keys[0]
    elif parcel.keys:
        headers |= signing.headers(parcel.message, int(clock.now().timestamp()), body, parcel.keys)
    return http.Request(url=parcel.url, purpose=parcel.shape, method="POST", headers=headers, body=body)


def _logged(parcel: Parcel, began: float) -> Outcome:
    """Syslog answers nothing: taken is what the other end read to its end, or did not refuse."""
    here = urlsplit(settings.PUBLIC_URL).hostname or ""
    answer, problem = "", ""
    try:
        target = address.place(parcel.url, parcel.shape)
        data = siem.frames(parcel.body.decode(), here)
        route = egress.route(parcel.org, parcel.webhook)
        has_parted = oneway.deliver(data, target, purpose=parcel.shape, route=route, seconds=LIMITS.seconds)
        answer = "It read all, and parted." if has_parted else "It took all, and did not say that it read it."
    except GuardError as error:
        problem = str(error)
    return Outcome(status=None, milliseconds=int((monotonic() - began) * 1000), answer=answer, problem=problem)


def _problem(status: int) -> str:
    if 200 <= status < 300:
        return ""
    if 300 <= status < 400:
        return f"It answered {status} and points elsewhere: give the webhook the last address, none is followed."
    return f"It answered {status}; 200 to 299 is taken as delivered."


def _secrets(parcel: Parcel) -> set[str]:
    """As the other end may say them back: `Cannot POST /services/T0/…` names no host, and JSON may mark each slash."""
    parts = urlsplit(parcel.url)
    target = f"{parts.path}?{parts.query}" if parts.query else parts.path
    values = [value for _, value in parse_qsl(parts.query)]
    # Of an Authorization the token alone, too.
    keys = [word for key in parcel.keys for word in (key, *key.split())]
    said = [parcel.url, f"{parts.netloc}{target}", target, parts.path, parts.query, *values, *keys]
    written = (form for one in said for form in (one, unquote(one), one.replace("/", "\\/"), escape(one)))
    return {form for form in written if len(form) >= SHORTEST}


def _safe(text: str, parcel: Parcel) -> str:
    """Without what is secret, should the other end say it back, and without what a reader would not see."""
    for secret in sorted(_secrets(parcel), key=len, reverse=True):
        text = text.replace(secret, "•••")
    return "".join(
        letter if letter.isprintable() or letter in "\n\t" else "\N{REPLACEMENT CHARACTER}" for letter in text
    )
