"""Bytes into sealed chunks of a storage, and back: in order, whole, and nothing else."""

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from hashlib import sha256
from typing import IO, Any, Final, Self

from vallum_web.backups.errors import DamagedError, MissingError
from vallum_web.backups.sealing import CHUNK, BackupKey, Place, close, opened
from vallum_web.backups.stores import Store

_PIECE: Final = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """What the manifest says of one."""

    name: str
    chunks: int
    size: int
    """Of what went in."""
    stored: int
    """Of what lies there."""
    sha256: str

    @classmethod
    def parse(cls, read: dict[str, Any]) -> Self:
        numbers = {name: int(read[name]) for name in ("chunks", "size", "stored")}
        return cls(name=str(read["name"]), sha256=str(read["sha256"]), **numbers)

    def told(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """One backup's objects in a storage: `main/<backup>/<stream>/<chunk>`."""

    store: Store
    key: BackupKey
    kind: str
    backup: str

    @property
    def prefix(self) -> str:
        return f"{self.kind}/{self.backup}/"

    def object(self, stream: str, index: int) -> str:
        return f"{self.prefix}{stream}/{index:07}"


class Writer:
    """A file to write to. A chunk goes out when it is full and more has come, so the last one is known as such."""

    def __init__(self, shelf: Shelf, name: str) -> None:
        self._shelf, self._name = shelf, name
        self._waiting = bytearray()
        self._hash = sha256()
        self._chunks = self._size = self._stored = 0

    def write(self, data: bytes) -> int:
        self._hash.update(data)
        self._size += len(data)
        self._waiting += data
        while len(self._waiting) > CHUNK:
            self._put(bytes(self._waiting[:CHUNK]), last=False)
            del self._waiting[:CHUNK]
        return len(data)

    def take(self, file: IO[bytes]) -> None:
        """All that comes out of a file or a pipe."""
        while piece := file.read(_PIECE):
            self.write(piece)

    def end(self) -> Stream:
        self._put(bytes(self._waiting), last=True)
        digest = self._hash.hexdigest()
        return Stream(name=self._name, chunks=self._chunks, size=self._size, stored=self._stored, sha256=digest)

    def _put(self, data: bytes, *, last: bool) -> None:
        place = Place(backup=self._shelf.backup, stream=self._name, index=self._chunks, last=last)
        sealed = close(self._shelf.key, place, data)
        self._shelf.store.put(self._shelf.object(self._name, self._chunks), sealed)
        self._chunks += 1
        self._stored += len(sealed)


def read(shelf: Shelf, stream: Stream) -> Iterator[bytes]:
    """The chunks, each proved before it is handed over; at the end the whole. Raises DamagedError."""
    digest, size = sha256(), 0
    for index in range(stream.chunks):
        place = Place(backup=shelf.backup, stream=stream.name, index=index, last=index == stream.chunks - 1)
        data = opened(shelf.key, place, _fetched(shelf, place))
        digest.update(data)
        size += len(data)
        yield data
    if (size, digest.hexdigest()) != (stream.size, stream.sha256):
        raise DamagedError(
            f"{stream.name} of backup {shelf.backup} is not what its manifest says. Take another backup."
        )


def feed(shelf: Shelf, stream: Stream, write: Callable[[bytes], object]) -> None:
    """As `read`, into a pipe or a file. Raises DamagedError."""
    for data in read(shelf, stream):
        write(data)


def _fetched(shelf: Shelf, place: Place) -> bytes:
    try:
        return shelf.store.get(shelf.object(place.stream, place.index))
    except MissingError as error:
        raise DamagedError(f"The {place} is missing from {shelf.store}. Take another backup.") from error
