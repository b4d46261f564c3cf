"""Archives among the files of a folder, an archive or an image: opened where they lie, and never unpacked to a disk.

What is in one has a path with `!/` behind the archive's: `lib/app.war!/WEB-INF/lib/a.jar!/META-INF/MANIFEST.MF`.
"""

from collections.abc import Iterator
from typing import IO

from vallum_engine.errors import UnreadableSource
from vallum_engine.model.file import WITHIN, File, Skipped
from vallum_engine.sources import tarballs, zips
from vallum_engine.sources.limits import ArchiveLimits
from vallum_engine.sources.member import Member
from vallum_engine.sources.reader import Packed, Reader, TooMuch
from vallum_engine.sources.streams import CHUNK, DAMAGE, HEAD, Begun, is_compressed, unpacked

_MOST_REASONS = 20
_ENDINGS = (".gz", ".bz2", ".xz", ".zst", ".zstd")


def inside(item: Packed, reader: Reader, level: int = 1) -> Iterator[File | Skipped]:
    """The files in an archive, and in those in it. What is wrong with it is a gap at its path; its own binary files are one line.

    Raises TooMuch at the limits, which the outermost archive shares with all that it holds.
    """
    if level > reader.limits.levels:
        yield Skipped(item.path, f"an archive in {reader.limits.levels} others, one in another: not opened")
        return
    left = _Left(item.path)
    reader.held += item.length
    try:
        for member in _members(item, reader):
            reader.met()
            found = None if member.folder else reader.file(member, item.path)
            if isinstance(found, Packed):
                yield from inside(found, reader, level + 1)
            elif isinstance(found, File):
                yield found
            elif found:
                left.out(found)
    except TooMuch:
        raise
    except UnreadableSource as error:
        yield Skipped(item.path, f"an archive: {error}")
    except DAMAGE as error:
        yield Skipped(item.path, f"an archive that is damaged or cut off: {error}")
    except OSError as error:  # also how bzip2 says that its stream is damaged
        yield Skipped(item.path, f"an archive that cannot be read: {error.strerror or error}")
    finally:
        reader.held -= item.length
    yield from left.told()


def alone(path: str, content: IO[bytes], length: int, limits: ArchiveLimits) -> tuple[Reader, Iterator[File | Skipped]]:
    """The same for an archive that has limits of its own: one that meets them is a gap. The reader says what it came to."""
    reader = Reader(limits, length)
    # It lies on a disk, and what is held in memory is counted of those in it.
    return reader, _alone(Packed(path, content, 0), reader)


def _alone(item: Packed, reader: Reader) -> Iterator[File | Skipped]:
    try:
        yield from inside(item, reader)
    except TooMuch as error:
        yield Skipped(item.path, f"an archive: {error}")


def _members(item: Packed, reader: Reader) -> Iterator[Member]:
    item.content.seek(0)
    head = item.content.read(HEAD)
    item.content.seek(0)
    if zips.is_zip(head):
        return zips.members(item.content, reader.limits)
    stream = unpacked(item.content, head)
    if stream is None:
        raise UnreadableSource("it cannot be opened.")
    if not is_compressed(head):
        return tarballs.members(stream, reader.spend)
    first = _first(stream)
    whole = Begun(first, stream)
    return tarballs.members(whole, reader.spend) if tarballs.is_header(first) else iter([_only(item.path, whole)])


def _first(stream: tarballs.Stream) -> bytes:
    """As many bytes as a tar's header has: a stream may give fewer than it is asked for."""
    blocks, missing = [], HEAD
    while missing and (block := stream.read(missing)):
        blocks.append(block)
        missing -= len(block)
    return b"".join(blocks)


def _only(path: str, stream: tarballs.Stream | IO[bytes]) -> Member:
    """The one file of a compressed file: its name without the ending."""
    name = path.rpartition("/")[2]
    ending = next((ending for ending in _ENDINGS if name.lower().endswith(ending)), "")

    def blocks() -> Iterator[bytes]:
        while block := stream.read(CHUNK):
            yield block

    return Member(name=name[: len(name) - len(ending)] or name, blocks=blocks)


class _Left:
    """What was left out of one archive: a jar has thousands of classes, and a line for each would drown the rest."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._reasons: dict[tuple[str, bool], tuple[Skipped, int]] = {}

    def out(self, item: Skipped) -> None:
        kind = (item.why.partition(":")[0], item.covered)
        if kind not in self._reasons and len(self._reasons) >= _MOST_REASONS:
            kind = ("", item.covered)
        first, count = self._reasons.get(kind, (item, 0))
        self._reasons[kind] = (first, count + 1)

    def told(self) -> Iterator[Skipped]:
        for first, count in self._reasons.values():
            name = first.path.removeprefix(self._path + WITHIN)
            more = f" and {count - 1:,} more" if count > 1 else ""
            yield Skipped(self._path, f"in it {name}{more}: {first.why}", covered=first.covered)
