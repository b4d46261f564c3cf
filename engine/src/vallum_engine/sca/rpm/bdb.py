"""`Packages`: a hash of Berkeley DB, as rpm kept it until version 4.16. Package numbers are the keys, headers the values.

Written down from Berkeley DB's db_page.h. Only what rpm makes of it is read: no duplicates, no encryption, one file.
"""

from collections.abc import Iterator

from vallum_engine.sca.rpm.damage import Damaged, number, part
from vallum_engine.sca.rpm.header import MAX_BYTES

MAGIC = 0x061561
"""At byte 12, in the order of the machine that wrote it."""

_HEAD = 26
_META, _OVERFLOW = 8, 7
_HASHES = frozenset({2, 13})
_INLINE, _OFF_PAGE = 1, 3


def is_hash(data: bytes) -> bool:
    return len(data) >= 512 and MAGIC in (int.from_bytes(data[12:16], "little"), int.from_bytes(data[12:16], "big"))


def blobs(data: bytes) -> Iterator[bytes]:
    """The headers, in order of the pages. Raises Damaged."""
    return _File(data).blobs()


class _File:
    def __init__(self, data: bytes) -> None:
        self.data = data
        self.order = "little" if number(data, 12, 4) == MAGIC else "big"
        self.page = self.number(20, 4)
        if not 512 <= self.page <= 65536 or self.page & (self.page - 1) or data[25] != _META:
            raise Damaged("its header makes no sense")
        if data[24]:
            raise Damaged("it is encrypted")
        self.left = len(data) // self.page
        """Overflow pages that may still be read: one that is met twice would make a circle."""
        self.allowed = len(data)
        """Bytes of items that may still be read: places that overlap would make much of little."""

    def number(self, at: int, size: int) -> int:
        return number(self.data, at, size, self.order)

    def blobs(self) -> Iterator[bytes]:
        last = min(self.number(32, 4), len(self.data) // self.page - 1)
        for start in range(self.page, (last + 1) * self.page, self.page):
            if self.data[start + 25] in _HASHES:
                yield from self.values(start)

    def values(self, start: int) -> Iterator[bytes]:
        """Of a page's items, which are keys and values in turn; key 0 counts the packages and is none."""
        count = self.number(start + 20, 2)
        if _HEAD + 2 * count > self.page:
            raise Damaged("a page in it holds more than a page can")
        places = [self.number(start + _HEAD + 2 * index, 2) for index in range(count)]
        for index in range(1, count, 2):
            key = self.item(start, places[index - 1], places[index - 2] if index > 1 else self.page)
            if key.strip(b"\0"):
                yield self.item(start, places[index], places[index - 1])

    def item(self, start: int, place: int, end: int) -> bytes:
        if not _HEAD <= place < end <= self.page:
            raise Damaged("an item in it lies outside its page")
        self.allowed -= end - place
        if self.allowed < 0:
            raise Damaged("its packages overlap")
        kind = self.data[start + place]
        if kind == _INLINE:
            return part(self.data, start + place + 1, end - place - 1)
        if kind != _OFF_PAGE:
            raise Damaged("an item in it is none of rpm's")
        return self.overflowing(self.number(start + place + 4, 4), self.number(start + place + 8, 4))

    def overflowing(self, page: int, length: int) -> bytes:
        if length > min(MAX_BYTES, len(self.data)):
            raise Damaged("a header in it is larger than rpm allows")
        parts: list[bytes] = []
        while length > 0:
            self.left -= 1
            start = page * self.page
            if not page or start + self.page > len(self.data) or self.left < 0 or self.data[start + 25] != _OVERFLOW:
                raise Damaged("its pages lead in a circle or out of it")
            parts.append(part(self.data, start + _HEAD, min(self.number(start + 22, 2), self.page - _HEAD, length)))
            length -= len(parts[-1])
            page = self.number(start + 16, 4)
        return b"".join(parts)
