"""`rpmdb.sqlite`: the table `Packages` of an SQLite file, read from its pages (https://www.sqlite.org/fileformat2.html).

A scanned file may hold a view of that name that never ends, or a schema that makes SQLite work for hours; pages do not.
What a write-ahead log beside it holds is not read: rpm empties it when it closes.
"""

from collections.abc import Iterator

from vallum_engine.sca.rpm.damage import Damaged, number, part
from vallum_engine.sca.rpm.header import MAX_BYTES

MAGIC = b"SQLite format 3\0"
_HEADER = 100
_INTERIOR, _LEAF = 5, 13
_MAX_TABLES = 1000
_NULL, _BLOB, _TEXT = 0, 12, 13


def blobs(data: bytes) -> Iterator[bytes]:
    """The headers, in order of their numbers. Raises Damaged."""
    file = _File(data)
    root = 0
    for count, row in enumerate(file.rows(1)):
        if count > _MAX_TABLES:
            raise Damaged("it has more tables than rpm makes")
        if len(row) > 3 and row[0] == b"table" and row[1] == b"Packages":
            root = int.from_bytes(row[3], "big")
    if not root:
        raise Damaged("it has no table of packages")
    for row in file.rows(root):
        if len(row) > 1:
            yield row[1]


class _File:
    def __init__(self, data: bytes) -> None:
        self.data = data
        size = number(data, 16, 2, "big")
        self.page = 65536 if size == 1 else size
        self.usable = self.page - number(data, 20, 1)
        if self.page < 512 or self.page & (self.page - 1) or self.usable < 480:
            raise Damaged("its header makes no sense")
        self.left = len(data) // self.page + 1
        """Pages that may still be looked at: one that is met twice would make a circle."""
        self.allowed = len(data)
        """Bytes of records that may still be read: cells that point at one place would make much of little."""

    def at(self, page: int) -> int:
        """Where a page begins; each may be asked for once in all."""
        self.left -= 1
        if page < 1 or page * self.page > len(self.data) or self.left < 0:
            raise Damaged("its pages lead in a circle or out of it")
        return (page - 1) * self.page

    def rows(self, root: int) -> Iterator[list[bytes]]:
        """The records of a table, in order; a stack of pages instead of calls, however deep it claims to be."""
        waiting = [root]
        while waiting:
            number_ = waiting.pop()
            start = self.at(number_)
            head = start + (_HEADER if number_ == 1 else 0)
            kind, cells = number(self.data, head, 1), number(self.data, head + 3, 2, "big")
            if kind == _INTERIOR:
                children = [number(self.data, start + cell, 4, "big") for cell in self.cells(head + 12, cells)]
                waiting += [number(self.data, head + 8, 4, "big"), *reversed(children)]
            elif kind == _LEAF:
                for cell in self.cells(head + 8, cells):
                    yield _record(self.payload(start + cell))
            else:
                raise Damaged("a page in it is no page of a table")
            if len(waiting) > self.left + 1:
                raise Damaged("its pages lead in a circle or out of it")

    def cells(self, place: int, count: int) -> list[int]:
        if count * 2 > self.usable:
            raise Damaged("a page in it holds more than a page can")
        return [number(self.data, place + 2 * index, 2, "big") for index in range(count)]

    def payload(self, place: int) -> bytes:
        """A record, gathered from its cell and the pages that it flows over into."""
        length, place = _varint(self.data, place)
        _, place = _varint(self.data, place)
        self.allowed -= length
        if length > MAX_BYTES or self.allowed < 0:
            raise Damaged("its packages overlap, or are larger than rpm allows")
        if length <= self.usable - 35:
            return part(self.data, place, length)
        least = (self.usable - 12) * 32 // 255 - 23
        local = least + (length - least) % (self.usable - 4)
        local = least if local > self.usable - 35 else local
        parts, length = [part(self.data, place, local)], length - local
        following = number(self.data, place + local, 4, "big")
        while length:
            start = self.at(following)
            following = number(self.data, start, 4, "big")
            size = min(length, self.usable - 4)
            parts.append(part(self.data, start + 4, size))
            length -= size
        return b"".join(parts)


def _record(payload: bytes) -> list[bytes]:
    """The values of a record as their bytes; no more than the first eight, which is all that is asked for."""
    header, place = _varint(payload, 0)
    if header > len(payload):
        raise Damaged("a record in it is cut off")
    found: list[bytes] = []
    at = header
    while place < header and len(found) < 8:
        kind, place = _varint(payload, place)
        size = (kind - _BLOB) // 2 if kind >= _BLOB else (0, 1, 2, 3, 4, 6, 8, 8, 0, 0, 0, 0)[kind]
        found.append(b"\1" if kind == 9 else part(payload, at, size))
        at += size
    return found


def _varint(data: bytes, place: int) -> tuple[int, int]:
    """Seven bits a byte, the ninth byte whole; and the place after it."""
    value = 0
    for index in range(9):
        byte = number(data, place + index, 1)
        if index == 8:
            return value << 8 | byte, place + 9
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, place + index + 1
    raise AssertionError
