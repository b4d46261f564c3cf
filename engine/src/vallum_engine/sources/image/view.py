"""The layers of an image as one tree, read once each from the highest down, without unpacking them anywhere.

What a higher layer has, deletes (`.wh.NAME`) or empties (`.wh..wh..opq`) hides what is below it, and goes on as a file that is
only in a lower layer. Whiteouts: https://github.com/opencontainers/image-spec/blob/main/layer.md#whiteouts.
"""

from collections.abc import Callable, Iterator
from typing import IO

from vallum_engine.errors import UnreadableSource
from vallum_engine.model.file import File, Skipped
from vallum_engine.model.layer import Layer
from vallum_engine.model.text import printable, size
from vallum_engine.sources import nested, tarballs
from vallum_engine.sources.content import READ_BINARY
from vallum_engine.sources.limits import ImageLimits
from vallum_engine.sources.member import Member
from vallum_engine.sources.reader import LONGEST_NAME, Packed, Reader, normalized
from vallum_engine.sources.streams import unpacked
from vallum_engine.values import made, mutable, replace

Open = Callable[[], IO[bytes]]

_WHITEOUT = ".wh."
_OPAQUE = ".wh..wh..opq"
_RESERVED = ".wh..wh."
_NAME_COST = 100
"""What a name takes in memory beside its letters. A path of a hundred folders that no other one has takes a hundred names."""


@mutable
class _Own:
    """What one layer has, until it is read to its end: its marks hold for the layers below it, not for itself."""

    layer: Layer
    names: set[str] = made(factory=set)
    """Whatever is no folder."""
    folders: set[str] = made(factory=set)
    deleted: set[str] = made(factory=set)
    emptied: set[str] = made(factory=set)
    texts: dict[str, bool] = made(factory=dict)
    """Text files by path: whether the image's tree has them."""
    roots: dict[str, str] = made(factory=dict)
    """Hard links, and the entry that has their content."""
    wanted: dict[str, list[str]] = made(factory=dict)
    """Entries whose content must be read again, under the names of links that are in the tree."""
    shown: dict[str, bool] = made(factory=dict)
    """Folders, and whether what is in them here shows through the layers above."""


class View:
    """Serves one image. The limits hold for all its layers together."""

    def __init__(self, limits: ImageLimits, packed: int) -> None:
        self._limits = limits
        self._reader = Reader(limits, packed)
        self._names: set[str] = set()
        self._folders: set[str] = set()
        self._emptied: set[str] = set()
        self._left = limits.names_bytes

    def layer(self, layer: Layer, opening: Open) -> Iterator[File | Skipped]:
        """The files of the next lower layer. Raises UnreadableSource for damage and at a limit."""
        own = _Own(layer)
        for member in self._members(opening):
            self._reader.met()
            yield from self._entry(own, member)
        if own.wanted:
            yield from self._again(own, opening)
        self._names |= own.names | own.deleted
        self._folders |= own.folders
        self._emptied |= own.emptied

    def _members(self, opening: Open) -> Iterator[Member]:
        with opening() as packed:
            head = packed.peek(512)[:512] if hasattr(packed, "peek") else b""
            if not head.strip(b"\0"):
                return
            stream = unpacked(packed, head)
            if stream is None:
                raise UnreadableSource("a layer of the image is packed in a way that Vallum does not read.")
            yield from tarballs.members(stream, self._reader.spend)

    def _entry(self, own: _Own, member: Member) -> Iterator[File | Skipped]:
        path = _path(member.name)
        if path is None or path.count("/") > self._limits.depth:
            yield Skipped(printable(member.name[:200]), "its name leads out of the image, or is too long or too deep")
            return
        folder, _, name = path.rpartition("/")
        if name.startswith(_WHITEOUT):
            self._hide(own, folder, name)
        elif member.folder:
            self._keep(own.folders, path)
            self._above(own, folder)
        elif path in own.names:
            yield Skipped(printable(path), "twice in one layer: only the first was looked at")
        elif path:
            self._keep(own.names, path)
            self._above(own, folder)
            yield from self._file(own, member, path)

    def _hide(self, own: _Own, folder: str, name: str) -> None:
        if name == _OPAQUE:
            self._keep(own.emptied, folder)
        elif not name.startswith(_RESERVED) and (hidden := name.removeprefix(_WHITEOUT)):
            self._keep(own.deleted, f"{folder}/{hidden}" if folder else hidden)
        self._above(own, folder)

    def _file(self, own: _Own, member: Member, path: str) -> Iterator[File | Skipped]:
        lower = not self._shows(own, path)
        shown = printable(path)
        if member.hard:
            yield from self._link(own, member, path, lower=lower)
        elif member.refused:
            if not lower:
                yield Skipped(shown, member.refused, covered=member.covered)
        else:
            item = self._reader.content(member, shown, self._limits.of(path.rpartition("/")[2]))
            if not isinstance(item, Skipped):
                own.texts[path] = not lower
            for each in self._opened(item):
                if isinstance(each, File):
                    yield replace(each, layer=own.layer, lower=lower)
                elif not lower:
                    yield each
                elif not each.covered:
                    yield replace(each, why=f"{each.why} (in layer {own.layer.number}, hidden by a later one)")

    def _opened(self, item: File | Skipped | Packed) -> Iterator[File | Skipped]:
        return nested.inside(item, self._reader) if isinstance(item, Packed) else iter((item,))

    def _link(self, own: _Own, member: Member, path: str, *, lower: bool) -> Iterator[Skipped]:
        """A hard link holds nothing of its own; what it leads to is read again where it would be missed otherwise."""
        target = _path(member.target) or ""
        target = own.roots.get(target, target)
        own.roots[path] = target
        if lower:
            return
        if target not in own.names:
            yield Skipped(printable(path), "a hard link to what its layer does not hold")
            return
        name, was = path.rpartition("/")[2], target.rpartition("/")[2]
        seen = own.texts.get(target)
        if seen is False or (seen and name != was) or (name in READ_BINARY and name != was):
            own.wanted.setdefault(target, []).append(path)
        else:
            yield Skipped(printable(path), "hard link", covered=True)

    def _again(self, own: _Own, opening: Open) -> Iterator[File | Skipped]:
        for member in self._members(opening):
            names = own.wanted.pop(_path(member.name) or "", ())
            for number, path in enumerate(names):
                shown = printable(path)
                if not number:
                    item = self._reader.content(member, shown, self._limits.of(path.rpartition("/")[2]))
                elif isinstance(item, File):
                    self._reader.count(len(item.data), shown)
                for each in self._opened(replace(item, path=shown)):
                    yield replace(each, layer=own.layer) if isinstance(each, File) else each

    def _shows(self, own: _Own, path: str) -> bool:
        """Whether no layer above has something else there, or has taken away what is there."""
        return path not in self._names and path not in self._folders and self._open(own, path.rpartition("/")[0])

    def _open(self, own: _Own, folder: str) -> bool:
        """Whether what a folder holds in this layer shows; asked for many files of few folders, so it is kept."""
        found = own.shown.get(folder)
        if found is None:
            closed = folder in self._names or folder in self._emptied
            found = own.shown[folder] = not closed and (not folder or self._open(own, folder.rpartition("/")[0]))
        return found

    def _above(self, own: _Own, folder: str) -> None:
        """The folders that a name implies."""
        while folder and folder not in own.folders:
            self._keep(own.folders, folder)
            folder = folder.rpartition("/")[0]

    def _keep(self, names: set[str], name: str) -> None:
        """Names are kept to the end, of all layers. Raises UnreadableSource when they take too much memory."""
        self._left -= len(name) + _NAME_COST
        if self._left < 0:
            raise UnreadableSource(
                f"stopped: the names in the image alone take more than {size(self._limits.names_bytes)}."
            )
        names.add(name)


def _path(name: str) -> str | None:
    """A name in a layer as a path in the image; None for one that leads out of it or is too long."""
    return normalized(name.lstrip("/")) if len(name) <= LONGEST_NAME else None
