"""Removing what strangers made: `shutil.rmtree` calls itself for every folder within a folder, and gives up at a thousand."""

import contextlib
import os
import stat
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from secrets import token_hex
from typing import Final

_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def remove(folder: Path) -> None:
    """Removes the folder with all in it, however deep, following no link. One that does not exist is fine.

    Nobody else may be writing there. Raises OSError where something cannot be removed; the rest is gone then.
    """
    try:
        top = os.open(folder, _FOLDER)
    except FileNotFoundError:
        return
    try:
        _empty(top)
    finally:
        os.close(top)
    folder.rmdir()


def remove_quietly(folder: Path) -> None:
    """The same for clean-ups that have to go on: what cannot be removed stays."""
    with contextlib.suppress(OSError):
        remove(folder)


def _empty(top: int) -> None:
    """Folders within a folder move up to the top before theirs goes: so nothing is ever two folders deep."""
    fresh = (f"{token_hex(8)}-{number}" for number in count())
    trouble: OSError | None = None
    kept: set[str] = set()
    while names := [name for name in os.listdir(top) if name not in kept]:
        for name in names:
            try:
                _remove(name, top, fresh)
            except OSError as error:
                trouble = error
                kept.add(name)
    if trouble:
        raise trouble


def _remove(name: str, top: int, fresh: Iterator[str]) -> None:
    if not stat.S_ISDIR(os.stat(name, dir_fd=top, follow_symlinks=False).st_mode):
        os.unlink(name, dir_fd=top)
        return
    inner = _opened(name, top)
    try:
        with os.scandir(inner) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    _lift(entry.name, inner, top, next(fresh))
                else:
                    os.unlink(entry.name, dir_fd=inner)
    finally:
        os.close(inner)
    os.rmdir(name, dir_fd=top)


def _opened(name: str, top: int) -> int:
    """A folder may have been made unreadable for its own maker."""
    try:
        return os.open(name, _FOLDER, dir_fd=top)
    except PermissionError:
        os.chmod(name, 0o700, dir_fd=top)
        return os.open(name, _FOLDER, dir_fd=top)


def _lift(name: str, inner: int, top: int, fresh: str) -> None:
    try:
        os.rename(name, fresh, src_dir_fd=inner, dst_dir_fd=top)
    except PermissionError:
        os.chmod(name, 0o700, dir_fd=inner)
        os.rename(name, fresh, src_dir_fd=inner, dst_dir_fd=top)
