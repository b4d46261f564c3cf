"""Bytes kept between runs, by kind and key: read only if nobody else could have written them."""

import contextlib
import os

from vallum import home
from vallum.errors import Untrusted

_KEPT_PER_KIND = 8
_MAX_BYTES = 512 << 20


class Cache:
    """A folder of ours. Without a usable one every look-up misses and nothing is kept: slower, never wrong."""

    def __init__(self, folder: str | None, trouble: str = "") -> None:
        self.folder = folder
        self.trouble = trouble
        """Why there is no cache, for a person; empty when there is one."""

    def get(self, kind: str, key: str) -> bytes | None:
        if self.folder is None:
            return None
        folder = f"{self.folder}/{kind}"
        try:
            home.require_trusted(folder)
            home.require_trusted(f"{folder}/{key}")
            return _read(f"{folder}/{key}")
        except (OSError, Untrusted):
            return None
        return None

    def put(self, kind: str, key: str, *parts: bytes) -> None:
        """Keep them behind each other, whole or not at all; a full or read-only disk costs time next time, and nothing else."""
        if self.folder is None:
            return
        folder = f"{self.folder}/{kind}"
        with contextlib.suppress(OSError, Untrusted):
            home.make_private(folder)
            part = f"{folder}/{key}.{os.getpid()}.part"
            try:
                with open(part, "wb") as file:
                    file.writelines(parts)
                os.replace(part, f"{folder}/{key}")
            finally:
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(part)
            _forget_old(folder)


def opened(scanned: str = "") -> Cache:
    """The cache of this machine, unless it lies inside what is scanned: a scanned tree gives us no code to run."""
    try:
        folder = home.cache()
    except Untrusted as error:
        return Cache(None, str(error))
    if scanned and os.path.realpath(folder).startswith(f"{os.path.realpath(scanned).rstrip('/')}/"):
        return Cache(
            None,
            f"The cache {folder} lies inside the scanned folder and is not used. Set VALLUM_HOME to another place.",
        )
    try:
        home.make_private(folder)
    except Untrusted as error:
        return Cache(None, str(error))
    except OSError as error:
        if not os.path.isdir(folder):
            return Cache(
                None, f"The cache {folder} cannot be made ({error.strerror}): this start is slower. Set VALLUM_HOME."
            )
    return Cache(folder)


def _read(path: str) -> bytes | None:
    """All of a file; None where it is larger than anything that is kept."""
    with open(path, "rb", buffering=0) as file:
        size = os.fstat(file.fileno()).st_size
        return file.read(size) if size <= _MAX_BYTES else None


def _forget_old(folder: str) -> None:
    """Old rules leave old files behind; a few are kept for switching between versions."""
    with os.scandir(folder) as found:
        entries = sorted(found, key=lambda entry: entry.stat().st_mtime, reverse=True)
    for entry in entries[_KEPT_PER_KIND:]:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(entry)
