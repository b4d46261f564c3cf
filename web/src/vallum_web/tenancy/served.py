"""A file made of parts, as one answer: whole, or the range of bytes that was asked for (RFC 9110 §14)."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import IO
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """One of the blobs that follow each other in a file."""

    blob: UUID
    size: int
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """What is served: blobs of one owner's on one shelf, under one name."""

    owner: UUID
    shelf: str
    pieces: Sequence[Piece]
    name: str
    content_type: str

    @property
    def size(self) -> int:
        return sum(piece.size for piece in self.pieces)

    @property
    def tag(self) -> str:
        """Names the bytes: the same pieces, the same tag."""
        return f'"{sha256("".join(piece.digest for piece in self.pieces).encode()).hexdigest()[:32]}"'


def answer(request: HttpRequest, file: File) -> HttpResponseBase:
    """The file. It is read after the caller's scope is closed: only what the pieces say is known by then."""
    wanted = request.headers.get("Range", "")
    known = request.headers.get("If-Range", "")
    try:
        asked = span(wanted, file.size) if not known or known == file.tag else None
    except UnsatisfiableError:
        refused = HttpResponse(status=416)
        refused["Content-Range"] = f"bytes */{file.size}"
        return refused
    served = asked or Span(start=0, end=file.size)
    response = StreamingHttpResponse(_read(file, served), status=206 if asked else 200)
    response["Content-Type"] = file.content_type
    response["Content-Length"] = str(served.end - served.start)
    if asked:
        response["Content-Range"] = f"bytes {asked.start}-{asked.end - 1}/{file.size}"
    response["Accept-Ranges"] = "bytes"
    response["ETag"] = file.tag
    response["Content-Disposition"] = f'attachment; filename="{file.name}"'
    return response


def _read(file: File, wanted: Span) -> Iterator[bytes]:
    begins = 0
    for piece in file.pieces:
        start, end = max(wanted.start - begins, 0), min(wanted.end - begins, piece.size)
        begins += piece.size
        if start < end:
            with blobs.opened(file.owner, piece.blob, shelf=file.shelf) as blob:
                yield from _cut(blob, start, end)


def _cut(blob: IO[bytes], start: int, end: int) -> Iterator[bytes]:
    blob.seek(start)
    left = end - start
    while left and (data := blob.read(min(CHUNK, left))):
        left -= len(data)
        yield data
