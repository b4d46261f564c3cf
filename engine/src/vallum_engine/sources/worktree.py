"""What hides files in a folder: `.vallumignore` always, `.gitignore` only what git does not track."""

import os
import stat
from collections.abc import Sequence

from vallum_engine.errors import UnreadableSource
from vallum_engine.model.text import printable
from vallum_engine.sources import gitindex, ignores
from vallum_engine.sources.gitindex import Tracked
from vallum_engine.sources.ignores import IgnoreFile
from vallum_engine.values import immutable, replace

_POINTER_BYTES = 4096
_CONFIG_BYTES = 1 << 20
_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


@immutable
class Rules:
    """What holds in one folder. `tracked` is None outside a git repository, where `.gitignore` says nothing."""

    own: tuple[IgnoreFile, ...] = ()
    git: tuple[IgnoreFile, ...] = ()
    tracked: Tracked | None = None
    repository: tuple[str, ...] = ()
    """Folders from the root of the walk to the repository's, because `tracked` counts from there."""
    ignored: str = ""
    """What git ignores this whole folder by, although tracked files lie in it."""
    trouble: str = ""

    def hides(self, parts: tuple[str, ...], *, folder: bool) -> str:
        """Why this path is left out, or nothing."""
        by = self.own and ignores.hidden_by(self.own, parts, folder=folder)
        if by:
            return by
        if self.tracked is None:
            return ""
        inside = "/".join(parts[len(self.repository) :])
        if inside in (self.tracked.folders if folder else self.tracked.files):
            return ""
        by = self.ignored or ignores.hidden_by(self.git, parts, folder=folder)
        return f"untracked, {by}" if by else ""

    def within(self, parts: tuple[str, ...]) -> "Rules":
        """The same, one folder further down, before that folder's own ignore files are read."""
        if self.tracked is None or self.ignored:
            return self
        return replace(self, ignored=ignores.hidden_by(self.git, parts, folder=True))


def at_root(root: str) -> Rules:
    """The rules that hold at the root of a walk because of what lies above it, in the repository it is a part of."""
    try:
        owner = os.lstat(f"{root}/.").st_uid
    except OSError:
        return Rules()
    here = os.path.realpath(root)
    above: tuple[str, ...] = ()
    while True:
        try:
            met = os.lstat(f"{here}/.git")
        except OSError:
            met = None
        if met is not None:
            # Somebody else's .git above us (in /tmp, say) must not decide what we look at.
            return _repository(here, above) if above and met.st_uid == owner else Rules()
        parent, name = os.path.split(here)
        if not name or len(above) > 100:
            return Rules()
        here, above = parent, (name, *above)


def _repository(top: str, above: tuple[str, ...]) -> Rules:
    files = []
    folder = top
    exclude = start_of(f"{top}/.git/info/exclude", ignores.MAX_BYTES)
    if exclude:
        files.append(_above(".git/info/exclude", above, exclude))
    for depth in range(len(above)):
        data = start_of(f"{folder}/.gitignore", ignores.MAX_BYTES)
        if data:
            files.append(_above("../" * (len(above) - depth) + ".gitignore", above[depth:], data))
        folder = f"{folder}/{above[depth]}"
    tracked, trouble = _tracked(top, None, below="/".join(above) + "/")
    return Rules(git=tuple(files), tracked=tracked, trouble=trouble)


def _above(name: str, above: tuple[str, ...], data: bytes) -> IgnoreFile:
    return IgnoreFile(name=name, depth=0, above=above, patterns=ignores.parse(data))


def entered(rules: Rules, parts: tuple[str, ...], names: Sequence[str], folder: int) -> Rules:
    """The rules inside a folder whose entries are `names` and whose descriptor is `folder`."""
    if ".git" in names:
        tracked, trouble = _tracked(".", folder)
        exclude = start_of(".git/info/exclude", ignores.MAX_BYTES, folder)
        git = (IgnoreFile(name=_shown(parts, ".git/info/exclude"), depth=len(parts), patterns=ignores.parse(exclude)),)
        rules = replace(rules, git=git, tracked=tracked, repository=parts, ignored="", trouble=trouble)
    if ".gitignore" in names and rules.tracked is not None:
        rules = replace(rules, git=(*rules.git, _file(parts, ".gitignore", folder)))
    if ".vallumignore" in names:
        rules = replace(rules, own=(*rules.own, _file(parts, ".vallumignore", folder)))
    return rules


def _file(parts: tuple[str, ...], name: str, folder: int) -> IgnoreFile:
    data = start_of(name, ignores.MAX_BYTES, folder)
    return IgnoreFile(name=_shown(parts, name), depth=len(parts), patterns=ignores.parse(data))


def _shown(parts: tuple[str, ...], name: str) -> str:
    return printable("/".join((*parts, name)))


def _tracked(top: str, folder: int | None, *, below: str = "") -> tuple[Tracked | None, str]:
    """The tracked files of the repository at `top`, or None and the reason: then nothing is hidden by `.gitignore`."""
    git = f"{top}/.git"
    pointer = start_of(git, _POINTER_BYTES, folder)  # a worktree's or submodule's `.git` is a file
    if pointer.startswith(b"gitdir: "):
        named = os.fsdecode(pointer[8:].strip(b"\r\n"))
        git = named if named.startswith("/") else f"{top}/{named}"
    config = start_of(f"{git}/config", _CONFIG_BYTES, folder)
    data = start_of(f"{git}/index", gitindex.MAX_BYTES + 1, folder)
    if not data:
        return gitindex.NOTHING, ""
    if len(data) > gitindex.MAX_BYTES:
        return None, "git's index is too large to read."
    try:
        return gitindex.parse(data, sha256=gitindex.is_sha256(config), below=below), ""
    except UnreadableSource as error:
        return None, str(error)


def start_of(path: str, limit: int, folder: int | None = None) -> bytes:
    """The start of a regular file, or nothing: what cannot be read here hides nothing."""
    try:
        descriptor = os.open(path, _FLAGS, dir_fd=folder)
    except (OSError, ValueError):
        return b""
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return b""
        blocks, left = [], limit
        while left > 0 and (block := os.read(descriptor, min(left, 1 << 20))):
            blocks.append(block)
            left -= len(block)
        return b"".join(blocks)
    except OSError:
        return b""
    finally:
        os.close(descriptor)
