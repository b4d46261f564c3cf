"""What `git cat-file --batch` prints: objects in the order in which they were asked for, taken apart as they come."""

from collections.abc import Callable

from vallum_engine.errors import UnreadableSource

_LONGEST_HEADER = 4096

Take = Callable[[int, str, int, bytes | None], object]
"""Called with the number of the object in the order asked, its type, its size in bytes, and its content.

The content is None for an object over the limit. The type is empty for an object that git does not have.
"""


class Objects:
    """Takes pieces of any length and calls `take` for each object; holds one object at most, and none over `most` bytes."""

    def __init__(self, take: Take, *, most: int, first: int = 0) -> None:
        self.take = take
        self.most = most
        self.number = first
        """Of the object that comes next."""
        self._pieces: list[bytes] = []
        self._have = 0
        self._need = 0
        self._head: tuple[str, int] | None = None
        self._skip = 0

    def feed(self, piece: bytes) -> None:
        """Raises UnreadableSource for what git never prints."""
        if self._skip:
            passed = min(self._skip, len(piece))
            self._skip -= passed
            if self._skip or passed == len(piece):
                return
            piece = piece[passed:]
        self._pieces.append(piece)
        self._have += len(piece)
        if self._have >= self._need:
            self._parse(b"".join(self._pieces))

    def _parse(self, data: bytes) -> None:
        at = 0
        while True:
            if self._head is None:
                end = data.find(b"\n", at)
                if end < 0:
                    if len(data) - at > _LONGEST_HEADER:
                        raise UnreadableSource("git's answer cannot be read.")
                    break
                at = self._header(data[at:end], data, end + 1)
                continue
            kind, size = self._head
            if len(data) - at <= size:  # a newline follows the content
                break
            self._said(kind, size, data[at : at + size])
            at += size + 1
        self._keep(data[at:])

    def _header(self, line: bytes, data: bytes, at: int) -> int:
        """Read one header; where the next byte of interest is."""
        fields = line.split(b" ")
        if len(fields) != 3 or not fields[2].isdigit():
            self._said("", 0, None)  # `… missing`, or ambiguous
            return at
        size = int(fields[2])
        kind = fields[1].decode("ascii", "replace")
        if size <= self.most:
            self._head = (kind, size)
            return at
        self._said(kind, size, None)
        passed = min(size + 1, len(data) - at)
        self._skip = size + 1 - passed
        return at + passed

    def _said(self, kind: str, size: int, content: bytes | None) -> None:
        self._head = None
        number = self.number
        self.number += 1
        self.take(number, kind, size, content)

    def _keep(self, rest: bytes) -> None:
        self._pieces = [rest] if rest else []
        self._have = len(rest)
        self._need = self._head[1] + 1 if self._head else self._have + 1
