"""One feed over the guard: asked for what is newer than what is here, kept in a file without a name until it is read."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO

from django.conf import settings

from vallum_guard import http
from vallum_guard.errors import GuardError
from vallum_web.advisories.errors import UnreachableError
from vallum_web.advisories.kinds import Kind
from vallum_web.tenancy import egress

MIRROR = "feed mirror"
"""The purpose of a departure to an address that the operator named."""
SECONDS = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived:
    file: IO[bytes]
    etag: str


def address(kind: Kind) -> str:
    """Where the feed is fetched: at its maker's, or at the mirror that the operator named."""
    return settings.FEED_SOURCES.get(kind.id) or kind.url


@contextmanager
def arrived(kind: Kind, *, etag: str) -> Iterator[Arrived | None]:
    """What came, for the block; None where the source still has the version called `etag`. Raises UnreachableError."""
    url = address(kind)
    request = http.Request(
        url=url,
        purpose=kind.id if url == kind.url else MIRROR,
        headers={"If-None-Match": etag} if etag else {},
    )
    with tempfile.TemporaryFile() as file:
        try:
            # The scores of today are where the address of the newest ones leads.
            limits = http.Limits(seconds=SECONDS, body_bytes=kind.packed, redirects=3)
            with http.stream(request, route=egress.platform_route(), limits=limits) as reply:
                for chunk in reply.chunks:
                    file.write(chunk)
        except GuardError as error:
            raise UnreachableError(f"{url}: {error}") from error
        if reply.status == 304 and etag:
            yield None
            return
        if reply.status != 200:
            raise UnreachableError(f"{url} answered {reply.status}.")
        file.seek(0)
        etag = reply.headers.get("etag", "")
        # Sent back the next time: what could not be is forgotten, and the feed is then fetched whole.
        yield Arrived(file=file, etag=etag if etag.isascii() and etag.isprintable() and len(etag) <= 200 else "")
