"""Tar streams, read strictly forward.

The standard library's reader takes a header's word for how much memory its long names need; this one does not.
"""

from collections.abc import Callable, Iterator
from typing import IO, Protocol

from vallum_engine.errors import UnreadableSource
from vallum_engine.sources.member import Member

_BLOCK = 512
_CHUNK = 1 << 20
_EXTENSION = 1 << 20
_FILES = frozenset({b"0", b"\0", b"7"})
_LINKS = {b"1": "hard link", b"2": "symbolic link"}


class Stream(Protocol):
    def read(self, size: int, /) -> bytes: ...


def is_header(block: bytes) -> bool:
    """Whether these 512 bytes are a tar header: its checksum holds."""
    if len(block) < _BLOCK:
        return False
    try:
        expected = int(block[148:156].strip(b" \0") or b"0", 8)
    except ValueError:
        return False
    return expected == sum(block[:148]) + sum(block[156:512]) + 8 * 0x20


def members(
    stream: Stream | IO[bytes], spend: Callable[[int], None], *, leap: Callable[[int], object] | None = None
) -> Iterator[Member]:
    """The entries in order. Raises UnreadableSource when the stream ends, or stops being tar, before its end mark.

    `spend` is told how many bytes were unpacked between the contents, and may raise when that is too much. `leap` goes
    forward so many bytes without reading them, where the stream can.
    """
    return _Tar(stream, spend, leap).members()


class _Tar:
    def __init__(
        self, stream: Stream | IO[bytes], spend: Callable[[int], None], leap: Callable[[int], object] | None
    ) -> None:
        self.stream = stream
        self.spend = spend
        self.leap = leap
        self.left = 0
        """Bytes of the current entry, with its padding, that were not read yet."""
        self.long_name = ""
        self.long_target = ""
        self.attributes: dict[str, str] = {}

    def members(self) -> Iterator[Member]:
        while True:
            self.skip()
            header = self.exactly(_BLOCK)
            self.spend(_BLOCK)
            if not header.strip(b"\0"):
                return
            if not is_header(header):
                raise UnreadableSource("the archive is damaged, or no tar file: fetch it again.")
            length = _number(header[124:136])
            kind = header[156:157]
            if kind in (b"L", b"K", b"x", b"g"):
                self.extend(kind, self.extension(length))
                continue
            member = self.member(header, kind, length)
            self.long_name, self.long_target, self.attributes = "", "", {}
            yield member

    def member(self, header: bytes, kind: bytes, length: int) -> Member:
        name = self.attributes.get("path") or self.long_name or _name(header)
        size = self.attributes.get("size", "")
        if size.isascii() and size.isdigit() and len(size) < 20:
            length = int(size)
        if kind in _LINKS:
            self.left = _padded(length) if kind == b"1" and length else 0
            target = self.attributes.get("linkpath") or self.long_target or _text(header[157:257])
            return Member(name=name, target=target, hard=kind == b"1", refused=_LINKS[kind], covered=True)
        self.left = _padded(length)
        if kind == b"5":
            return Member(name=name, folder=True)
        if any(key.startswith("GNU.sparse") for key in self.attributes) or kind == b"S":
            return Member(name=name, refused="a sparse file")
        if kind in _FILES:
            if name.endswith("/"):
                return Member(name=name, folder=True)
            return Member(name=name, size=length, blocks=lambda: self.blocks(length), stream=True)
        return Member(name=name, refused="neither file nor folder", covered=True)

    def blocks(self, length: int) -> Iterator[bytes]:
        while length > 0:
            block = self.exactly(min(_CHUNK, length))
            length -= len(block)
            self.left -= len(block)
            yield block

    def extension(self, length: int) -> bytes:
        if length > _EXTENSION:
            raise UnreadableSource(f"a name in the archive is {length:,} bytes long.")
        data = self.exactly(_padded(length))
        self.spend(len(data))
        return data[:length]

    def extend(self, kind: bytes, data: bytes) -> None:
        if kind == b"L":
            self.long_name = _text(data)
        elif kind == b"K":
            self.long_target = _text(data)
        elif kind == b"x":
            self.attributes = _attributes(data)

    def skip(self) -> None:
        """Leave what is unread of the current entry."""
        if self.leap and self.left > 0:
            self.leap(self.left)
            self.left = 0
        while self.left > 0:
            size = len(self.exactly(min(_CHUNK, self.left)))
            self.left -= size
            self.spend(size)

    def exactly(self, size: int) -> bytes:
        blocks, missing = [], size
        while missing and (block := self.stream.read(missing)):
            blocks.append(block)
            missing -= len(block)
        if missing:
            raise UnreadableSource("the archive ends early: it was cut off. Fetch it again.")
        return b"".join(blocks)


def _padded(length: int) -> int:
    return (length + _BLOCK - 1) // _BLOCK * _BLOCK


def _name(header: bytes) -> str:
    name = header[:100].split(b"\0", 1)[0]
    if header[257:263] == b"ustar\0":
        prefix = header[345:500].split(b"\0", 1)[0]
        name = prefix + b"/" + name if prefix else name
    return _text(name)


def _text(field: bytes) -> str:
    return field.split(b"\0", 1)[0].decode("utf-8", "surrogateescape")


def _number(field: bytes) -> int:
    if field[0] in (0x80, 0xFF):  # GNU's way of writing sizes over 8 GiB
        return int.from_bytes(field[1:], "big")
    try:
        return int(field.strip(b" \0") or b"0", 8)
    except ValueError as error:
        raise UnreadableSource("the archive is damaged: a size in it is no number. Fetch it again.") from error


def _attributes(data: bytes) -> dict[str, str]:
    """The `length key=value` lines of a pax header."""
    found: dict[str, str] = {}
    at = 0
    while at < len(data):
        digits, space, _ = data[at : at + 9].partition(b" ")
        if not space or not digits.isdigit() or not len(digits) < int(digits) <= len(data) - at:
            raise UnreadableSource("the archive is damaged: a header in it cannot be read. Fetch it again.")
        end = at + int(digits)
        key, _, value = data[at + len(digits) + 1 : end].rstrip(b"\n").partition(b"=")
        found[key.decode("utf-8", "replace")] = value.decode("utf-8", "surrogateescape")
        at = end
    return found
