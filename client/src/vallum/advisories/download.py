"""One archive from a server: resumed where it broke off, and proven before it counts."""

import base64
import hashlib
import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from vallum.errors import Unreachable
from vallum_engine.values import immutable
from vallum_guard import http
from vallum_guard.errors import GuardError, TooSlow, TransportFailed
from vallum_guard.http import Limits, Reply, Request, Route

_SECONDS, _REDIRECTS = 3600.0, 3
MOST = 4 << 30
"""Bytes of an archive."""
_ATTEMPTS = 5
_PAUSE = 0.5


@immutable
class Expected:
    """What a source's own list says about an archive."""

    bytes: int
    sha256: str


@immutable
class Fetched:
    """A whole archive, at `part`, whose size and hash were right."""

    part: Path
    etag: str


class NotThere(Unreachable):
    """The server has no such file."""


class _Broken(Exception):
    pass


class Download:
    """Brings `url` to `part`. What arrived before a break stays there, with a note of which version it is of."""

    def __init__(
        self, url: str, part: Path, *, route: Route, expected: Expected | None = None, most: int = MOST
    ) -> None:
        self.limits = Limits(seconds=_SECONDS, body_bytes=most, redirects=_REDIRECTS)
        self.url = url
        self.part = part
        self.note = part.with_name(part.name + ".json")
        self.route = route
        self.expected = expected

    def run(self, known_etag: str, *, progress: Callable[[int], None]) -> Fetched | None:
        """The archive, or None when the server still has the version called `known_etag`.

        Raises Unreachable after some attempts without an end; the next call goes on where this one stopped.
        """
        last: Exception = Unreachable("nothing was tried")
        for attempt in range(_ATTEMPTS):
            before = self._have()
            try:
                return self._attempt(known_etag, progress)
            except (TransportFailed, TooSlow, _Broken) as error:
                last = error
                if self._have() <= before and attempt:
                    break
                time.sleep(_PAUSE * attempt)
            except GuardError as error:
                raise Unreachable(f"{self.url}: {error}") from error
        kept = self._have()
        again = f" {kept:,} bytes are kept: run it again to go on from there." if kept else " Try again later."
        raise Unreachable(f"{self.url} could not be fetched: {last}{again}") from last

    def _attempt(self, known_etag: str, progress: Callable[[int], None]) -> Fetched | None:
        headers = self._resume() or ({"If-None-Match": known_etag} if known_etag else {})
        request = Request(url=self.url, purpose="advisories", headers=headers)
        with http.stream(request, route=self.route, limits=self.limits) as reply:
            if reply.status == 304:
                return None
            if reply.status == 416:
                self._forget()
                raise _Broken("the server has another version now")
            if reply.status not in (200, 206):
                kind = NotThere if reply.status in (403, 404, 410) else Unreachable
                raise kind(f"{self.url}: the server answered {reply.status}. Check the ecosystem and the source.")
            total = self._write(reply, progress)
        self._prove(total, reply.headers)
        self.note.unlink(missing_ok=True)
        return Fetched(part=self.part, etag=reply.headers.get("etag", ""))

    def _resume(self) -> dict[str, str]:
        """The headers that ask for the rest only, if this is still the same version."""
        etag, have = self._noted(), self._have()
        if not etag or not have:
            self._forget()
            return {}
        return {"Range": f"bytes={have}-", "If-Range": etag}

    def _write(self, reply: Reply, progress: Callable[[int], None]) -> int | None:
        """Append or start over; returns how long the whole is, where the server says."""
        total = _number(reply.headers.get("content-length", ""))
        if reply.status == 206:
            start, total = _range(reply.headers)
            if start != self._have():
                self._forget()
                raise _Broken("the server sent another part than asked for")
        else:
            self._forget()
            etag = reply.headers.get("etag", "")
            if etag and not etag.startswith("W/"):  # a weak one does not promise equal bytes
                self.note.write_text(json.dumps({"url": self.url, "etag": etag}), "utf-8")
        have = self._have()
        with self.part.open("ab") as file:
            for chunk in reply.chunks:
                file.write(chunk)
                have += len(chunk)
                progress(have)
        return total

    def _prove(self, total: int | None, headers: Mapping[str, str]) -> None:
        size = self._have()
        if total is not None and size < total:
            raise _Broken(f"it ended after {size:,} of {total:,} bytes")
        wrong = total is not None and size != total
        md5 = _md5(headers)
        if self.expected:
            wrong = wrong or size != self.expected.bytes or self._hash("sha256").hex() != self.expected.sha256.lower()
        elif md5:
            wrong = wrong or self._hash("md5") != md5
        if wrong:
            self._forget()
            raise Unreachable(
                f"{self.url} does not have the size and hash that the source names: nothing was changed. Try again later."
            )

    def _hash(self, name: str) -> bytes:
        with self.part.open("rb") as file:
            return hashlib.file_digest(file, lambda: hashlib.new(name, usedforsecurity=False)).digest()

    def _have(self) -> int:
        return self.part.stat().st_size if self.part.exists() else 0

    def _noted(self) -> str:
        try:
            noted = json.loads(self.note.read_bytes())
            return str(noted["etag"]) if noted["url"] == self.url else ""
        except (OSError, ValueError, KeyError, TypeError):
            return ""

    def _forget(self) -> None:
        self.part.unlink(missing_ok=True)
        self.note.unlink(missing_ok=True)


def _range(headers: Mapping[str, str]) -> tuple[int, int | None]:
    """Start and total of `bytes 100-199/200`."""
    unit, _, rest = headers.get("content-range", "").partition(" ")
    span, _, total = rest.partition("/")
    start = _number(span.partition("-")[0])
    if unit != "bytes" or start is None:
        raise _Broken("the server does not say which part it sent")
    return start, _number(total)


def _number(text: str) -> int | None:
    """Of bytes; None for anything else, and for what no file has."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


def _md5(headers: Mapping[str, str]) -> bytes:
    """From `x-goog-hash: crc32c=…, md5=…`, which OSV's own bucket sends."""
    for part in headers.get("x-goog-hash", "").split(","):
        name, _, value = part.strip().partition("=")
        if name == "md5":
            try:
                return base64.b64decode(value, validate=True)
            except ValueError:
                return b""
    return b""
