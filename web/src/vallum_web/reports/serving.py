"""A file made of parts, as one answer: whole, or the range of bytes that was asked for (RFC 9110 §14)."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse

from vallum_web.reports.formats import STREAMED
from vallum_web.reports.formats.whole import WHOLE
from vallum_web.reports.models import Export, Part
from vallum_web.reports.services import SHELF
from vallum_web.tenancy import blobs

CHUNK = 1 << 18
_RANGE = re.compile(r"bytes=(\d{0,19})-(\d{0,19})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Bytes from `start` up to and without `end`."""

    start: int
    end: int


class UnsatisfiableError(ValueError):
    """The range lies behind the end."""


def span(header: str, size: int) -> Span | None:
    """The one range that a header asks for. None where the whole file is the answer: no header, several ranges, or nonsense."""
    found = _RANGE.fullmatch(header.strip())
    if found is None or found.groups() == ("", ""):
        return None
    first, last = found.groups()
    if not first:
        start, end = max(size - int(last), 0), size
    else:
        start, end = int(first), min(int(last) + 1, size) if last else size
    if first and last and int(last) < int(first):
        return None
    if start >= size or (not first and int(last) == 0):
        raise UnsatisfiableError
    return Span(start=start, end=end)


def tag(parts: Sequence[Part]) -> str:
    """Names the bytes: the same parts, the same tag."""
    return f'"{sha256("".join(part.digest for part in parts).encode()).hexdigest()[:32]}"'


def answer(request: HttpRequest, row: Export, parts: Sequence[Part]) -> HttpResponseBase:
    """The file. It is read after the caller's scope is closed: only what `parts` say is known by then."""
    wanted = request.headers.get("Range", "")
    known = request.headers.get("If-Range", "")
    try:
        asked = span(wanted, row.size) if not known or known == tag(parts) else None
    except UnsatisfiableError:
        refused = HttpResponse(status=416)
        refused["Content-Range"] = f"bytes */{row.size}"
        return refused
    served = asked or Span(start=0, end=row.size)
    response = StreamingHttpResponse(_read(row.org_id, parts, served), status=206 if asked else 200)
    response["Content-Type"] = content_type(row)
    response["Content-Length"] = str(served.end - served.start)
    if asked:
        response["Content-Range"] = f"bytes {asked.start}-{asked.end - 1}/{row.size}"
    response["Accept-Ranges"] = "bytes"
    response["ETag"] = tag(parts)
    response["Content-Disposition"] = f'attachment; filename="{row.filename}"'
    return response


def content_type(row: Export) -> str:
    return WHOLE[row.format].content_type if row.format in WHOLE else STREAMED[row.format].content_type


def _read(org: UUID, parts: Sequence[Part], wanted: Span) -> Iterator[bytes]:
    begins = 0
    for part in parts:
        start, end = max(wanted.start - begins, 0), min(wanted.end - begins, part.size)
        begins += part.size
        if start < end:
            yield from _piece(org, part, start, end)


def _piece(org: UUID, part: Part, start: int, end: int) -> Iterator[bytes]:
    with blobs.path(org, part.blob, shelf=SHELF).open("rb") as file:
        file.seek(start)
        left = end - start
        while left and (data := file.read(min(CHUNK, left))):
            left -= len(data)
            yield data
