"""A large folder whose files several processes look at: the first one lists it, and all of them read.

It begins as any walk. After some files the process forks, and from then on it writes the names of files to a pipe in packets of one size,
of which each process takes the next. What nobody takes it reads itself. Each process says in the end what came of its files, and
what a process took that says nothing, because somebody killed it, is read again. So a report depends neither on how many
processes there were nor on which of them looked at what.

Detectors that conclude from several files see theirs in the first process, in the order of the walk: in the end, once more.
"""

import marshal
import os
from collections.abc import Iterator, Sequence
from typing import Any

from vallum_engine.detector import Detector, joining
from vallum_engine.errors import Overrun, UnreadableSource
from vallum_engine.model.file import File, Skipped
from vallum_engine.model.text import printable
from vallum_engine.plugins import load
from vallum_engine.recall import Asked, Share, Unrecorded, Work
from vallum_engine.sources.directory import DEFAULT_LIMITS, FOLDER, Archive, Walk
from vallum_engine.sources.limits import Limits
from vallum_engine.sources.worktree import Rules

FEWEST = 300
"""Files that are looked at before it is worth a fork, which costs some milliseconds."""
LEAST = 4 << 20
"""Bytes of text, likewise."""
_NAMES = 32
_ROOM = 3000
"""Letters of names in a packet, of which it holds a third more in bytes: a longer one is read by who has it."""
_ROOT = "/"
_CREW = "vallum_engine.sources.crew:Crew"  # what forks is imported where there is something to share
_MAY_FORK = "vallum_engine.sources.crew:may_fork"

Item = File | Skipped | Share


class Spread(Unrecorded):
    """Serves one scan in several processes: what the source and the pipeline have to tell each other."""

    def __init__(self, detectors: Sequence[Detector], processes: int) -> None:
        self.processes = processes
        self.work: Work | None = None
        self.begun = False
        self.place = (0, 0)
        """The packet, and the name in it, of the file that is looked at."""
        self.later: list[tuple[int, int]] = []
        """Places of files that come again in the end."""
        self._joining = joining(detectors)

    def works_by(self, work: Work) -> None:
        self.work = work

    def chosen(self, asked: Asked) -> Asked:
        if not self.begun:
            return asked
        waiting = [pair for pair in asked if pair[0] in self._joining]
        if self.again:
            return waiting
        if waiting:
            self.later.append(self.place)
        return [pair for pair in asked if pair[0] not in self._joining]


def walk(root: str, spread: Spread, *, limits: Limits = DEFAULT_LIMITS, honour_ignores: bool = True) -> Iterator[Item]:
    """As `directory.walk`, with a Share of each other process. Raises Overrun too."""
    return _Spreading(limits, spread, honour_ignores=honour_ignores).every(root)


class _Spreading(Walk):
    def __init__(self, limits: Limits, spread: Spread, *, honour_ignores: bool) -> None:
        super().__init__(limits, honour_ignores=honour_ignores)
        self.spread = spread
        self.crew: Any = None
        self.root = -1
        self.seen = 0
        self.packets: list[str] = []
        self.handed = 0
        self.taken: list[int] = []
        """The packets that this process took."""
        self.names: list[str] = []
        self.prefix = ""
        self.trail: list[tuple[str, int]] = []
        """Open folders, each in the one before, the first in the root."""

    def every(self, root: str) -> Iterator[Item]:
        broke = None
        try:
            try:
                yield from self.run(root)
            except UnreadableSource as error:
                if not self.crew:
                    raise
                broke = error
            if self.crew:
                self.packed()
                yield from self.offered()
                yield from self.rest(self.crew)
        finally:
            if self.crew:
                self.crew.end()
            for _, descriptor in self.trail:
                os.close(descriptor)
            if self.root >= 0:
                os.close(self.root)
        if broke:
            raise broke

    def enter(self, descriptor: int, parts: tuple[str, ...], rules: Rules) -> Iterator[File | Skipped]:
        yield from super().enter(descriptor, parts, rules)
        if self.crew:
            yield from self.offered()

    def met(self, name: str, prefix: str, folder: int) -> File | Skipped | Archive | None:
        """Look at a file, or note it for whoever will."""
        if self.crew is None:
            self.seen += 1
            if (self.seen <= FEWEST and self.bytes < LEAST) or not self.began():
                return self.file(name, prefix, folder)
        if prefix != self.prefix or not self.names:
            self.prefix = prefix
            self.names.append(prefix or _ROOT)
        self.names.append(name)
        if len(self.names) >= _NAMES or sum(map(len, self.names)) > _ROOM:
            self.packed()
        return None

    def packed(self) -> None:
        if self.names:
            self.packets.append("\0".join(self.names))
            self.names = []

    def offered(self) -> Iterator[File | Skipped]:
        """Hand on the packets, and read what nobody takes at once."""
        while self.handed < len(self.packets):
            number = self.handed
            self.handed += 1
            if not self.crew or not self.crew.offer(number, self.packets[number]):
                yield from self.read(number, self.packets[number])

    def read(self, number: int, packet: str) -> Iterator[File | Skipped]:
        self.taken.append(number)
        for index, name in enumerate(packet.split("\0")):
            if name.endswith("/"):
                prefix = "" if name == _ROOT else name
                folder, why = self.reached(prefix)
            elif folder < 0:
                yield Skipped(printable(prefix + name), why)
            else:
                self.spread.place = number, index
                yield from self.looked_at(name, prefix, folder)

    def looked_at(self, name: str, prefix: str, folder: int) -> Iterator[File | Skipped]:
        try:
            item = self.file(name, prefix, folder)
            if isinstance(item, Archive):
                yield from self.opened(item)
            else:
                yield item
        except (UnreadableSource, OSError) as error:
            raise Overrun from error

    def reached(self, prefix: str) -> tuple[int, str]:
        """The folder of this path below the root, open; or less than nothing, and why it is not."""
        parts, same = prefix.split("/")[:-1], 0
        while same < min(len(parts), len(self.trail)) and self.trail[same][0] == parts[same]:
            same += 1
        while len(self.trail) > same:
            os.close(self.trail.pop()[1])
        try:
            for part in parts[same:]:
                above = self.trail[-1][1] if self.trail else self.root
                self.trail.append((part, os.open(part, FOLDER, dir_fd=above)))
        except OSError as error:
            return -1, f"cannot be opened: {error.strerror}"
        return self.trail[-1][1] if self.trail else self.root, ""

    def began(self) -> bool:
        """Whether there are several processes now."""
        if not self.spread.work or not load(_MAY_FORK)():
            return False
        self.spread.begun = True
        self.root = os.dup(self.open[0].descriptor)
        try:
            crew = load(_CREW)()
        except OSError:  # too many files are open for a pipe
            return self.alone()
        crew.fork(self.spread.processes - 1, self.share)
        if crew.workers:
            self.crew = crew
            return True
        crew.end()
        return self.alone()

    def alone(self) -> bool:
        """No process is to be had: this one looks at all, with as many open files as one that never asked."""
        os.close(self.root)
        self.root = -1
        self.spread.begun, self.spread.work = False, None
        return False

    def share(self, packets: Iterator[tuple[int, str]]) -> bytes:
        """In another process: what comes of the packets that it takes."""
        assert self.spread.work  # noqa: S101 - asked before the fork
        before = self.spent
        self.taken, self.spread.later = [], []
        share = self.spread.work(self.every_of(packets))
        spent = [now - then for now, then in zip(self.spent, before, strict=True)]
        return marshal.dumps((self.taken, spent, self.spread.later, share.kept()))

    def every_of(self, packets: Iterator[tuple[int, str]]) -> Iterator[File | Skipped]:
        for number, packet in packets:
            yield from self.read(number, packet)

    def rest(self, crew: Any) -> Iterator[Item]:
        """What the others have to say, and what nobody has anything to say of."""
        yield from self.every_of(crew.left())
        for answer in crew.answers():
            taken, (size, unpacked, members), later, share = marshal.loads(answer)  # noqa: S302 - of a process of ours
            self.taken += taken
            self.spread.later += later
            self.bytes += size
            self.unpacked += unpacked
            self.members += members
            yield Share.of(share)
        for number in sorted(set(range(len(self.packets))).difference(self.taken)):
            yield from self.read(number, self.packets[number])
        if self.bytes > self.limits.total_bytes or not self.room:
            raise Overrun
        yield from self.once_more()

    @property
    def spent(self) -> tuple[int, int, int]:
        return self.bytes, self.unpacked, self.members

    def once_more(self) -> Iterator[File | Skipped]:
        """What conclusions are drawn from, in the order of the walk. It was counted already."""
        self.spread.again = True
        for number, index in sorted(set(self.spread.later)):
            self.bytes = self.unpacked = self.members = 0
            names = self.packets[number].split("\0")
            prefix = next(name for name in names[index::-1] if name.endswith("/"))
            yield from self.read(number, f"{prefix}\0{names[index]}")
