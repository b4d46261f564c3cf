"""What files and folders are like, as the file system tells: by that a later scan knows them again.

A folder whose own times of change are what they were has the entries that it had, so it need not be listed: to come, to go and to be
renamed are writes to the folder. That is known of the file systems named here alone; others are listed each time, for some make up
the times of folders.
"""

import os
from array import array
from collections.abc import Sequence

from vallum_engine.recall import UNTRUSTED, Folder, Stat
from vallum_engine.sources.directory import Entry
from vallum_engine.sources.worktree import start_of

LINK, OTHER = "//", "///"
"""Behind the name of what is neither a file nor a folder; `/` stands behind a folder's."""
_GIT = ("index", "config", "info/exclude")
_TELLING = frozenset({"btrfs", "ext2", "ext3", "ext4", "f2fs", "overlay", "tmpfs", "xfs", "zfs"})
_MOUNTS = "/proc/self/mountinfo"
_MOUNTS_BYTES = 1 << 20


def look(met: os.stat_result) -> Stat:
    """What of it changes whenever the file or the entries of the folder do."""
    return met.st_size, met.st_mtime_ns, met.st_ctime_ns, met.st_ino


def packed(met: os.stat_result) -> bytes:
    """The same in a fifth of the room: there may be as many folders as files."""
    return array("q", look(met)).tobytes()


def of_entries(entries: Sequence[Entry]) -> tuple[list[str], list[int]]:
    """The names of the entries, with a sign of their kind, and what the files among them are like."""
    names, numbers = [], list[int]()
    for entry in entries:
        if entry.is_file(follow_symlinks=False):
            names.append(entry.name)
            try:
                numbers += look(entry.stat(follow_symlinks=False))
            except OSError:  # it went since the folder was listed
                numbers += UNTRUSTED
        elif entry.is_dir(follow_symlinks=False):
            names.append(entry.name + "/")
        else:
            names.append(entry.name + (LINK if entry.is_symlink() else OTHER))
    return names, numbers


def files(names: Sequence[str]) -> list[str]:
    """Those of the names that are files."""
    return [name for name in names if name and name[-1] != "/"]


def quads(stats: bytes) -> list[Stat]:
    """What `array("q")` holds, file by file."""
    numbers = iter(array("q", stats))
    return list(zip(numbers, numbers, numbers, numbers, strict=True))


def of_git(folder: int) -> tuple[Stat, ...]:
    """What the files of a repository are like that tell what it ignores."""
    found = []
    for name in _GIT:
        try:
            found.append(look(os.stat(f".git/{name}", dir_fd=folder, follow_symlinks=False)))
        except OSError:
            found.append((0, 0, 0, 0))
    return tuple(found)


def telling(folder: int) -> int | None:
    """The device of an open folder, where its file system tells by a folder's times whether its entries changed; else None."""
    device = os.fstat(folder).st_dev
    number = b"%d:%d" % (os.major(device), os.minor(device))
    for line in start_of(_MOUNTS, _MOUNTS_BYTES).splitlines():
        mount, _, system = line.partition(b" - ")
        fields = mount.split(b" ", 3)
        if len(fields) > 2 and fields[2] == number:
            return device if system.partition(b" ")[0].decode("latin-1") in _TELLING else None
    return None


def untouched(root: int, device: int | None, prefix: str, names: Sequence[str], old: Folder) -> bool:
    """Whether the folder of this path, with its slash, below an open `root` and its files, `names` of them, are what they were.

    Nothing is opened. Who swaps a folder for a link meanwhile leads to the look of other files, and to no more than that.
    """
    if device is None or not old.own:
        return False
    numbers = list[int]()
    try:
        own = os.stat(prefix[:-1], dir_fd=root, follow_symlinks=False)
        if packed(own) != old.own or own.st_dev != device:
            return False
        for name in names:
            numbers += look(os.stat(prefix + name, dir_fd=root, follow_symlinks=False))
    except (OSError, ValueError):
        return False
    return array("q", numbers).tobytes() == old.stats
