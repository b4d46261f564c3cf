"""The platform's gates, asked over its API: until the scan in question is in the record, or the patience is over.

POST <platform>/api/v1/gates/evaluations {"asset": "<name>", "gate": "<name>", "scan": "<id>"}
202  the scan waits or runs: ask again
200  {"scan": …, "evaluations": [{"gate": …, "verdict": …, "reasons": […], …}]}
"""

import json
import time
from collections.abc import Callable, Mapping
from typing import Any, TypeVar
from urllib.parse import urljoin

from vallum import egress
from vallum.errors import Unreachable
from vallum.upload import new_key, token
from vallum.verdicts import Answer, Offender, Said, Why
from vallum_engine.gate.decide import Verdict
from vallum_engine.values import immutable
from vallum_guard import http
from vallum_guard.errors import GuardError

Found = TypeVar("Found")
_LIMITS = http.Limits(seconds=120.0, body_bytes=16 << 20)
_PAUSES = (1.0, 2.0, 3.0, 5.0)
"""Between two questions; the last one again and again."""
_BUSY = frozenset({409, 429, 502, 503, 504})
_ADVICE = {
    401: "The token is not valid (any more): make a new one under Settings, Tokens, and set VALLUM_TOKEN.",
    403: "The token may not ask gates: make one that may.",
    404: "There is no asset, gate or scan of that name, or no platform at that address: check --server, --asset, --gate and --scan.",
    422: "It does not take this question: check --asset, --gate and --scan.",
    429: "Too many questions at once: try again later.",
}


@immutable
class Question:
    """What to ask: one gate by its name, or every one that holds for the asset."""

    server: str
    asset: str
    gate: str = ""
    scan: str = ""


def ask(question: Question, *, patience: float, tell: Callable[[str], object]) -> Answer:
    """Raises Unreachable when the platform does not answer; a scan that is not digested in time is an answer that cannot say."""
    body = {name: value for name in ("asset", "gate", "scan") if (value := getattr(question, name))}
    until, asked, key = time.monotonic() + patience, 0, new_key()
    while True:
        response = _post(question.server, body, key)
        left = until - time.monotonic()
        if response.status == 200:
            return _answer(question, response.body)
        if response.status != 202 and (response.status not in _BUSY or left <= 0):
            advice = _ADVICE.get(response.status, "Try again later.")
            raise Unreachable(f"The gate was not asked: {question.server} answered {response.status}. {advice}")
        if left <= 0:
            return _pending(question, response.body)
        if response.status == 202:
            key = new_key()  # the next question is another one: under this key the answer stays "not yet"
        tell("Waiting for the scan to be digested")
        time.sleep(min(_PAUSES[min(asked, len(_PAUSES) - 1)], left))
        asked += 1


def _post(server: str, body: Mapping[str, str], key: str) -> http.Response:
    request = http.Request(
        url=f"{server.rstrip('/')}/api/v1/gates/evaluations",
        purpose="ask a gate",
        method="POST",
        headers={
            "Authorization": f"Bearer {token('--server')}",
            "Content-Type": "application/json",
            "Accept": "application/json",
            "Idempotency-Key": key,
        },
        body=json.dumps(body).encode(),
    )
    try:
        return http.fetch(request, route=egress.route(), limits=_LIMITS)
    except GuardError as error:
        raise Unreachable(f"The gate was not asked: {error}") from error


def _pending(question: Question, body: bytes) -> Answer:
    scan = _read(question, body, lambda found: str(found["scan"]))
    text = "The scan is not digested yet: give it more time with --wait, or look at its page whether a worker runs."
    return Answer(about=question.asset, scan=scan, said=(), reasons=(Why(code="pending", text=text),))


def _answer(question: Question, body: bytes) -> Answer:
    def read(found: Any) -> Answer:
        said = tuple(_said(question.server, each) for each in found["evaluations"])
        nothing = Why(code="no_gate", text="No gate holds for this asset: make one, or widen the scope of one.")
        return Answer(
            about=question.asset, scan=str(found["scan"] or ""), said=said, reasons=() if said else (nothing,)
        )

    return _read(question, body, read)


def _read(question: Question, body: bytes, read: Callable[[Any], Found]) -> Found:
    try:
        return read(json.loads(body))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise Unreachable(
            f"{question.server} answered, but not as the platform does ({type(error).__name__}): check --server."
        ) from error


def _said(server: str, each: Mapping[str, Any]) -> Said:
    return Said(
        gate=str(each["gate"]["name"]),
        verdict=Verdict(each["verdict"]),
        reasons=tuple(
            Why(
                code=str(why["code"]),
                text=str(why["text"]),
                count=int(why["count"]),
                url=_address(server, why["url"]),
            )
            for why in each["reasons"]
        ),
        counts={str(name): int(count) for name, count in each["counts"].items()},
        offending=tuple(
            Offender(
                severity=str(one["severity"]),
                kind=str(one["kind"]),
                title=str(one["title"]),
                path=str(one["path"]),
                line=int(one["line"]),
                url=_address(server, one["url"]),
            )
            for one in each["offending"]
        ),
        not_listed=int(each["not_listed"]),
    )


def _address(server: str, url: Any) -> str:
    return urljoin(f"{server}/", str(url)) if url else ""
