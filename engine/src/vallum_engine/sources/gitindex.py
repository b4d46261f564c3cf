"""Git's index: which files are tracked. Read from bytes that may be hostile; nothing is executed or followed."""

import re
import struct
from struct import unpack_from

from vallum_engine.errors import UnreadableSource
from vallum_engine.values import immutable

MAX_BYTES = 256 << 20
MAX_NAME = 4096
MAX_NAMES_BYTES = 512 << 20
_SHA256 = rb"(?im)^\s*objectformat\s*=\s*sha256\s*$"


@immutable(kw_only=False)
class Tracked:
    """The tracked files below a folder, as paths from there, and every folder that holds one."""

    files: frozenset[str]
    folders: frozenset[str]


NOTHING = Tracked(frozenset(), frozenset())


def is_sha256(config: bytes) -> bool:
    """Whether a repository's configuration says that its object names, so the index's entries too, are longer."""
    return re.search(_SHA256, config) is not None


def parse(data: bytes, *, sha256: bool = False, below: str = "") -> Tracked:
    """The tracked files below the folder `below` (ends in `/`, or is empty).

    Raises UnreadableSource where the bytes are no index of version 2 to 4, or one that is split over two files.
    """
    try:
        names = _names(data, 32 if sha256 else 20)
    except (struct.error, IndexError, ValueError) as error:
        raise UnreadableSource(f"git's index is damaged ({error}).") from error
    files = frozenset(name[len(below) :] for name in names if name.startswith(below))
    folders: set[str] = set()
    for name in files:
        end = name.rfind("/")
        while end > 0 and name[:end] not in folders:
            folders.add(name[:end])
            end = name.rfind("/", 0, end)
    return Tracked(files, frozenset(folders))


def _names(data: bytes, hash_bytes: int) -> list[str]:
    signature, version, count = unpack_from(">4sLL", data)
    if signature != b"DIRC" or version not in (2, 3, 4):
        raise UnreadableSource("git's index is of a kind this reader does not know.")
    position, total, name = 12, 0, b""
    fixed = 40 + hash_bytes
    names = []
    for _ in range(count):
        flags = data[position + fixed] << 8 | data[position + fixed + 1]
        start = position + fixed + (4 if flags & 0x4000 and version > 2 else 2)
        if version == 4:
            strip, start = _offset(data, start)
            end = data.index(b"\0", start)
            name = name[: len(name) - min(strip, len(name))] + data[start:end]
            position = end + 1
        else:
            end = data.index(b"\0", start)
            name = data[start:end]
            position += (end - position + 8) & ~7
        total += len(name)
        if len(name) > MAX_NAME or total > MAX_NAMES_BYTES:
            raise UnreadableSource("git's index holds names that no file system takes.")
        names.append(name.decode("utf-8", "surrogateescape"))
    _refuse_split(data, position, hash_bytes)
    return names


def _offset(data: bytes, position: int) -> tuple[int, int]:
    """Git's variable-width number at `position`, and where it ends."""
    byte = data[position]
    value = byte & 0x7F
    for _ in range(8):
        position += 1
        if not byte & 0x80:
            return value, position
        byte = data[position]
        value = (value + 1) << 7 | byte & 0x7F
    raise UnreadableSource("git's index holds a number that is too large.")


def _refuse_split(data: bytes, position: int, hash_bytes: int) -> None:
    end = len(data) - hash_bytes
    while position + 8 <= end:
        signature, size = unpack_from(">4sL", data, position)
        if signature == b"link":
            raise UnreadableSource("git's index is split over two files.")
        position += 8 + size
