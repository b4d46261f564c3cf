"""Bytes kept beside the database, by organization: raw reports and uploaded archives; on a shelf of their own, exports.

A shelf is one app's: it knows its own blobs, and nobody else sweeps them.
"""

import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import IO
from uuid import UUID

from django.conf import settings

from vallum_web.tenancy import clock
from vallum_web.tenancy.keys import uuid7

ABANDONED = timedelta(days=1)


class TooLargeError(ValueError):
    """More bytes than the caller allowed; nothing of them was kept."""


class Writer:
    """Counts and hashes what it writes; refuses over its limit."""

    def __init__(self, file: IO[bytes], limit: int) -> None:
        self.id = uuid7()
        self.size = 0
        self._file, self._limit, self._hash = file, limit, sha256()

    def write(self, data: bytes) -> None:
        self.size += len(data)
        if self.size > self._limit:
            raise TooLargeError(f"Larger than the {self._limit:,} bytes allowed here.")
        self._hash.update(data)
        self._file.write(data)

    @property
    def digest(self) -> str:
        return self._hash.hexdigest()


@contextmanager
def create(org: UUID, *, limit: int, shelf: str = "") -> Iterator[Writer]:
    """Write a blob; it exists, whole and on disk, only when the block ends well."""
    folder = _folder(org, shelf)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    partial = folder / f"{uuid7()}.part"
    handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            writer = Writer(file, limit)
            yield writer
            file.flush()
            os.fsync(file.fileno())
        partial.rename(folder / str(writer.id))
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


def take(org: UUID, file: Path) -> UUID:
    """Make a blob of a file of ours, which is moved: within one file system nothing is copied."""
    folder = _folder(org, "")
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    key = uuid7()
    partial = folder / f"{key}.part"
    try:
        shutil.move(file, partial)
        with partial.open("rb") as moved:
            os.fsync(moved.fileno())
        partial.rename(folder / str(key))
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
    return key


def again(org: UUID, blob: UUID) -> UUID:
    """Another blob of the same bytes, which are not copied. Raises FileNotFoundError."""
    key = uuid7()
    os.link(path(org, blob), path(org, key))
    return key


def left(org: UUID, *, shelf: str = "") -> list[UUID]:
    """The blobs that nobody has written to for a day."""
    last = (clock.now() - ABANDONED).timestamp()
    files = [file for file in _folder(org, shelf).glob("*-*") if file.suffix != ".part"]
    return sorted(UUID(file.name) for file in files if file.stat().st_mtime < last)


@contextmanager
def unless_kept(org: UUID, blob: UUID, *, shelf: str = "") -> Iterator[None]:
    """Delete the blob when the block that was to refer to it fails: nothing else would ever look at it."""
    try:
        yield
    except BaseException:
        delete(org, blob, shelf=shelf)
        raise


def path(org: UUID, blob: UUID, *, shelf: str = "") -> Path:
    return _folder(org, shelf) / str(blob)


def delete(org: UUID, blob: UUID, *, shelf: str = "") -> None:
    path(org, blob, shelf=shelf).unlink(missing_ok=True)


def forget_org(org: UUID) -> int:
    """Delete all of an organization's, on every shelf. How many there were."""
    folder = Path(settings.HOME) / "blobs" / str(org)
    count = sum(file.is_file() for file in folder.rglob("*"))
    shutil.rmtree(folder, ignore_errors=True)
    if folder.exists():
        raise OSError(f"{folder} cannot be deleted: see who owns it.")
    return count


def prune() -> int:
    """Delete the parts of blobs that were never finished."""
    return forget((Path(settings.HOME) / "blobs").rglob("*.part"))


def forget(files: Iterable[Path]) -> int:
    """Delete those of these files that nobody has written to for a day."""
    last = (clock.now() - ABANDONED).timestamp()
    old = [file for file in files if file.stat().st_mtime < last]
    for file in old:
        file.unlink(missing_ok=True)
    return len(old)


def _folder(org: UUID, shelf: str) -> Path:
    return Path(settings.HOME) / "blobs" / str(org) / shelf
