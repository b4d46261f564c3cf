"""What a feed hands over, and how its bytes are read: packed or not, never more than there may be."""

import gzip
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import IO, Any, cast

from vallum_web.advisories.errors import UnusableError

LONGEST_LINE = 1000
_GZIP = b"\x1f\x8b"


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """One version of a feed. Reading `rows` raises UnusableError at the first that is none.

    A row is the CVE and then the feed's facts, in the order of its kind.
    """

    version: str
    day: date
    rows: Iterable[tuple[Any, ...]]


@contextmanager
def unpacked(file: IO[bytes]) -> Iterator[IO[bytes]]:
    """The bytes of a file that may be gzip; what is cut off or damaged is unusable, not an error of this program."""
    start = file.read(2)
    file.seek(0)
    try:
        if start == _GZIP:
            with gzip.GzipFile(fileobj=file) as inner:
                yield cast("IO[bytes]", inner)
        else:
            yield file
    except EOFError as error:
        raise UnusableError("It is cut off: the end of the gzip data is missing.") from error
    except (gzip.BadGzipFile, zlib.error) as error:
        raise UnusableError(f"It is damaged: {error}.") from error


def lines(file: IO[bytes], most: int) -> Iterator[bytes]:
    """Each line without its end. Raises UnusableError for more than `most` bytes, or a line without an end."""
    read = 0
    while line := file.readline(LONGEST_LINE):
        read += len(line)
        if read > most:
            raise UnusableError(f"It is larger than the {most:,} bytes that it may have.")
        if not line.endswith(b"\n"):
            long = len(line) == LONGEST_LINE
            raise UnusableError(
                "It has a line that is far too long." if long else "It is cut off in the middle of a line."
            )
        yield line.rstrip(b"\r\n")


def whole(file: IO[bytes], most: int) -> bytes:
    body = file.read(most + 1)
    if len(body) > most:
        raise UnusableError(f"It is larger than the {most:,} bytes that it may have.")
    return body


def legible(text: str) -> str:
    """Without what cannot be printed, and could not be kept either."""
    return "".join(letter for letter in text if letter.isprintable())


def looks_like(start: bytes) -> str:
    """What somebody got in a feed's place, for the message."""
    text = start.lstrip()[:200].lower()
    if not text:
        return "nothing"
    return "a web page" if text.startswith(b"<") else "something else"
