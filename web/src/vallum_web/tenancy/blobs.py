"""Bytes kept beside the database, by organization: raw reports and uploaded archives; on a shelf of their own, exports.

A shelf is one app's: it knows its own blobs, and nobody else sweeps them. All of them are encrypted under a key of their owner's,
which is destroyed with the owner: a copy in a backup is dead from then on.
"""

import io
import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import IO
from uuid import UUID

from django.conf import settings

from vallum_web.tenancy import clock, sealed_files
from vallum_web.tenancy.keyring import keys
from vallum_web.tenancy.keyring.envelope import DataKey
from vallum_web.tenancy.keyring.errors import KeyringError
from vallum_web.tenancy.keyring.keys import Owner
from vallum_web.tenancy.keys import uuid7
from vallum_web.tenancy.sealed_files import Sealer

ABANDONED = timedelta(days=1)


class TooLargeError(ValueError):
    """More bytes than the caller allowed; nothing of them was kept."""


class Writer:
    """Counts and hashes what it writes; refuses over its limit."""

    def __init__(self, sealer: Sealer, limit: int) -> None:
        self.id = uuid7()
        self.size = 0
        self._sealer, self._limit, self._hash = sealer, limit, sha256()

    def write(self, data: bytes) -> None:
        self.size += len(data)
        if self.size > self._limit:
            raise TooLargeError(f"Larger than the {self._limit:,} bytes allowed here.")
        self._hash.update(data)
        self._sealer.write(data)

    @property
    def digest(self) -> str:
        return self._hash.hexdigest()


@contextmanager
def create(org: UUID, *, limit: int, shelf: str = "") -> Iterator[Writer]:
    """Write a blob; it exists, whole and on disk, only when the block ends well. Raises KeyringError."""
    with _sealed(org, shelf) as (sealer, name):
        writer = Writer(sealer, limit)
        yield writer
        sealer.end()
        name(writer.id)


def take(org: UUID, file: Path) -> UUID:
    """Make a blob of a file of ours, which is then gone. Raises KeyringError."""
    key = uuid7()
    with file.open("rb") as plain, _sealed(org, "") as (sealer, name):
        _copied(plain, sealer)
        name(key)
    file.unlink()
    return key


@contextmanager
def opened(org: UUID, blob: UUID, *, shelf: str = "") -> Iterator[IO[bytes]]:
    """What was written, from anywhere in it. Raises FileNotFoundError, DamagedFileError, KeyringError."""
    with path(org, blob, shelf=shelf).open("rb") as raw, _reading(org, raw) as plain:
        yield plain


def seal_plain() -> int:
    """Encrypt what was stored before blobs were. How many there were; one whose owner has no key any more stays."""
    count = 0
    for file in plain_ones():
        owner, found = UUID(file.relative_to(_root()).parts[0]), file.stat()
        try:
            with (
                file.open("rb") as plain,
                _sealed(owner, str(file.parent.relative_to(_root() / str(owner)))) as (sealer, name),
            ):
                _copied(plain, sealer)
                name(UUID(file.name), at=found.st_mtime)  # what is old enough to be swept stays so
        except (FileNotFoundError, KeyringError):
            continue
        count += 1
    return count


def plain_ones() -> Iterator[Path]:
    """The blobs that are not encrypted."""
    for file in sorted(_root().rglob("*-*")):
        if file.suffix != ".part" and file.is_file():
            with suppress(FileNotFoundError), file.open("rb") as raw:
                if not sealed_files.is_sealed(raw.read(sealed_files.HEAD)):
                    yield file


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
    folder = _root() / str(org)
    count = sum(file.is_file() for file in folder.rglob("*"))
    shutil.rmtree(folder, ignore_errors=True)
    if folder.exists():
        raise OSError(f"{folder} cannot be deleted: see who owns it.")
    return count


def prune() -> int:
    """Delete the parts of blobs that were never finished."""
    return forget(_root().rglob("*.part"))


def forget(files: Iterable[Path]) -> int:
    """Delete those of these files that nobody has written to for a day."""
    last = (clock.now() - ABANDONED).timestamp()
    old = [file for file in files if file.stat().st_mtime < last]
    for file in old:
        file.unlink(missing_ok=True)
    return len(old)


def _folder(org: UUID, shelf: str) -> Path:
    return _root() / str(org) / shelf


def _root() -> Path:
    return Path(settings.HOME) / "blobs"


@contextmanager
def _sealed(owner: UUID, shelf: str) -> Iterator[tuple[Sealer, Callable[..., None]]]:
    """A new file and what gives it its name, once it is ended. Without that, nothing of it stays."""
    key = keys.current(Owner.files(owner))
    folder = _folder(owner, shelf)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    partial = folder / f"{uuid7()}.part"
    handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:

            def name(blob: UUID, *, at: float | None = None) -> None:
                file.flush()
                os.fsync(file.fileno())
                if at is not None:
                    os.utime(partial, (at, at))
                partial.rename(folder / str(blob))

            yield Sealer(file, key, str(owner)), name
    finally:
        partial.unlink(missing_ok=True)


def _reading(owner: UUID, raw: IO[bytes]) -> IO[bytes]:
    def key(version: int) -> DataKey:
        return keys.of_version(Owner.files(owner), version)

    return sealed_files.opened(raw, key, str(owner))


def _copied(plain: IO[bytes], sealer: Sealer) -> None:
    while data := plain.read(io.DEFAULT_BUFFER_SIZE * 32):
        sealer.write(data)
    sealer.end()
