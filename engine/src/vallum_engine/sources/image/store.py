"""Where an image's parts lie: in a tar file, or in a folder as the OCI lays it out."""

import gzip
import io
import os
import posixpath
import re
import stat
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Protocol, cast

from vallum_engine.errors import UnreadableSource
from vallum_engine.model.text import printable, size
from vallum_engine.sources import tarballs
from vallum_engine.sources.archive import regular
from vallum_engine.sources.limits import ImageLimits
from vallum_engine.sources.reader import LONGEST_NAME, normalized
from vallum_engine.sources.streams import unpacked
from vallum_engine.values import immutable

MAX_DOCUMENT = 8 << 20
"""A manifest, an index or a configuration; registries take 4 MiB."""

_MOST_PARTS = 10_000
_CHUNK = 1 << 20
_FIRST = re.compile(
    r"(?:blobs(?:/|$)|oci-layout$|index\.json$|manifest\.json$|repositories$|(?:sha256:)?[0-9a-f]{64}(?:[./]|$))"
)
"""How the entries of an image's archive are called: another archive is not read to its end to learn what it is."""

_OLD = re.compile(r"(?:sha256:)?[0-9a-f]{64}[./]")
_BLOB = re.compile(r"blobs/[a-z0-9]+(?:[+._-][a-z0-9]+)*/[A-Za-z0-9=_-]{32,128}")
_FOLDER = os.O_RDONLY | os.O_NOFOLLOW | os.O_DIRECTORY | os.O_CLOEXEC
_MOST_LINKS = 5
_MOST_UNPACKED = 2
"""How many times the most that an image may hold is unpacked to get to its parts."""


class Store(Protocol):
    """The parts of an image by name."""

    @property
    def size(self) -> int:
        """Bytes of all parts."""
        ...

    def has(self, name: str) -> bool: ...

    def open(self, name: str) -> IO[bytes]:
        """Raises OSError for a part that is not there."""
        ...


def opened(path: str, limits: ImageLimits, held: ExitStack) -> Store | None:
    """The parts of the image at `path`, open until `held` closes; None for what is no image. Raises OSError."""
    if Path(path).is_dir():
        folder = os.open(path, _FOLDER & ~os.O_NOFOLLOW)
        held.callback(os.close, folder)
        found = _Folder(folder)
        return found if found.has("oci-layout") and found.has("index.json") else None
    file = held.enter_context(os.fdopen(regular(path, os.O_RDONLY | os.O_CLOEXEC), "rb"))
    length = os.fstat(file.fileno()).st_size
    if length > limits.packed_bytes:
        raise UnreadableSource(f"the image is larger than {size(limits.packed_bytes)}: {size(length)}.")
    return _tar(file, length, limits)


def document(store: Store, name: str) -> bytes:
    """A part that is read whole. Raises UnreadableSource where it is missing or too large."""
    if not store.has(name):
        raise UnreadableSource(f"the image holds no {printable(name)}, which it says that it has: fetch it again.")
    with store.open(name) as part:
        data = part.read(MAX_DOCUMENT + 1)
    if len(data) > MAX_DOCUMENT:
        raise UnreadableSource(f"{printable(name)} of the image is larger than {size(MAX_DOCUMENT)}.")
    return data


@immutable(kw_only=False)
class _Place:
    start: int
    length: int
    target: str = ""


class _Tar:
    def __init__(self, file: IO[bytes], length: int, places: dict[str, _Place], unpacks: int) -> None:
        self._file = file
        self._places = places
        self.size = length
        self._left = unpacks
        """Bytes that may still be unpacked on the way to parts, where the archive is gzip."""

    def has(self, name: str) -> bool:
        return self._place(name) is not None

    def open(self, name: str) -> IO[bytes]:
        place = self._place(name)
        if place is None:
            raise FileNotFoundError(2, "not in the archive", name)
        if isinstance(self._file, gzip.GzipFile):
            self._reach(place.start, self._file.tell())
        return io.BufferedReader(_Part(self._file, place.start, place.length), _CHUNK)

    def _reach(self, start: int, at: int) -> None:
        """What lies behind is reached from the beginning: a thousand small layers behind a large one would take hours."""
        self._left -= start - at if start >= at else start
        if self._left < 0:
            raise UnreadableSource(
                "stopped: its parts lie so that the image would be unpacked again and again. Unpack it (`gzip -d`), and scan that."
            )

    def _place(self, name: str) -> _Place | None:
        """Docker has written a layer that is there twice as a link to the first one."""
        for _ in range(_MOST_LINKS):
            place = self._places.get(name)
            if place is None or not place.target:
                return place
            name = posixpath.normpath(posixpath.join(posixpath.dirname(name), place.target))
        return None


def _tar(file: IO[bytes], length: int, limits: ImageLimits) -> _Tar | None:
    """None for another archive, which its first entry tells."""
    head = file.read(512)
    file.seek(0)
    outer = _outer(file, head)
    if outer is None:
        return None
    places: dict[str, _Place] = {}
    budget = _Budget(outer, min(limits.total_bytes, max(length * limits.ratio, limits.ratio_floor)))
    try:
        for member in tarballs.members(outer, budget.spend, leap=budget.leap):
            name = "" if max(len(member.name), len(member.target)) > LONGEST_NAME else normalized(member.name) or ""
            if not places and not _FIRST.match(name):
                return None
            budget.part()
            if name and not member.hard:
                places.setdefault(name, _Place(outer.tell(), member.size, member.target))
    except UnreadableSource:
        if not places:
            return None
        raise
    return (
        _Tar(outer, length, places, _MOST_UNPACKED * limits.total_bytes)
        if {"manifest.json", "oci-layout"} & places.keys()
        else None
    )


def _outer(file: IO[bytes], head: bytes) -> IO[bytes] | None:
    """The archive as a stream that can be read from any place; gzip can, at the price of reading from the start again."""
    if tarballs.is_header(head):
        return file
    if head.startswith(b"\x1f\x8b"):
        return cast("IO[bytes]", gzip.GzipFile(fileobj=file))
    stream = None if head.startswith(b"PK") else unpacked(file, head)
    if stream is not None:
        first = stream.read(512)
        file.seek(0)
        name = first[:100].split(b"\0", 1)[0].decode("utf-8", "replace")
        if tarballs.is_header(first) and (name.startswith("blobs/") or _OLD.match(name)):
            raise UnreadableSource(
                "an image packed like this cannot be read from the middle: unpack it, or pack it with gzip."
            )
    return None


class _Budget:
    """Of what an archive's parts and their names unpack to, and of the parts."""

    def __init__(self, outer: IO[bytes], allowed: int) -> None:
        self._outer = outer
        self._allowed = allowed
        self._parts = 0

    def spend(self, more: int) -> None:
        self._allowed -= more
        if self._allowed < 0:
            raise UnreadableSource("stopped: the image unpacks to more than any does, as only an archive bomb does.")

    def leap(self, more: int) -> None:
        self.spend(more)
        self._outer.seek(more, os.SEEK_CUR)

    def part(self) -> None:
        self._parts += 1
        if self._parts > _MOST_PARTS:
            raise UnreadableSource(f"the image has more than {_MOST_PARTS:,} parts.")


class _Part(io.RawIOBase):
    """A stretch of a file. Only one is read at a time: they share the file's position."""

    def __init__(self, file: IO[bytes], start: int, length: int) -> None:
        self._file = file
        self._at = start
        self._end = start + length

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return False

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # narrower than typeshed's Buffer
        self._file.seek(self._at)
        data = self._file.read(min(len(buffer), self._end - self._at))
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)


class _Folder:
    """A layout on a disk. Names are those of the layout alone, and nothing is followed out of it."""

    def __init__(self, folder: int) -> None:
        self._folder = folder
        self._seen: dict[str, int] = {}

    @property
    def size(self) -> int:
        """Of the parts that were asked about; the manifest names them all before a layer is read."""
        return sum(self._seen.values())

    def has(self, name: str) -> bool:
        try:
            descriptor = self._open(name)
        except OSError:
            return False
        self._seen[name] = os.fstat(descriptor).st_size
        os.close(descriptor)
        return True

    def open(self, name: str) -> IO[bytes]:
        return io.BufferedReader(io.FileIO(self._open(name)), _CHUNK)

    def _open(self, name: str) -> int:
        if name not in ("index.json", "oci-layout") and not _BLOB.fullmatch(name):
            raise FileNotFoundError(2, "no name of an image's part", name)
        *folders, last = name.split("/")
        at = self._folder
        try:
            for folder in folders:
                below = os.open(folder, _FOLDER, dir_fd=at)
                if at != self._folder:
                    os.close(at)
                at = below
            descriptor = os.open(last, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=at)
        finally:
            if at != self._folder:
                os.close(at)
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise FileNotFoundError(2, "no file", name)
        return descriptor
