"""Files of a source once more, by their paths: for what a scan learns to ask only in its end."""

import os
import stat
from collections.abc import Callable, Iterable, Iterator, Sequence

from vallum_engine.errors import UnreadableSource
from vallum_engine.model.file import File, Skipped
from vallum_engine.model.layer import Layer
from vallum_engine.sources.content import is_binary
from vallum_engine.sources.directory import DEFAULT_LIMITS
from vallum_engine.sources.limits import Limits

_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_FOLDER = os.O_RDONLY | os.O_NOFOLLOW | os.O_DIRECTORY | os.O_CLOEXEC
_CHUNK = 1 << 20


def of_folder(root: str, paths: Sequence[str], *, limits: Limits = DEFAULT_LIMITS) -> Iterator[File]:
    """The files below `root`, in the order of `paths`. Follows nothing out of the tree, as the walk before did not.

    Raises UnreadableSource when `root` is no folder any more.
    """
    try:
        top = os.open(root, _FOLDER & ~os.O_NOFOLLOW)
    except OSError as error:
        raise UnreadableSource(f"the folder cannot be opened again: {error.strerror}.") from error
    opened: list[tuple[str, int]] = [("", top)]
    try:
        for path in paths:
            *folders, name = path.split("/")
            if _entered(opened, folders) and (data := _read(opened[-1][1], name, limits.of(name))) is not None:
                yield File(path, data)
    finally:
        for _, descriptor in opened:
            os.close(descriptor)


def of_stream(anew: Callable[[], Iterable[File | Skipped | Layer]], paths: Sequence[str]) -> Iterator[File]:
    """The same from a source that is only read from its beginning to its end: in the order of that source."""
    asked = frozenset(paths)
    return (item for item in anew() if isinstance(item, File) and item.path in asked and not item.binary)


def _entered(opened: list[tuple[str, int]], folders: Sequence[str]) -> bool:
    """Open the folders below the first, keeping those that are open already."""
    same = 0
    while same < len(folders) and same + 1 < len(opened) and opened[same + 1][0] == folders[same]:
        same += 1
    while len(opened) > same + 1:
        os.close(opened.pop()[1])
    for name in folders[same:]:
        try:
            opened.append((name, os.open(name, _FOLDER, dir_fd=opened[-1][1])))
        except OSError:
            return False
    return True


def _read(folder: int, name: str, limit: int) -> bytes | None:
    try:
        descriptor = os.open(name, _FILE, dir_fd=folder)
    except OSError:
        return None
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return None
        blocks = [os.read(descriptor, _CHUNK)]
        length = len(blocks[0])
        while len(blocks[-1]) == _CHUNK and length <= limit:
            blocks.append(os.read(descriptor, _CHUNK))
            length += len(blocks[-1])
    except OSError:
        return None
    finally:
        os.close(descriptor)
    data = b"".join(blocks)
    return None if length > limit or (b"\0" in data and is_binary(data)) else data
