"""Conditional calls (RFC 9110, 13): what an object is as of now, by the digest of what is told of it.

A stamp of the row would miss what belongs to the object and lies elsewhere: places of a finding, an asset's weight.
"""

import re
from hashlib import sha256

from django.http import HttpRequest, HttpResponse
from ninja.errors import HttpError
from pydantic import BaseModel

_TAGS = re.compile(r'\s*(W/)?("[\x21\x23-\x7e]*")\s*(?:,|$)')
CHANGED, UNCHANGED = 412, 304


def tag(told: BaseModel) -> str:
    """The strong entity tag of an object."""
    return f'"{_digest(told.model_dump_json().encode())}"'


def conditional(request: HttpRequest, answer: HttpResponse) -> HttpResponse:
    """The answer to a read with its tag, or 304 where the caller has it already. A list's tag is weak: of its bytes."""
    strong: str | None = getattr(request, "tag", None)
    if not 200 <= answer.status_code < 300 or (strong is None and request.method not in {"GET", "HEAD"}):
        return answer
    mine = strong or f'W/"{_digest(answer.content)}"'
    if request.method in {"GET", "HEAD"} and among(mine, request.headers.get("If-None-Match", ""), weak=True):
        answer = HttpResponse(status=UNCHANGED)
        del answer.headers["Content-Type"]
    answer.headers["ETag"] = mine
    return answer


def demand(request: HttpRequest, told: BaseModel) -> None:
    """Refuse with 412 unless the object is one of those that `If-Match` names."""
    if not among(tag(told), request.headers.get("If-Match", ""), weak=False):
        raise HttpError(CHANGED, "It is no longer what you have: get it again, and decide anew. Nothing was changed.")


def among(mine: str, header: str, *, weak: bool) -> bool:
    if header.strip() == "*":
        return True
    found = _TAGS.findall(header)
    return any(text == mine.removeprefix("W/") for mark, text in found if weak or not mark)


def _digest(data: bytes) -> str:
    return sha256(data).hexdigest()[:32]
