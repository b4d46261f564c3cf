"""`Packages.db`: rpm's own database, as SUSE uses it. Slots of 16 bytes point at blobs, all little-endian.

Written down from rpm's lib/backend/ndb/rpmpkg.c.
"""

from collections.abc import Iterator

from vallum_engine.sca.rpm.damage import Damaged, number, part

MAGIC = b"RpmP"
_PAGE = 4096
_SLOT = 16
_FIRST = 2
"""Slots that the file's header takes the place of."""
_BLOCK = 16
_MAX_SLOT_PAGES = 2048
"""Half a million packages."""


def blobs(data: bytes) -> Iterator[bytes]:
    """The headers, in order of their packages' numbers. Raises Damaged."""
    pages = number(data, 12, 4)
    if not pages or pages > _MAX_SLOT_PAGES or pages * _PAGE > len(data):
        raise Damaged("its header makes no sense")
    slots = []
    for at in range(_FIRST * _SLOT, pages * _PAGE, _SLOT):
        if data[at : at + 4] != b"Slot":
            raise Damaged("a slot in it is none")
        if index := number(data, at + 4, 4):
            slots.append((index, number(data, at + 8, 4) * _BLOCK))
    allowed = len(data)
    for index, place in sorted(slots):
        if part(data, place, 4) != b"BlbS" or number(data, place + 4, 4) != index:
            raise Damaged("a slot in it leads to no package")
        length = number(data, place + 12, 4)
        allowed -= length
        if allowed < 0:
            raise Damaged("its packages overlap")
        yield part(data, place + 16, length)
