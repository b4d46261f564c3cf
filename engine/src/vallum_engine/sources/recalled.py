"""A folder as a source that reads only what changed since the last scan of it; the rest it knows by its look."""

import os
from array import array
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

from vallum_engine.errors import UnreadableSource
from vallum_engine.model.file import File, Skipped
from vallum_engine.model.text import printable
from vallum_engine.recall import ASK, BINARY, HIDDEN, PLAIN, SPECIAL, UNTRUSTED, Folder, Known, Recall, Said, Stat, said
from vallum_engine.sources import looks, worktree
from vallum_engine.sources.directory import (
    DEFAULT_LIMITS,
    Archive,
    Entry,
    Walk,
    listed,
    opened_root,
    opened_within,
    troubled,
)
from vallum_engine.sources.limits import Limits
from vallum_engine.sources.worktree import Rules
from vallum_engine.values import made, mutable

Item = File | Skipped | Known
_IGNORES = (".gitignore", ".vallumignore")


def walk(root: str, recall: Recall, *, limits: Limits = DEFAULT_LIMITS, honour_ignores: bool = True) -> Iterator[Item]:
    """As `directory.walk`, and what the recall knows comes as Known.

    Where a conclusion no longer holds, the files that it was drawn from come again at the end, while `recall.again` is true.
    """
    return _Recalling(limits, recall, honour_ignores=honour_ignores).every(root)


_Before = tuple[Stat, int, tuple[Any, ...] | None]
"""A file as it was: its look, its code, and what was said of it."""


@mutable
class _Place:
    """A folder on the way to where the walk is."""

    descriptor: int
    """Less than nothing while it is not open: of a folder that is what it was, nothing is read."""
    parts: tuple[str, ...]
    prefix: str
    names: Sequence[str] = ()
    same: bool = False
    """Whether nothing that hides files changed, here or above."""
    rules: Rules | None = None
    """None until somebody asks: where all is the same, nobody does."""
    folders: Iterator[str] = made(factory=lambda: iter(()))


class _Recalling(Walk):
    def __init__(self, limits: Limits, recall: Recall, *, honour_ignores: bool) -> None:
        super().__init__(limits, honour_ignores=honour_ignores)
        self.recall = recall
        self.above = Rules()
        """What holds at the top because of what lies above it."""
        self.places: list[_Place] = []
        self.device: int | None = None
        """Of the file system, where that tells by its times whether a folder's entries changed."""
        self.deferred: list[tuple[tuple[str, ...], str]] = []

    def every(self, root: str) -> Iterator[Item]:
        descriptor = opened_root(root)
        self.device = looks.telling(descriptor)
        self.above = worktree.at_root(root) if self.honour_ignores else self.above
        broke = None
        try:
            yield from self.come(_Place(descriptor, (), "", same=self.above == Rules()))
            while self.places:
                place = self.places[-1]
                name = next(place.folders, None)
                if name is not None:
                    yield from self.below(place, name)
                elif self.places.pop().descriptor >= 0:
                    os.close(place.descriptor)
        except UnreadableSource as error:
            broke = error
        finally:
            for place in self.places:
                if place.descriptor >= 0:
                    os.close(place.descriptor)
        if not self.recall.settled(whole=not broke):
            yield from self.once_more(root)
        if broke:
            raise broke

    def below(self, place: _Place, name: str) -> Iterator[Item]:
        parts, prefix = (*place.parts, name), f"{place.prefix}{name}/"
        old = self.recall.folder(prefix) if place.same else None
        if old and len(parts) <= self.limits.depth and ASK not in old.codes and self.fits(old):
            names = old.names.split("\0") if old.names else []
            files = looks.files(names)
            as_it_was = looks.untouched(self.places[0].descriptor, self.device, prefix, files, old)
            if as_it_was and self.hides_the_same(old, names, (), equal=True):
                self.count(len(names), prefix)
                self.places.append(_Place(-1, parts, prefix, names, same=True))
                now = dict(zip(files, looks.quads(old.stats), strict=True)) if old.joined else {}
                yield from self.unchanged(self.places[-1], old, now)
                return
        opened = self.opened_below(name)
        if isinstance(opened, Skipped):
            self.recall.changed = True
            yield opened
        else:
            yield from self.come(_Place(opened, parts, prefix, same=place.same))

    def opened_below(self, name: str) -> int | Skipped:
        """A folder in the innermost one, open, and with it those above that nobody had to open so far."""
        for above, place in pairwise(self.places):
            if place.descriptor < 0:
                opened = opened_within(above.descriptor, above.prefix, place.parts, self.limits)
                if isinstance(opened, Skipped):
                    return opened
                place.descriptor = opened
        place = self.places[-1]
        return opened_within(place.descriptor, place.prefix, (*place.parts, name), self.limits)

    def come(self, place: _Place) -> Iterator[Item]:
        """Yield the folder's files; its folders wait."""
        self.places.append(place)
        try:
            own = self.own(place.descriptor)
            entries = listed(place.descriptor, self.limits.files - self.entries)
        except OSError as error:
            self.recall.changed = True
            yield Skipped(printable(place.prefix), f"cannot be listed: {error.strerror}")
            return
        self.count(len(entries), place.prefix)
        place.names, numbers = looks.of_entries(entries)
        stats = array("q", numbers).tobytes()
        git = looks.of_git(place.descriptor) if self.honour_ignores and ".git/" in place.names else ()
        old = self.recall.folder(place.prefix)
        equal = old is not None and old.stats == stats and old.names == "\0".join(place.names)
        # Of a folder that is what it was, only files that somebody asks for are looked up.
        now = (
            dict(zip(looks.files(place.names), looks.quads(stats), strict=True))
            if old is None or not equal or old.joined
            else {}
        )
        was = _before(old) if old and not equal else {}
        place.same = (
            place.same
            and old is not None
            and self.hides_the_same(old, place.names, git, equal=equal or _same(was, now))
        )
        self.recall.moved = self.recall.moved or not (equal and place.same)
        if old and equal and place.same and ASK not in old.codes and self.fits(old):
            self.recall.changed = self.recall.changed or old.own != own
            yield from self.unchanged(place, old._replace(own=own), now)
            return
        made = _Made(now or dict(zip(looks.files(place.names), looks.quads(stats), strict=True)))
        yield from self.changed(place, entries, made, was or (_before(old) if old else {}))
        kept = made.done("\0".join(place.names), self.believed(git), own)
        self.recall.changed = self.recall.changed or kept != old
        self.recall.keep(place.prefix, kept, made.now)

    def hides_the_same(self, old: Folder, names: Sequence[str], git: tuple[Stat, ...], *, equal: bool) -> bool:
        """Whether what hides files, as far as it lies in this folder, is what it was. A `.git` that is a file leads elsewhere."""
        return not self.honour_ignores or (equal and old.git == git and ".git" not in names)

    def believed(self, git: tuple[Stat, ...]) -> tuple[Stat, ...]:
        return tuple(UNTRUSTED if max(stat[1:3]) >= self.recall.before else stat for stat in git)

    def own(self, folder: int) -> bytes:
        """What an open folder is like before it is listed, as far as that may be believed the next time."""
        met = os.fstat(folder)
        if met.st_dev != self.device or max(met.st_mtime_ns, met.st_ctime_ns) >= self.recall.before:
            return b""
        return looks.packed(met)

    def fits(self, old: Folder) -> bool:
        """Whether the folder as it was meets no limit: else each file of it is asked, for the report says which met it."""
        return (
            self.bytes + old.size <= self.limits.total_bytes
            and self.unpacked + old.unpacked <= self.limits.total_bytes
            and self.members + old.members <= self.limits.files
        )

    def unchanged(self, place: _Place, old: Folder, now: Mapping[str, Stat]) -> Iterator[Item]:
        self.bytes += old.size
        self.unpacked += old.unpacked
        self.members += old.members
        self.recall.keep(place.prefix, old, now)
        self.deferred += [(place.parts, name) for name in old.joined]
        place.folders = iter(
            [
                name[:-1]
                for name in place.names
                if name[-1] == "/" and name[-2] != "/" and name not in old.extras and name != ".git/"
            ]
        )
        told = tuple(map(said, old.extras.values())) if old.extras else ()
        yield Known(old.paths, old.size - sum(each.text for each in told), old.binary, told)

    def changed(
        self, place: _Place, entries: Sequence[Entry], made: "_Made", before: Mapping[str, _Before]
    ) -> Iterator[Item]:
        rules = self.rules()
        if rules.trouble and rules.repository == place.parts:
            yield from self.noted(made, ".git/", troubled(place.prefix, rules))
        folders: list[str] = []
        place.folders = iter(folders)
        asks = bool(rules.own) or rules.tracked is not None
        for entry, name in zip(entries, place.names, strict=True):
            if entry.name == ".git":
                continue
            folder = name[-1] == "/" and name[-2] != "/"
            shown = printable(place.prefix + entry.name) + "/" * folder
            if asks and (why := rules.hides((*place.parts, entry.name), folder=folder)):
                yield from self.noted(made, name, Skipped(shown, why, covered=True, hidden=True), HIDDEN)
            elif name in made.now:
                known = self.as_it_was(made, place, name, before.get(name))
                yield from (known,) if known else self.fresh(made, place, name)
            elif folder:
                folders.append(entry.name)
            else:
                kind = "neither file nor folder" if name.endswith(looks.OTHER) else "symbolic link"
                yield from self.noted(made, name, Skipped(shown, kind, covered=True))

    def as_it_was(self, made: "_Made", place: _Place, name: str, before: _Before | None) -> Known | None:
        """A file that did not change in a folder that did; None where it has to be looked at, for a limit's sake too."""
        if before is None or before[1] in (HIDDEN, ASK) or before[0] != made.now[name]:
            return None
        path, code, held = printable(place.prefix + name), before[1], said(before[2]) if before[2] else Said()
        size = made.now[name][0] if code == PLAIN else held.text
        if self.bytes + size > self.limits.total_bytes or (held.archive and not self.room):
            return None
        self.bytes += size
        if code == BINARY:
            made.binary(name, path)
            return Known(binary=(path,))
        if code == PLAIN:
            made.plain(name, path, size)
            return Known((path,), size)
        self.unpacked += held.unpacked
        self.members += held.members
        self.deferred += [(place.parts, name)] * held.joined
        made.special(name, held)
        return Known(said=(held,))

    def fresh(self, made: "_Made", place: _Place, name: str) -> Iterator[Item]:
        """Read a file, and note what the pipeline says of it while it has it."""
        text, unpacked, members, crowded = self.bytes, self.unpacked, self.members, not self.room
        self.recall.begin()
        item = self.file(name, place.prefix, place.descriptor)
        yield from self.opened(item) if isinstance(item, Archive) else (item,)
        size, stat, path = self.bytes - text, made.now[name], printable(place.prefix + name)
        # What a program tells, and what is in an archive, lies below the file's own path.
        told, believed = self.recall.end(plain=isinstance(item, File) and item.path == path and not item.binary)
        self.deferred += [(place.parts, name)] * (told is not None and told.joined)
        if max(stat[1:3]) >= self.recall.before or (told is None and size != stat[0]):
            made.distrust(name)
        if not believed or crowded or path in self.recall.fresh:
            made.ask(name, joined=told is not None and told.joined)
        elif told is None:
            made.plain(name, path, size)
        elif told.skips == [Skipped(path, "binary", covered=True)] and not told.files and not told.joined:
            made.binary(name, path)
        else:
            told.text, told.archive = size, isinstance(item, Archive)
            told.unpacked, told.members = self.unpacked - unpacked, self.members - members
            made.special(name, told)

    def noted(self, made: "_Made", name: str, item: Skipped, code: int = SPECIAL) -> Iterator[Skipped]:
        """What is said of an entry without reading it."""
        made.special(name, Said(skips=[item]), code)
        yield item

    def rules(self) -> Rules:
        """Those of the innermost open folder, and of those above it that nobody asked for yet."""
        above = self.above
        for place in self.places:
            if place.rules is None:
                rules = above.within(place.parts) if above.git and place.parts else above
                marks = [name for name in (".git", *_IGNORES) if name in place.names or f"{name}/" in place.names]
                place.rules = (
                    worktree.entered(rules, place.parts, marks, place.descriptor) if self.honour_ignores else rules
                )
            above = place.rules
        return above

    def once_more(self, root: str) -> Iterator[Item]:
        """What conclusions are drawn from, in the order of the walk. It was counted already."""
        for parts, name in self.deferred:
            self.bytes = self.unpacked = self.members = 0
            descriptor = opened_root(root)
            try:
                for depth in range(len(parts)):
                    further = opened_within(descriptor, "", parts[: depth + 1], self.limits)
                    if isinstance(further, Skipped):
                        break
                    os.close(descriptor)
                    descriptor = further
                else:
                    item = self.file(name, "/".join(parts) + "/" if parts else "", descriptor)
                    yield from self.opened(item) if isinstance(item, Archive) else (item,)
            finally:
                os.close(descriptor)


class _Made:
    """A folder as it is now, on its way to be kept."""

    def __init__(self, now: Mapping[str, Stat]) -> None:
        self.now = dict(now)
        self._codes = dict.fromkeys(now, HIDDEN)
        self._paths: list[str] = []
        self._binary: list[str] = []
        self._said: dict[str, Said] = {}
        self._joined: list[str] = []
        self._size = 0

    def plain(self, name: str, path: str, size: int) -> None:
        self._codes[name] = PLAIN
        self._paths.append(path)
        self._size += size

    def binary(self, name: str, path: str) -> None:
        self._codes[name] = BINARY
        self._binary.append(path)

    def special(self, name: str, told: Said, code: int = SPECIAL) -> None:
        if name in self._codes:
            self._codes[name] = code
        self._said[name] = told
        self._joined += [name] * told.joined
        self._size += told.text

    def ask(self, name: str, *, joined: bool) -> None:
        """Nothing is kept of it, and it is read each time."""
        self._codes[name] = ASK
        self._joined += [name] * joined

    def distrust(self, name: str) -> None:
        self.now[name] = UNTRUSTED

    def done(self, names: str, git: tuple[Stat, ...], own: bytes) -> Folder:
        told = self._said.values()
        return Folder(
            names=names,
            stats=array("q", [number for stat in self.now.values() for number in stat]).tobytes(),
            codes=bytes(self._codes.values()),
            paths=tuple(self._paths),
            size=self._size,
            binary=tuple(self._binary),
            extras={name: said.kept() for name, said in self._said.items()},
            joined=tuple(self._joined),
            git=git,
            unpacked=sum(said.unpacked for said in told),
            members=sum(said.members for said in told),
            own=own,
        )


def _before(old: Folder) -> dict[str, _Before]:
    names = looks.files(old.names.split("\0"))
    return {
        name: (stat, code, old.extras.get(name))
        for name, stat, code in zip(names, looks.quads(old.stats), old.codes, strict=True)
    }


def _same(before: Mapping[str, _Before], now: Mapping[str, Stat]) -> bool:
    """Whether the ignore files of a folder are what they were."""
    return all((before[name][0] if name in before else None) == now.get(name) for name in _IGNORES)
