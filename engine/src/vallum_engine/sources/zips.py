"""Zip files (PKWARE's APPNOTE): the directory is believed only as far as it agrees with itself and with the entries.

The standard library's reader takes a directory of a million entries into memory before anybody can count them, and makes an object of a
kilobyte for each.
"""

import bz2
import os
import stat
import zlib
from collections.abc import Callable, Iterator
from struct import Struct, unpack_from
from typing import IO

from vallum_engine.errors import UnreadableSource
from vallum_engine.sources.limits import ArchiveLimits
from vallum_engine.sources.member import Member
from vallum_engine.values import immutable

_CHUNK = 1 << 20
_TAIL = 22 + 65535
_DIRECTORY_BYTES = 64 << 20
_ENTRY = Struct("<4s4xHH4xLLLHHH4xLL")
_LOCAL = Struct("<4s22xHH")
_WIDE = 0xFFFFFFFF
_UTF8 = 0x800


class Damaged(Exception):
    """An entry's content is not what its directory says."""


@immutable(kw_only=False)
class _Entry:
    name: bytes
    flags: int
    method: int
    checksum: int
    packed: int
    size: int
    mode: int
    offset: int


def is_zip(head: bytes) -> bool:
    return head.startswith((b"PK\x03\x04", b"PK\x05\x06"))


def members(packed: IO[bytes], limits: ArchiveLimits) -> Iterator[Member]:
    """The entries by their place in the file. Raises UnreadableSource when they overlap or are too many."""
    directory, start, shift = _directory(packed, limits)
    entries = sorted(_entries(directory, limits, shift), key=lambda entry: entry.offset)
    ends = [entry.offset + _LOCAL.size + len(entry.name) + entry.packed for entry in entries]
    for end, following in zip(ends, (*(entry.offset for entry in entries[1:]), start), strict=False):
        if end > following:
            raise UnreadableSource("two entries of the zip file overlap, as only an archive bomb's do.")
    for entry in entries:
        yield _member(packed, entry)


def _directory(packed: IO[bytes], limits: ArchiveLimits) -> tuple[bytes, int, int]:
    """The directory, where it begins, and by how much all offsets are off: something may stand before the archive."""
    length = packed.seek(0, os.SEEK_END)
    begin = max(length - _TAIL - 76, 0)
    packed.seek(begin)
    tail = packed.read(length - begin)
    place = tail.rfind(b"PK\x05\x06")
    if place < 0 or place + 22 > len(tail):
        raise UnreadableSource("the zip file has no directory at its end: it was cut off. Fetch it again.")
    size, offset = unpack_from("<LL", tail, place + 12)
    end = place
    if (
        place >= 76
        and tail[place - 20 : place - 16] == b"PK\x06\x07"
        and tail[place - 76 : place - 72] == b"PK\x06\x06"
    ):
        end = place - 76
        size, offset = unpack_from("<QQ", tail, end + 40)
    start = begin + end - size
    if size > _DIRECTORY_BYTES:
        raise UnreadableSource(f"the archive holds more than {limits.files:,} files.")
    if start < offset:
        raise UnreadableSource("the zip file is damaged: its directory is not where it says. Fetch it again.")
    packed.seek(start)
    return packed.read(size), start, start - offset


def _entries(directory: bytes, limits: ArchiveLimits, shift: int) -> Iterator[_Entry]:
    at = count = 0
    while at < len(directory):
        if len(directory) - at < _ENTRY.size:
            raise UnreadableSource("the zip file is damaged: its directory ends early. Fetch it again.")
        mark, flags, method, checksum, packed, size, name, extra, comment, mode, offset = _ENTRY.unpack_from(
            directory, at
        )
        count += 1
        if mark != b"PK\x01\x02":
            raise UnreadableSource("the zip file is damaged: its directory cannot be read. Fetch it again.")
        if count > limits.files:
            raise UnreadableSource(f"the archive holds more than {limits.files:,} files.")
        at += _ENTRY.size
        wide = _wide(directory[at + name : at + name + extra], size, packed, offset)
        yield _Entry(directory[at : at + name], flags, method, checksum, wide[1], wide[0], mode >> 16, wide[2] + shift)
        at += name + extra + comment


def _wide(extra: bytes, *narrow: int) -> tuple[int, ...]:
    """The size, the packed size and the offset, those that do not fit into 32 bits from the extra field 1."""
    if _WIDE not in narrow:
        return narrow
    at = 0
    while at + 4 <= len(extra):
        kind, length = unpack_from("<HH", extra, at)
        if kind == 1:
            held = iter(unpack_from(f"<{min(length, len(extra) - at - 4) // 8}Q", extra, at + 4))
            return tuple(next(held, number) if number == _WIDE else number for number in narrow)
        at += 4 + length
    return narrow


def _member(packed: IO[bytes], entry: _Entry) -> Member:
    kind = stat.S_IFMT(entry.mode)
    name = entry.name.decode("utf-8" if entry.flags & _UTF8 else "cp437", "replace")
    if name.endswith("/"):
        return Member(name=name, folder=True)
    if kind == stat.S_IFLNK:
        return Member(name=name, refused="symbolic link", covered=True)
    if kind not in (0, stat.S_IFREG):
        return Member(name=name, refused="neither file nor folder", covered=True)
    if entry.flags & 0x1:
        return Member(name=name, refused="encrypted")
    if entry.method not in _UNPACK:
        return Member(name=name, refused=f"packed by method {entry.method}, which Vallum does not read")
    return Member(name=name, size=entry.size, blocks=lambda: _blocks(packed, entry))


def _blocks(packed: IO[bytes], entry: _Entry) -> Iterator[bytes]:
    packed.seek(entry.offset)
    head = packed.read(_LOCAL.size)
    if len(head) < _LOCAL.size:
        raise Damaged("an entry begins behind the end")
    mark, name, extra = _LOCAL.unpack(head)
    if mark != b"PK\x03\x04" or packed.read(name) != entry.name:
        raise Damaged("the directory and the entry name different files")
    packed.seek(extra, os.SEEK_CUR)
    checksum = length = 0
    for block in _UNPACK[entry.method](packed, entry.packed):
        checksum = zlib.crc32(block, checksum)
        length += len(block)
        yield block
    if checksum != entry.checksum:
        raise Damaged("Bad CRC-32")
    if length != entry.size:
        raise Damaged("it has another size than the directory says")


def _stored(packed: IO[bytes], left: int) -> Iterator[bytes]:
    while left > 0:
        block = packed.read(min(_CHUNK, left))
        if not block:
            raise Damaged("it ends early")
        left -= len(block)
        yield block


def _inflated(packed: IO[bytes], left: int) -> Iterator[bytes]:
    unpack = zlib.decompressobj(-zlib.MAX_WBITS)
    while not unpack.eof:
        data = unpack.unconsumed_tail
        if not data:
            data = packed.read(min(_CHUNK, left))
            left -= len(data)
        block = unpack.decompress(data, _CHUNK)
        if block:
            yield block
        elif not data:
            raise Damaged("it ends early")


def _bunzipped(packed: IO[bytes], left: int) -> Iterator[bytes]:
    unpack = bz2.BZ2Decompressor()
    while not unpack.eof:
        data = b""
        if unpack.needs_input:
            data = packed.read(min(_CHUNK, left))
            left -= len(data)
            if not data:
                raise Damaged("it ends early")
        if block := unpack.decompress(data, _CHUNK):
            yield block


_UNPACK: dict[int, Callable[[IO[bytes], int], Iterator[bytes]]] = {0: _stored, 8: _inflated, 12: _bunzipped}
