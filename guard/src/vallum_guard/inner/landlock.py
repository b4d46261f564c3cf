"""File access by an allow-list, with Landlock."""

import stat
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from vallum_guard.inner import kernel

_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1, 2, 4, 8
_REFER, _TRUNCATE, _IOCTL_DEV = 1 << 13, 1 << 14, 1 << 15
_MAKE_CHAR, _MAKE_SOCKET, _MAKE_BLOCK = 1 << 6, 1 << 9, 1 << 11
_READ: Final = _EXECUTE | _READ_FILE | _READ_DIR
_FILE_RIGHTS: Final = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE | _IOCTL_DEV
_FIRST_VERSION: Final = (1 << 13) - 1


def _handled(version: int) -> int:
    rights = _FIRST_VERSION
    if version >= 2:
        rights |= _REFER
    if version >= 3:
        rights |= _TRUNCATE
    if version >= 5:
        rights |= _IOCTL_DEV
    return rights


def confine(*, readable: Iterable[str], writable: Iterable[str], tcp: bool) -> None:
    """From here on only these paths can be opened; without `tcp` that is closed where the kernel can (version 4)."""
    version = kernel.landlock_version()
    if version == 0:
        raise OSError("Landlock is not available in this kernel")
    handled = _handled(version)
    network = 0b11 if version >= 4 and not tcp else 0
    scopes = 0b11 if version >= 6 else 0  # abstract Unix sockets and signals stay inside
    ruleset = kernel.landlock_create(handled, network, scopes)
    writing = handled & ~(_MAKE_CHAR | _MAKE_SOCKET | _MAKE_BLOCK | _IOCTL_DEV)
    for path in readable:
        _allow(ruleset, path, _READ)
    for path in writable:
        _allow(ruleset, path, writing)
    kernel.landlock_enforce(ruleset)


def _allow(ruleset: int, path: str, rights: int) -> None:
    try:
        is_folder = stat.S_ISDIR(Path(path).stat().st_mode)
    except FileNotFoundError:
        return
    kernel.landlock_allow(ruleset, path, rights if is_folder else rights & _FILE_RIGHTS)
