"""Bytes kept between runs, by kind and key: read only if nobody else could have written them."""

import contextlib
import os
from pathlib import Path

from vallum import home
from vallum.errors import Untrusted

_KEPT_PER_KIND = 8
_MAX_BYTES = 512 << 20


class Cache:
    """A folder of ours. Without a usable one every look-up misses and nothing is kept: slower, never wrong."""

    def __init__(self, folder: Path | None, trouble: str = "") -> None:
        self.folder = folder
        self.trouble = trouble
        """Why there is no cache, for a person; empty when there is one."""

    def get(self, kind: str, key: str) -> bytes | None:
        if self.folder is None:
            return None
        path = self.folder / kind / key
        try:
            home.require_trusted(path.parent)
            home.require_trusted(path)
            if path.stat().st_size <= _MAX_BYTES:
                return path.read_bytes()
        except (OSError, Untrusted):
            return None
        return None

    def put(self, kind: str, key: str, data: bytes) -> None:
        """Keep, whole or not at all; a full or read-only disk costs time next time, and nothing else."""
        if self.folder is None:
            return
        folder = self.folder / kind
        with contextlib.suppress(OSError, Untrusted):
            home.make_private(folder)
            part = folder / f"{key}.{os.getpid()}.part"
            try:
                part.write_bytes(data)
                part.replace(folder / key)
            finally:
                part.unlink(missing_ok=True)
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
        if not folder.is_dir():
            return Cache(
                None, f"The cache {folder} cannot be made ({error.strerror}): this start is slower. Set VALLUM_HOME."
            )
    return Cache(folder)


def _forget_old(folder: Path) -> None:
    """Old rules leave old files behind; a few are kept for switching between versions."""
    entries = sorted(folder.iterdir(), key=lambda path: path.stat().st_mtime, reverse=True)
    for path in entries[_KEPT_PER_KIND:]:
        path.unlink(missing_ok=True)
