"""Where the entries lie: a folder apart from the database, or a bucket. A number is given once, and never again."""

import os
import secrets
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from types import TracebackType
from typing import Concatenate, ParamSpec, Protocol, Self, TypeVar

from django.conf import settings

from vallum_web.tenancy.tombstones import bucket
from vallum_web.tenancy.tombstones.entry import file_name
from vallum_web.tenancy.tombstones.errors import LedgerError

Params = ParamSpec("Params")
Result = TypeVar("Result")


class Shelf(Protocol):
    """What a place for entries has to be able to do. It is used in a block. Each raises LedgerError."""

    name: str

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None: ...

    def is_weak(self) -> bool:
        """Lies where the database lies: what takes the one may take the other."""

    def put(self, seq: int, data: bytes) -> bool:
        """Keep an entry, on the disk before this returns. False where the number is taken: then nothing is changed."""

    def get(self, seq: int) -> bytes | None:
        """The entry of this number."""

    def numbers(self) -> list[int]:
        """All that are there, in order."""

    def remove(self, seq: int) -> None:
        """Of an entry whose time is over."""


def _clear(method: Callable[Concatenate["Folder", Params], Result]) -> Callable[Concatenate["Folder", Params], Result]:
    """What the system says becomes what an operator can do."""

    @wraps(method)
    def run(self: "Folder", /, *args: Params.args, **kwargs: Params.kwargs) -> Result:
        try:
            return method(self, *args, **kwargs)
        except OSError as error:
            raise LedgerError(
                f"The ledger of tombstones {self.name} cannot be used ({error.strerror}): free or mend its disk, or mount it. "
                "Until then nothing is erased, and no right is taken back."
            ) from error

    return run


class Folder:
    """The state folder's own, or one on another volume (`VALLUM_TOMBSTONES`)."""

    def __init__(self, root: Path, beside: Path) -> None:
        self._root, self._beside = root, beside
        self.name = str(root)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing is held open."""

    @_clear
    def is_weak(self) -> bool:
        self._root.mkdir(parents=True, exist_ok=True, mode=0o700)
        return self._root.stat().st_dev == self._beside.stat().st_dev

    @_clear
    def put(self, seq: int, data: bytes) -> bool:
        place = self._place(seq)
        if not place.parent.is_dir():
            place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            _settle(self._root)
        fresh = place.with_name(f".{secrets.token_hex(8)}.part")
        handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            # A link never replaces, and shows no half of a file: of two with one number, the second is told so.
            os.link(fresh, place)
        except FileExistsError:
            return False
        finally:
            fresh.unlink(missing_ok=True)
        _settle(place.parent)
        return True

    @_clear
    def get(self, seq: int) -> bytes | None:
        try:
            return self._place(seq).read_bytes()
        except FileNotFoundError:
            return None

    @_clear
    def numbers(self) -> list[int]:
        return sorted(int(file.stem) for file in self._root.glob("*/*.json") if file.stem.isdecimal())

    @_clear
    def remove(self, seq: int) -> None:
        self._place(seq).unlink(missing_ok=True)

    def _place(self, seq: int) -> Path:
        return self._root / file_name(seq)


def present() -> Shelf:
    """Raises LedgerError."""
    if bucket.is_meant(settings.TOMBSTONES):
        return bucket.Remote(settings.TOMBSTONES)
    return Folder(Path(settings.TOMBSTONES), Path(settings.HOME))


def _settle(folder: Path) -> None:
    """A new name in a folder is on the disk when the folder is."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
