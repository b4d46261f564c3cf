"""What a child of root keeps of root's rights: nothing but what it is started with here. Linux only, as root only.

Capabilities leave the bounding set before the program is executed, so that nothing it executes has them again either
(capabilities(7), "Transformation of capabilities during execve"). Its number stays 0: the state folder is root's.
"""

import ctypes
import os
import sys
from collections.abc import Callable, Collection
from pathlib import Path

# Numbers of linux/capability.h.
READ_ANY, KILL, BIND_LOW, TRACE, MAP_ROOT = 2, 5, 10, 19, 31
# What it takes to start a database under another account, hand it its files and end it: to change owner, pass any mode,
# change the mode of others' files, signal, and change group, user and what is bounded.
OTHER_ACCOUNT = (0, 1, 3, KILL, 6, 7, 8)

_BOUNDED, _DROP, _NO_NEW, _AMBIENT, _CLEAR_ALL = 23, 24, 38, 47, 4
_VERSION = 0x20080522
_LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None
_MESSAGE = b"vallum: root's capabilities could not be given up, so this is not started.\n"


def only(*kept: int) -> Callable[[], None]:
    """A part of a `preexec_fn`: gives up every capability but these, and every way to new rights.

    After a change to another account those are gone already; then only the ways to new ones are closed.
    """
    if _LIBC is None or os.geteuid() != 0:
        return _nothing
    libc = _LIBC
    header = (ctypes.c_uint32 * 2)(_VERSION, 0)

    def give_up() -> None:
        if os.geteuid() == 0 and not _bounded(libc, kept, header):
            os.write(2, _MESSAGE)
            os._exit(126)
        libc.prctl(_NO_NEW, 1, 0, 0, 0)

    return give_up


def _nothing() -> None:
    return


def _bounded(libc: ctypes.CDLL, kept: Collection[int], header: "ctypes.Array[ctypes.c_uint32]") -> bool:
    capability = 0
    while (held := libc.prctl(_BOUNDED, capability, 0, 0, 0)) >= 0:  # an error: the kernel knows no more of them
        if held and capability not in kept and libc.prctl(_DROP, capability, 0, 0, 0) != 0:
            return False
        capability += 1
    libc.prctl(_AMBIENT, _CLEAR_ALL, 0, 0, 0)
    # What is inheritable would pass by the bounding set: three words of 32 bits each, twice; the third is that set.
    sets = (ctypes.c_uint32 * 6)()
    if libc.capget(header, sets) != 0:
        return False
    sets[2] = sets[5] = 0
    return bool(libc.capset(header, sets) == 0)


def to_read(*paths: Path) -> tuple[int, ...]:
    """What root's children need to read these: nothing where root owns them or everybody may, else the right to read."""
    return () if all(_is_open(step) for path in paths for step in (path, *path.parents)) else (READ_ANY,)


def _is_open(path: Path) -> bool:
    found = path.stat()
    return found.st_uid == 0 or bool(found.st_mode & (0o001 if path.is_dir() else 0o004))
