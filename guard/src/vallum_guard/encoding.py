"""Bodies that arrive compressed although nobody asked for it: unpacked here, where the limit counts what comes out."""

import zlib
from typing import Final

from vallum_guard.errors import TooLarge, TransportFailed

_PLAIN: Final = frozenset({"", "identity"})
_KNOWN: Final = frozenset({"gzip", "x-gzip", "deflate"})
_EITHER_HEADER: Final = 47  # zlib's number for "gzip or zlib, see for yourself"


def decoded(body: bytes, encoding: str, *, limit: int, url: str) -> bytes:
    """The body as it was before compression, or TooLarge before more than `limit` bytes of it exist."""
    name = encoding.strip().lower()
    if name in _PLAIN or not body:
        return body
    if name not in _KNOWN:
        raise TransportFailed(f"{url} answers in an encoding we did not ask for ({encoding[:40]!r}).")
    unpacker = zlib.decompressobj(_EITHER_HEADER)
    try:
        plain = unpacker.decompress(body, limit + 1)
    except zlib.error as error:
        raise TransportFailed(f"{url} sends what is not {name}, although it says so: try again.") from error
    if len(plain) > limit:
        raise TooLarge(f"{url} sends more than the {limit} bytes allowed, once unpacked.")
    if not unpacker.eof or unpacker.unused_data:
        raise TransportFailed(f"{url} sends a {name} body that does not end where it should: try again.")
    return plain
