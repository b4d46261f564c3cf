"""An archive as a source: read in memory as a stream, and never unpacked to a disk."""

import os
import stat
from collections.abc import Iterator
from functools import partial
from typing import IO

from vallum_engine.errors import UnreadableSource
from vallum_engine.model.file import File, Skipped
from vallum_engine.model.text import printable, size
from vallum_engine.sources import executables, nested, tarballs, zips
from vallum_engine.sources.content import is_binary
from vallum_engine.sources.limits import ArchiveLimits
from vallum_engine.sources.member import Member
from vallum_engine.sources.reader import Packed, Reader, normalized
from vallum_engine.sources.streams import DAMAGE, HEAD, unpacked

DEFAULT_LIMITS = ArchiveLimits()
ENDINGS = (".zip", ".whl", ".jar", ".crate", ".tar", ".tar.gz", ".tgz", ".tar.xz", ".tar.bz2", ".tar.zst")
"""Of messages, and of what must be one: an archive is known by its first bytes, whatever its name."""
_BLOCK = 1 << 16


def read(path: str, *, limits: ArchiveLimits = DEFAULT_LIMITS) -> Iterator[File | Skipped]:
    """Every file in the archive and in the archives in it, in the archive's order.

    A text or program that does not have the name of an archive is one file.

    Raises UnreadableSource when it is no archive, when it is cut off or damaged, and when a limit on the whole is
    met: what came before that stands, and the walk is incomplete.
    """
    try:
        with open(path, "rb", opener=regular) as packed:
            length = os.fstat(packed.fileno()).st_size
            if length > limits.packed_bytes:
                raise UnreadableSource(f"the archive is larger than {size(limits.packed_bytes)}: {size(length)}.")
            reader = Reader(limits, length)
            yield from _files(reader, _members(packed, reader, path))
    except DAMAGE as error:
        raise UnreadableSource(f"{printable(path)} is damaged or cut off ({error}): fetch it again.") from error
    except OSError as error:
        raise UnreadableSource(f"{printable(path)} cannot be read: {error.strerror or error}.") from error


def regular(path: str, flags: int) -> int:
    """Open what is a regular file; a device or a pipe would never end."""
    descriptor = os.open(path, flags | os.O_NONBLOCK)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise UnreadableSource(f"{printable(path)} is neither a folder nor a file.")
    return descriptor


def _files(reader: Reader, members: Iterator[Member]) -> Iterator[File | Skipped]:
    for member in members:
        reader.met()
        item = None if member.folder else reader.file(member)
        if isinstance(item, Packed):
            yield from nested.inside(item, reader)
        elif item:
            yield item


def _members(packed: IO[bytes], reader: Reader, path: str) -> Iterator[Member]:
    head = packed.read(HEAD)
    packed.seek(0)
    if zips.is_zip(head):
        return zips.members(packed, reader.limits)
    if stream := unpacked(packed, head):
        return tarballs.members(stream, reader.spend)
    name = path.rpartition("/")[2]
    legible = not is_binary(head) or executables.is_executable(head)  # else it may be an archive of another kind
    if legible and not name.lower().endswith(ENDINGS):
        shown = path if normalized(path) else name
        blocks = partial(iter, partial(packed.read, _BLOCK), b"")
        return iter((Member(name=shown, size=reader.packed, blocks=blocks),))
    raise UnreadableSource(f"this is no archive that Vallum reads. It reads {', '.join(ENDINGS)}")
