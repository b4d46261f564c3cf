"""A report to the platform: one request, answered before it is digested.

POST <platform>/api/v1/uploads?asset=<name>
Authorization: Bearer <token>
Content-Type: application/vnd.vallum.wire
Content-Digest: sha-256=:<base64>:          a body that was damaged on the way is refused
Idempotency-Key: "<random>"                 sent again where no answer came: the platform takes it once

202 {"id": "…", "status_url": "…"}
"""

import base64
import hashlib
import json
import os
import time
import uuid
from urllib.parse import quote, urljoin

from vallum import egress
from vallum.errors import Misuse, Unreachable
from vallum_engine.values import immutable
from vallum_guard import http
from vallum_guard.errors import GuardError, TransportFailed

WIRE = "application/vnd.vallum.wire"
_LIMITS = http.Limits(seconds=300.0, body_bytes=1 << 20)
_AGAIN = frozenset({409, 502, 503, 504})
"""Nobody knows whether it arrived, or it is being taken just now."""
_PAUSES = (1.0, 4.0)
_ADVICE = {
    400: "The report was damaged or cut off on the way: send it again.",
    401: "The token is not valid (any more): make a new one under Settings, Tokens, and set VALLUM_TOKEN.",
    403: "The token may not upload: make one that may.",
    404: "There is no platform at that address: check --upload.",
    411: "Something on the way took the report's length away: check the proxies before the platform.",
    413: "The report is larger than the platform takes: scan parts of the tree one by one, each as an asset of its own.",
    422: "The platform does not take this name for an asset: give --asset one line of at most 200 characters.",
}


@immutable
class Receipt:
    """What the platform answered: it has the report."""

    id: str
    status_url: str


def token(option: str = "--upload") -> str:
    """The bearer token from the environment; never an argument, which other people of the machine could read."""
    found = os.environ.get("VALLUM_TOKEN", "").strip()
    if not found or not found.isprintable():
        raise Misuse(f"{option} needs a token: set VALLUM_TOKEN to one made under Settings, Tokens.")
    return found


def new_key() -> str:
    """An `Idempotency-Key`: calls that carry the same one are one call."""
    return f'"{uuid.uuid4()}"'


def send(platform: str, asset: str, wire: bytes) -> Receipt:
    """Hand the report over. Raises Unreachable with the reason when the platform did not take it."""
    digest = base64.b64encode(hashlib.sha256(wire).digest()).decode()
    request = http.Request(
        url=f"{platform.rstrip('/')}/api/v1/uploads?asset={quote(asset, safe='')}",
        purpose="upload a report",
        method="POST",
        headers={
            "Authorization": f"Bearer {token()}",
            "Content-Type": WIRE,
            "Content-Digest": f"sha-256=:{digest}:",
            "Idempotency-Key": new_key(),
            "Accept": "application/json",
        },
        body=wire,
    )
    response = _patiently(request)
    if response.status not in (200, 201, 202):
        advice = _ADVICE.get(response.status, "Try again later.")
        raise Unreachable(f"The report was not uploaded: {platform} answered {response.status}. {advice}")
    try:
        body = json.loads(response.body)
        return Receipt(id=str(body["id"]), status_url=urljoin(f"{platform}/", str(body["status_url"])))
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise Unreachable(
            f"{platform} took the report, but its answer is not the platform's: check --upload."
        ) from error


def _patiently(request: http.Request) -> http.Response:
    """The answer, asked for again where it was lost on the way. Raises Unreachable when none came at all."""
    for pause in (*_PAUSES, None):
        try:
            response = http.fetch(request, route=egress.route(), limits=_LIMITS)
        except GuardError as error:
            if pause is None or not isinstance(error, TransportFailed):
                raise Unreachable(f"The report was not uploaded: {error}") from error
        else:
            if pause is None or response.status not in _AGAIN:
                return response
        time.sleep(pause)
    raise AssertionError("the last pass of the loop answers or raises")
