"""A folder as a source: every file once, in one order, without following anything out of the tree.

Works on open folders (`dir_fd`) instead of joined paths, so that a folder swapped for a link during the walk leads
nowhere. `os.open`, `os.read`, `os.close` and no more per file: `open()` costs twice as much.
"""

import io
import os
from collections.abc import Iterator
from itertools import islice
from operator import attrgetter
from typing import IO

from vallum_engine.errors import UnreadableSource
from vallum_engine.model.file import File, Skipped
from vallum_engine.model.text import printable, size
from vallum_engine.plugins import load
from vallum_engine.sources import worktree
from vallum_engine.sources.content import READ_BINARY, is_binary
from vallum_engine.sources.limits import ArchiveLimits, Limits
from vallum_engine.sources.worktree import Rules
from vallum_engine.values import immutable, mutable

_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
FOLDER = os.O_RDONLY | os.O_NOFOLLOW | os.O_DIRECTORY | os.O_CLOEXEC
_CHUNK = 1 << 16
"""Bytes that are asked for before a file's length is: more would leave holes in memory, for most files are far shorter."""
DEFAULT_LIMITS = Limits()

_MAYBE_PACKED = frozenset({b"PK", b"\x1f\x8b", b"BZ", b"\xfd7", b"\x28\xb5"})
_IS_ARCHIVE = "vallum_engine.sources.streams:is_archive"  # what unpacks is imported where there is something to unpack
_OPENED = "vallum_engine.sources.nested:alone"
_MAYBE_PROGRAM = frozenset({b"\x7fE", b"MZ", b"\xca\xfe", b"\xfe\xed", b"\xce\xfa", b"\xcf\xfa"})
_TOLD_OF = "vallum_engine.sources.executables:told_of"  # likewise, for programs

Entry = os.DirEntry[str]


@immutable(kw_only=False)
class Archive:
    """One that was met, open."""

    path: str
    content: IO[bytes]
    length: int


@mutable
class _Folder:
    """An open folder. `prefix` is empty at the root and ends in `/` below it."""

    descriptor: int
    parts: tuple[str, ...]
    prefix: str
    rules: Rules
    folders: Iterator[str]


def walk(root: str, *, limits: Limits = DEFAULT_LIMITS, honour_ignores: bool = True) -> Iterator[File | Skipped]:
    """Every file below `root`, sorted folder by folder: a folder's files, then its folders.

    Raises UnreadableSource when `root` is no folder, and after a limit on the number of files or bytes was met: the
    walk then is incomplete.
    """
    return Walk(limits, honour_ignores=honour_ignores).run(root)


class Walk:
    """One walk, and what it came to so far."""

    def __init__(self, limits: Limits, *, honour_ignores: bool) -> None:
        self.limits = limits
        self.honour_ignores = honour_ignores
        self.entries = 0
        self.bytes = 0
        self.unpacked = 0
        """Bytes that archives were unpacked to, of text or not."""
        self.members = 0
        self.archive_limits = ArchiveLimits(
            file_bytes=limits.file_bytes, large_file_bytes=limits.large_file_bytes, levels=limits.levels
        )
        self.open: list[_Folder] = []

    def run(self, root: str) -> Iterator[File | Skipped]:
        descriptor = opened_root(root)
        rules = worktree.at_root(root) if self.honour_ignores else Rules()
        try:
            yield from self.enter(descriptor, (), rules)
            while self.open:
                folder = self.open[-1]
                name = next(folder.folders, None)
                if name is None:
                    os.close(self.open.pop().descriptor)
                    continue
                parts = (*folder.parts, name)
                opened = opened_within(folder.descriptor, folder.prefix, parts, self.limits)
                if isinstance(opened, Skipped):
                    yield opened
                else:
                    rules = folder.rules.within(parts) if folder.rules.git else folder.rules
                    yield from self.enter(opened, parts, rules)
        finally:
            for folder in self.open:
                os.close(folder.descriptor)

    def enter(self, descriptor: int, parts: tuple[str, ...], rules: Rules) -> Iterator[File | Skipped]:
        """Yield the folder's files; its folders wait in `self.open`."""
        prefix = "/".join(parts) + "/" if parts else ""
        folders: list[str] = []
        here = _Folder(descriptor, parts, prefix, rules, iter(folders))
        self.open.append(here)
        try:
            entries = listed(descriptor, self.limits.files - self.entries)
        except OSError as error:
            yield Skipped(printable(prefix), f"cannot be listed: {error.strerror}")
            return
        self.count(len(entries), prefix)
        if self.honour_ignores:
            rules = worktree.entered(rules, parts, [entry.name for entry in entries], descriptor)
            if rules.trouble and rules.repository == parts:
                yield troubled(prefix, rules)
            here.rules = rules
        yield from self.entries_of(entries, here, folders)

    def entries_of(self, entries: list[Entry], here: _Folder, folders: list[str]) -> Iterator[File | Skipped]:
        descriptor, parts, prefix, rules = here.descriptor, here.parts, here.prefix, here.rules
        asks = bool(rules.own) or rules.tracked is not None
        for entry in entries:
            name = entry.name
            if name == ".git":
                continue
            file = entry.is_file(follow_symlinks=False)
            folder = not file and entry.is_dir(follow_symlinks=False)
            if asks and (why := rules.hides((*parts, name), folder=folder)):
                yield Skipped(printable(prefix + name) + "/" * folder, why, covered=True, hidden=True)
            elif file:
                item = self.met(name, prefix, descriptor)
                if isinstance(item, Archive):
                    yield from self.opened(item)
                elif item is not None:
                    yield item
            elif folder:
                folders.append(name)
            else:
                kind = "symbolic link" if entry.is_symlink() else "neither file nor folder"
                yield Skipped(printable(prefix + name), kind, covered=True)

    def met(self, name: str, prefix: str, folder: int) -> File | Skipped | Archive | None:
        """What a file that is met is; None for later."""
        return self.file(name, prefix, folder)

    def file(self, name: str, prefix: str, folder: int) -> File | Skipped | Archive:
        path = printable(prefix + name)
        try:
            descriptor = os.open(name, _FILE, dir_fd=folder)
        except OSError as error:
            return Skipped(path, f"cannot be opened: {error.strerror}")
        try:
            data = os.read(descriptor, _CHUNK)
            if (data[:2] in _MAYBE_PACKED or data[257:262] == b"ustar") and load(_IS_ARCHIVE)(data):
                return self.archive(path, data, descriptor)
            binary = b"\0" in data and is_binary(data)
            if binary and name not in READ_BINARY:
                told = load(_TOLD_OF)(path, data, descriptor) if data[:2] in _MAYBE_PROGRAM else None
                return told or Skipped(path, "binary", covered=True)
            limit, length = self.limits.file_bytes, len(data)
            if length > limit or length == _CHUNK:
                limit = self.limits.of(name)
            if length == _CHUNK:
                length = os.fstat(descriptor).st_size
            if _CHUNK <= length <= limit:
                data = _rest(descriptor, data, length, limit)
                length = len(data)
        except OSError as error:
            return Skipped(path, f"cannot be read: {error.strerror}")
        finally:
            os.close(descriptor)
        if length > limit:
            return Skipped(path, f"larger than {size(limit)}: {size(length)}")
        self.bytes += length
        if self.bytes > self.limits.total_bytes:
            raise UnreadableSource(
                f"stopped at {path}: the folder holds more than {size(self.limits.total_bytes)} of text. "
                "Scan its parts one by one, leave some out by .vallumignore, or raise --max-bytes"
            )
        return File(path, data, binary)

    def archive(self, path: str, data: bytes, descriptor: int) -> Archive | Skipped:
        """`data` is its beginning, or all of it."""
        if not self.limits.levels:
            return Skipped(path, "an archive: not opened (--no-archives)", covered=True, hidden=True)
        if len(data) < _CHUNK:
            return Archive(path, io.BytesIO(data), len(data))
        length = os.fstat(descriptor).st_size
        if length > self.archive_limits.packed_bytes:
            return Skipped(path, f"an archive larger than {size(self.archive_limits.packed_bytes)}: {size(length)}")
        return Archive(path, os.fdopen(os.dup(descriptor), "rb"), length)

    @property
    def room(self) -> bool:
        """Whether the archives so far leave room for another one."""
        return self.unpacked <= self.limits.total_bytes and self.members <= self.limits.files

    def opened(self, archive: Archive) -> Iterator[File | Skipped]:
        """The files in it, and what was left out of it."""
        with archive.content:
            if not self.room:
                yield Skipped(archive.path, "an archive, after those before it reached the limits: not opened")
                return
            reader, items = load(_OPENED)(archive.path, archive.content, archive.length, self.archive_limits)
            yield from items
            self.unpacked += reader.bytes
            self.members += reader.entries

    def count(self, more: int, prefix: str) -> None:
        self.entries += more
        if self.entries > self.limits.files:
            raise UnreadableSource(
                f"stopped in {printable(prefix) or 'the top folder'}: more than {self.limits.files:,} files. "
                "Scan its parts one by one, leave some out by .vallumignore, or raise --max-files"
            )


def opened_root(root: str) -> int:
    """Raises UnreadableSource when it is no folder."""
    try:
        return os.open(root, FOLDER & ~os.O_NOFOLLOW)
    except OSError as error:
        raise UnreadableSource(f"{printable(root)} cannot be opened as a folder: {error.strerror}.") from error


def opened_within(folder: int, prefix: str, parts: tuple[str, ...], limits: Limits) -> int | Skipped:
    """The last of `parts`, a folder in an open one whose path with a slash is `prefix`."""
    try:
        if len(parts) <= limits.depth:
            return os.open(parts[-1], FOLDER, dir_fd=folder)
        why = f"deeper than {limits.depth} folders"
    except OSError as error:
        why = f"cannot be opened: {error.strerror}"
    return Skipped(printable(prefix + parts[-1]) + "/", why)


def listed(folder: int, most: int) -> list[Entry]:
    """The entries of an open folder by name, at most one more than `most`. Raises OSError."""
    with os.scandir(folder) as found:
        return sorted(islice(found, most + 1), key=attrgetter("name"))


def troubled(prefix: str, rules: Rules) -> Skipped:
    """That git's index in this folder cannot be read."""
    return Skipped(f"{printable(prefix)}.git/", f"{rules.trouble} .gitignore hides nothing here", covered=True)


def _rest(descriptor: int, data: bytes, length: int, limit: int) -> bytes:
    """What follows the first chunk, up to one byte over the limit: a file may be longer than it said, and grow while it is read."""
    blocks, have = [data], len(data)
    while have <= limit and (block := os.read(descriptor, min(max(length - have + 1, _CHUNK), limit + 1 - have))):
        blocks.append(block)
        have += len(block)
    return b"".join(blocks)
