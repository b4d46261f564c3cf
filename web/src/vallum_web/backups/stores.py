"""Where backups lie: a directory, or S3-compatible storage. Both keep whole objects by name, and are asked alike."""

import os
import secrets
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Protocol

from vallum_guard.http import Limits, Route
from vallum_web.backups.errors import MissingError, PlaceError
from vallum_web.embedded.bucket import SCHEME, Bucket
from vallum_web.tenancy.objects import s3
from vallum_web.tenancy.objects.held import Held, Shape

_USE: Final = s3.Use(
    purpose="backup", limits=Limits(seconds=300, body_bytes=64 << 20), fault=PlaceError, missing=MissingError
)
_PART: Final = ".part-"


class Store(Protocol):
    """What a place has to be able to do. Every method may raise PlaceError."""

    def put(self, name: str, data: bytes) -> None:
        """Whole and durable, or not there at all."""

    def get(self, name: str) -> bytes:
        """Raises MissingError."""

    def names(self, prefix: str) -> Iterator[str]:
        """In order."""

    def everything(self, prefix: str) -> Iterator[Held]:
        """All bytes there, former versions and what was never finished among them."""

    def remove(self, held: Iterable[Held]) -> None:
        """For good: no version stays."""

    def expire(self, days: dict[str, int]) -> None:
        """Have the storage itself delete what lies below each prefix after so many days."""

    def expires(self, prefix: str) -> int | None:
        """After how many days the storage deletes by itself; None where it does not, or where versions would stay."""


class Directory:
    """A folder, on a volume apart if it is to help: this machine's fire is its fire."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def __str__(self) -> str:
        return str(self.root)

    def put(self, name: str, data: bytes) -> None:
        target = self.root / name
        part = target.with_name(f"{_PART}{secrets.token_hex(6)}")
        try:
            target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            part.rename(target)
            _settle(target.parent)
        except OSError as error:
            part.unlink(missing_ok=True)
            raise PlaceError(f"Cannot write {target}: {error.strerror}. Make room there, or give it to us.") from error

    def get(self, name: str) -> bytes:
        try:
            return (self.root / name).read_bytes()
        except FileNotFoundError as error:
            raise MissingError(f"{self.root / name} is missing.") from error
        except OSError as error:
            raise PlaceError(f"Cannot read {self.root / name}: {error.strerror}.") from error

    def names(self, prefix: str) -> Iterator[str]:
        for held in self.everything(prefix):
            if held.shape is Shape.OBJECT:
                yield held.name

    def everything(self, prefix: str) -> Iterator[Held]:
        if self.root.exists() and not self.root.is_dir():
            raise PlaceError(f"{self.root} is no folder. Name one in VALLUM_BACKUP.")
        for path in sorted(self.root.rglob("*")):
            name = path.relative_to(self.root).as_posix()
            if name.startswith(prefix) and path.is_file():
                found = path.stat()
                shape = Shape.UPLOAD if path.name.startswith(_PART) else Shape.OBJECT
                at = datetime.fromtimestamp(found.st_mtime, UTC)
                yield Held(name=name, size=found.st_size, at=at, shape=shape)

    def remove(self, held: Iterable[Held]) -> None:
        for each in held:
            path = self.root / each.name
            path.unlink(missing_ok=True)
            if path.parent != self.root and path.parent.is_dir() and not any(path.parent.iterdir()):
                path.parent.rmdir()

    def expire(self, days: dict[str, int]) -> None:
        """A folder deletes nothing by itself: our own expiry and the daily check are what there is."""

    def expires(self, prefix: str) -> int | None:  # noqa: ARG002 - a folder has no rules for any
        return None


def opened(place: str, route: Route, *, access: str = "", secret: str = "") -> Store:
    """`s3://BUCKET/PREFIX?endpoint=https://…&region=…`, or the path of a folder. Raises PlaceError."""
    if not place.startswith(SCHEME):
        if "://" in place or not place.startswith("/"):
            raise PlaceError(f"{place!r} is no place for backups: give the whole path of a folder, or s3://BUCKET.")
        return Directory(Path(place))
    bucket = Bucket.parse(place, access=access, secret=secret)
    if bucket is None:
        raise PlaceError(
            "S3 storage needs s3://BUCKET/PREFIX?endpoint=https://HOST&region=REGION, and its keys in VALLUM_BACKUP_ACCESS and "
            "VALLUM_BACKUP_SECRET."
        )
    return s3.Storage(bucket, route, _USE)


def _settle(folder: Path) -> None:
    """A new name in a folder is on the disk when the folder is."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
