"""What compilers leave in programs about the packages these are made of, found without reading the whole file.

Go writes its modules into every program (`.go.buildinfo`, https://pkg.go.dev/debug/buildinfo), cargo-auditable the crates
(`.dep-v0`, https://github.com/rust-secure-code/cargo-auditable/blob/master/PARSING.md). ELF, PE and Mach-O are read.
Every offset is the file's own and may be a lie: reads are few, short and within limits.
"""

import os
import struct
from collections.abc import Callable, Iterator

from vallum_engine.model.file import PROGRAMS_TELL, File
from vallum_engine.values import immutable

Read = Callable[[int, int], bytes]
"""Bytes from an offset, at most as many as asked for."""

GO, RUST = PROGRAMS_TELL
MOST_INFO = 16 << 20
MOST_SECTIONS = 4096
MOST_TABLE = 64 * MOST_SECTIONS
"""Bytes of a table of sections or segments; a file says itself how long each of its rows is."""
_LONGEST_NAME = 64
_MAGIC = b"\xff Go buildinf:"
_ALIGNED = 16
_SEARCHED = 1 << 20
"""Bytes of a data segment in which the mark of Go is looked for where no section has its name."""


@immutable(kw_only=False)
class _Part:
    """A section or segment: where it lies in the file and in memory."""

    name: str
    offset: int
    size: int
    address: int
    writable: bool = False


def told_of(path: str, data: bytes, descriptor: int | None = None) -> File | None:
    """What a program tells, as a file that lies in it: `bin/tool/go.buildinfo`. `data` is all of it, or with a descriptor its head."""
    if not is_executable(data):
        return None

    def read(at: int, size: int) -> bytes:
        if descriptor is None:
            return data[at : at + size]
        try:
            return os.pread(descriptor, size, at)
        except (OSError, OverflowError):  # an offset that no file has
            return b""

    found = told(data, read)
    return File(f"{path}/{found[0]}", found[1], found[0] == RUST) if found else None


def is_executable(head: bytes) -> bool:
    return head[:4] in (b"\x7fELF", *_MACHO) or head[:2] == b"MZ"


def told(head: bytes, read: Read) -> tuple[str, bytes] | None:
    """The name of what a program tells, and the telling: of Go as text, of Rust as it is packed. None where it tells nothing."""
    try:
        parts = list(_parts(head, read))
    except (struct.error, IndexError, ValueError, OverflowError):
        return None
    for part in parts:
        if part.name == ".dep-v0":
            return RUST, read(part.offset, min(part.size, MOST_INFO))
    named = [part for part in parts if part.name in {".go.buildinfo", "__go_buildinfo"}]
    for part in named or [part for part in parts if part.writable][:1]:
        try:
            if text := _go(part, parts, read):
                return GO, text
        except (struct.error, IndexError, ValueError, OverflowError):
            continue
    return None


def _parts(head: bytes, read: Read) -> Iterator[_Part]:
    if head[:4] == b"\x7fELF":
        yield from _elf(head, read)
    elif head[:2] == b"MZ":
        yield from _pe(head, read)
    elif head[:4] in _MACHO:
        yield from _macho(0, read)


def _elf(head: bytes, read: Read) -> Iterator[_Part]:
    order, wide = "<" if head[5] == 1 else ">", head[4] == 2
    programs, sections = struct.unpack_from(order + ("QQ" if wide else "II"), head, 32 if wide else 28)
    own, count, section, many, names = struct.unpack_from(order + "HHHHH", head, 54 if wide else 42)
    table = read(sections, min(section * many, MOST_TABLE)) if section >= (64 if wide else 40) else b""
    form = order + ("IIQQQQ" if wide else "IIIIII")
    rows = [struct.unpack_from(form, table, at) for at in range(0, len(table) - section + 1, section)] if table else []
    strings = read(rows[names][4], min(rows[names][5], 1 << 20)) if names < len(rows) else b""
    for name, _, flags, address, offset, size in rows:
        yield _Part(_text(strings, name), offset, size, address, writable=not name and bool(flags & 1))
    table = read(programs, min(own * count, MOST_TABLE)) if own >= (56 if wide else 32) else b""
    for at in range(0, len(table) - own + 1, own or 1) if table else ():
        if wide:
            kind, flags, offset, address, _, size = struct.unpack_from(order + "IIQQQQ", table, at)
        else:
            kind, offset, address, _, size, _, flags = struct.unpack_from(order + "IIIIIII", table, at)
        if kind == 1:
            yield _Part("", offset, size, address, writable=bool(flags & 2))


def _pe(head: bytes, read: Read) -> Iterator[_Part]:
    (start,) = struct.unpack_from("<I", head, 0x3C)
    header = read(start, 24 + 240)
    if header[:4] != b"PE\0\0":
        return
    count, optional = struct.unpack_from("<H", header, 6)[0], struct.unpack_from("<H", header, 20)[0]
    (magic,) = struct.unpack_from("<H", header, 24)
    base = struct.unpack_from("<Q", header, 48)[0] if magic == 0x20B else struct.unpack_from("<I", header, 52)[0]
    table = read(start + 24 + optional, 40 * min(count, MOST_SECTIONS))
    for at in range(0, len(table) - 39, 40):
        name, _, address, size, offset, _, _, _, _, flags = struct.unpack_from("<8sIIIIIIHHI", table, at)
        # Initialised data that may be read and written.
        writable = flags & 0xC0000040 == 0xC0000040
        yield _Part(name.rstrip(b"\0").decode("latin-1"), offset, size, base + address, writable=writable)


_MACHO = (b"\xcf\xfa\xed\xfe", b"\xce\xfa\xed\xfe", b"\xfe\xed\xfa\xcf", b"\xfe\xed\xfa\xce", b"\xca\xfe\xba\xbe")


def _macho(start: int, read: Read) -> Iterator[_Part]:
    magic = read(start, 4)
    if magic == b"\xca\xfe\xba\xbe":
        if start == 0:
            # One program for each processor, all of the same packages: the first speaks.
            (count, *_), (first,) = struct.unpack(">I", read(4, 4)), struct.unpack(">I", read(16, 4))
            # A Java class begins with the same mark, and its version is no count of processors.
            yield from _macho(first, read) if 0 < count < 20 else ()
        return
    wide, order = magic in (_MACHO[0], _MACHO[2]), "<" if magic in _MACHO[:2] else ">"
    count, size = struct.unpack_from(order + "II", read(start, 28), 16)
    commands = read(start + (32 if wide else 28), min(size, 1 << 20))
    at = 0
    for _ in range(min(count, MOST_SECTIONS)):
        kind, length = struct.unpack_from(order + "II", commands, at)
        if kind == (0x19 if wide else 0x1):
            yield from _segment(commands, at, start, order=order, wide=wide)
        if length < 8:
            return
        at += length


def _segment(commands: bytes, at: int, start: int, *, order: str, wide: bool) -> Iterator[_Part]:
    name = commands[at + 8 : at + 24].rstrip(b"\0")
    address, _, offset, size = struct.unpack_from(order + ("QQQQ" if wide else "IIII"), commands, at + 24)
    yield _Part("", start + offset, size, address, writable=name == b"__DATA")
    (count,) = struct.unpack_from(order + "I", commands, at + (64 if wide else 48))
    row = 80 if wide else 68
    for number in range(min(count, MOST_SECTIONS)):
        place = at + (72 if wide else 56) + number * row
        address, size, offset = struct.unpack_from(order + ("QQI" if wide else "III"), commands, place + 32)
        section = commands[place : place + 16].rstrip(b"\0").decode("latin-1")
        yield _Part(section, start + offset, size, address)


def _go(part: _Part, parts: list[_Part], read: Read) -> bytes:
    """The version of Go and the modules, as lines; empty where the mark is not there."""
    data = read(part.offset, min(part.size, _SEARCHED))
    at = data.find(_MAGIC)
    while at >= 0 and at % _ALIGNED:
        at = data.find(_MAGIC, at + 1)
    if at < 0 or len(data) < at + 32:
        return b""
    pointer, flags = data[at + 14], data[at + 15]
    if flags & 2:
        version, after = _counted(data, at + 32)
        modules, _ = _counted(data, after)
    else:
        # Before Go 1.18: two addresses of strings, each an address and a length.
        order, letter = ">" if flags & 1 else "<", "Q" if pointer == 8 else "I"
        first, second = struct.unpack_from(order + letter * 2, data, at + 16)
        version, modules = (_string(address, order + letter * 2, parts, read) for address in (first, second))
    # The module's text stands between two marks of 16 bytes.
    modules = modules[16:-16] if len(modules) >= 33 and modules[-17:-16] == b"\n" else b""
    return b"go\t" + version + b"\n" + modules if version.startswith((b"go", b"devel")) else b""


def _counted(data: bytes, at: int) -> tuple[bytes, int]:
    """A string with its length before it, seven bits a byte, and where it ends."""
    length = shift = 0
    while shift < 35:
        byte = data[at] if at < len(data) else 0
        at += 1
        length |= (byte & 0x7F) << shift
        if byte < 0x80:
            break
        shift += 7
    return data[at : at + min(length, MOST_INFO)], at + length


def _string(address: int, form: str, parts: list[_Part], read: Read) -> bytes:
    place, length = struct.unpack(form, _memory(address, struct.calcsize(form), parts, read))
    return _memory(place, min(length, MOST_INFO), parts, read)


def _memory(address: int, size: int, parts: list[_Part], read: Read) -> bytes:
    for part in parts:
        if part.address <= address < part.address + part.size and part.offset:
            return read(part.offset + address - part.address, size)
    return b""


def _text(strings: bytes, at: int) -> str:
    return strings[at : at + _LONGEST_NAME].partition(b"\0")[0].decode("latin-1")
