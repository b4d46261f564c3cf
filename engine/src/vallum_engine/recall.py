"""What the last scan of a folder said of each file, so that the next one reads only what changed.

A file is what it was when its size, its inode and its times of change are. The time of change of the inode (ctime) cannot be set by a
program, so a file that is given its old size and its old time back is still seen to have changed. What changed within `margin` before
the scan began is never believed: it may change again within the same tick of the file system's clock (git's racy rule).

Of a detector whose answer for a file depends on that file alone (`by_file`), what it found is kept by file. What the others concluded is
kept as a whole, and holds while none of the files that they asked for came, went or changed; of one that may look at any file in the
end, while no file at all did.

No content is kept, and of a file with `vallum:ignore` nothing: the words around it may be a secret's.
"""

import marshal
from binascii import crc32
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

from vallum_engine.detector import ByFile, Detector, Hit, LooksAgain, Stamped, joining
from vallum_engine.digests import blake2b
from vallum_engine.model.file import File, Skipped
from vallum_engine.model.finding import Finding, Location
from vallum_engine.model.kept import plain, value
from vallum_engine.model.package import Package
from vallum_engine.model.report import Exclusion, Problem, RuleSet
from vallum_engine.values import made, mutable

MARGIN = 2_000_000_000
"""Nanoseconds: the coarsest clock of a file system counts in two seconds."""
_MAGIC = b"vallum-recall/2\n"

Stat = tuple[int, int, int, int]
"""Size, times of change of content and of inode in nanoseconds, inode."""
UNTRUSTED: Stat = (0, 0, 0, -1)
"""What no file is like: it is read the next time."""

PLAIN, SPECIAL, BINARY, HIDDEN, ASK = range(5)
"""What became of a file: read and nothing said of it; more, which stands apart; left out as binary; not looked at; not kept."""


@mutable
class Said:
    """What came of one file, or of an archive with all in it, beside that it was read."""

    files: list[tuple[str, int]] = made(factory=list)
    """Paths that were read, and their sizes."""
    skips: list[Skipped] = made(factory=list)
    exclusions: list[Exclusion] = made(factory=list)
    findings: list[Finding] = made(factory=list)
    joined: bool = False
    """Whether a detector asked for it that concludes from several files."""
    text: int = 0
    """Bytes that count as text of the folder."""
    archive: bool = False
    unpacked: int = 0
    members: int = 0
    """Of an archive the bytes that it was unpacked to, and its entries."""

    @property
    def is_plain(self) -> bool:
        return not (self.joined or self.findings or self.skips or self.exclusions)

    def kept(self) -> tuple[Any, ...]:
        """The values of the model first, which alone have to be written down as something else."""
        told = tuple(map(plain, (self.skips, self.exclusions, self.findings)))
        numbers = (self.joined, self.text, self.archive, self.unpacked, self.members)
        return (*told, tuple(self.files), *numbers)


@mutable
class Known:
    """A source's word that these files are what they were."""

    paths: Sequence[str] = ()
    """Files that were read and of which nothing was said."""
    size: int = 0
    binary: Sequence[str] = ()
    said: Sequence[Said] = ()


@mutable
class Share:
    """What came of the files that another process looked at."""

    files: int
    bytes: int
    skips: int
    paths: Sequence[str]
    """Those that were read."""
    found: Sequence[tuple[Finding, tuple[Location, ...]]]
    """Each with every place of it."""
    hidden: Sequence[tuple[Finding, tuple[Location, ...]]]
    exclusions: Sequence[Exclusion]
    """Those of the detectors too."""
    problems: Sequence[Problem]

    def kept(self) -> tuple[Any, ...]:
        told = tuple(map(plain, (self.found, self.hidden, self.exclusions, self.problems)))
        return (self.files, self.bytes, self.skips, tuple(self.paths), *told)

    @staticmethod
    def of(kept: tuple[Any, ...]) -> "Share":
        files, size, skips, paths, *told = kept
        return Share(files, size, skips, paths, *map(value, told))


Work = Callable[[Iterable[Any]], Share]
"""What the pipeline does with items of a source, apart from all that it did before."""


@mutable
class Outcome:
    """What a detector concluded."""

    sightings: list[tuple[str, Finding]]
    """Each with the file in which it was found at once, or none where it was concluded in the end."""
    failures: list[tuple[str, str]] = made(factory=list)
    """Files on which it broke, and why."""
    exclusions: tuple[Exclusion, ...] = ()
    packages: tuple[Package, ...] = ()
    rulesets: tuple[RuleSet, ...] = ()


class Folder(NamedTuple):
    """One folder as it was: `names` of all entries, and of its files in their order `stats`, `codes`, and what they came to."""

    names: str
    stats: bytes
    codes: bytes = b""
    paths: tuple[str, ...] = ()
    """Of its plain files."""
    size: int = 0
    """Of its texts, in bytes."""
    binary: tuple[str, ...] = ()
    extras: Mapping[str, tuple[Any, ...]] = MappingProxyType({})
    joined: tuple[str, ...] = ()
    """Names of files that conclusions depend on."""
    git: tuple[Stat, ...] = ()
    unpacked: int = 0
    members: int = 0
    own: bytes = b""
    """What the folder itself was like, which changes whenever an entry comes, goes or is renamed; empty where that is not believed."""


Asked = list[tuple[Detector, Sequence[Hit]]]


class Unrecorded:
    """A scan that keeps nothing."""

    again = False
    """Whether files come that were met already, for those detectors alone that conclude from several."""

    def works_by(self, work: Work) -> None:
        """Called once, before the first file."""

    def chosen(self, asked: Asked) -> Asked:
        """Those of the detectors that look at a file at once."""
        return asked

    def read(self, file: File) -> None: ...
    def asked(self, detectors: Iterable[Detector]) -> None: ...
    def found(self, detector: Detector, path: str, finding: Finding) -> None: ...
    def left(self, item: Skipped) -> None: ...
    def excluded(self, rows: Iterable[Exclusion]) -> None: ...
    def failed(self, name: str, path: str, why: str) -> None: ...
    def void(self) -> None: ...
    def broke_off(self) -> None: ...
    def concluded(
        self, detector: Detector, findings: Iterable[Finding], rows: Iterable[Exclusion], packages: Iterable[Package]
    ) -> None: ...
    def outcome(self, detector: Detector) -> Outcome | None:  # noqa: ARG002 - as the one that records
        return None

    def took_part(self, detector: Detector, rulesets: Sequence[RuleSet]) -> None: ...


NOTHING = Unrecorded()


class Recall(Unrecorded):
    """Serves one scan: asked by the source which files it knows, and told by the pipeline what came of the others."""

    def __init__(
        self,
        kept: bytes | None,
        detectors: Sequence[Detector],
        *,
        key: Callable[[], str],
        began: int,
        fresh: frozenset[str] = frozenset(),
    ) -> None:
        """`key` names all but the files that a report depends on; it is asked where there is something to compare or keep.

        `began`: the clock, in nanoseconds. `fresh` are always read.
        """
        self._key = key
        self.before = began - MARGIN
        self.fresh = fresh
        self.changed = False
        self.moved = False
        """Whether any file came, went or changed, or is hidden otherwise than before."""
        self.whole = True
        """Whether the walk came to its end: else nobody knows which files there are."""
        self.folders: dict[str, Folder] = {}
        self._joining = joining(detectors)
        self._alone = [d for d in detectors if d not in self._joining]
        self._stamps = {d.name: d.stamp if isinstance(d, Stamped) else "" for d in self._joining}
        self._look_again = any(isinstance(d, LooksAgain) for d in self._joining)
        self._old, self._held = _read(kept, key) if kept else ({}, {})
        self._defers = bool(self._old)
        self._settled = False
        self._outcomes: dict[str, Outcome] = {}
        self._joined = blake2b(digest_size=16)
        self._files: list[tuple[str, int]] = []
        self._special: Said | None = None
        self._void = False
        self._recording = False
        self._rows = 0

    # What the source asks and says.

    def folder(self, prefix: str) -> Folder | None:
        held = self._old.get(prefix)
        return Folder._make(held) if held else None

    def keep(self, prefix: str, folder: Folder, at: Mapping[str, Stat]) -> None:
        """`at` are the files that conclusions depend on, as they are now."""
        self.folders[prefix] = folder
        for name in folder.joined:
            path = (prefix + name).encode("utf-8", "surrogatepass")
            stat = at.get(name, UNTRUSTED)
            # What is not believed is like nothing that will ever be.
            self._joined.update(b"%d:%b%d.%d.%d.%d.%d" % (len(path), path, *stat, stat == UNTRUSTED and self.before))

    def begin(self) -> None:
        """What is said from now on is said of one entry."""
        self._files, self._special, self._void, self._recording = [], None, False, True

    def end(self, *, plain: bool) -> tuple[Said | None, bool]:
        """What was said of it, None where it is `plain` and nothing was; and whether that may be believed the next time."""
        self._recording = False
        if self._rows and self._rows != self._said_aside():
            self._void = True
        self._rows = 0
        special = self._special
        if plain and (special is None or special.is_plain):
            return None, not self._void
        special = special or Said()
        special.files = self._files
        return special, not self._void

    def settled(self, *, whole: bool) -> bool:
        """Asked at the end of the walk: whether what detectors conclude from need not come again, in the order of the walk."""
        if not self._defers:
            return True
        self.moved = self.moved or self._old.keys() != self.folders.keys()
        self._settled = (
            whole
            and self._holds()
            and self._held[""] == self._joined.hexdigest()
            # What reads any file in the end depends on every file.
            and not (self.moved and self._look_again)
        )
        self._void = False
        self.again = not self._settled
        return self._settled

    def _holds(self) -> bool:
        """Whether there are conclusions, made with what they would be made with today."""
        return bool(self._held) and all(
            stamp and name in self._held and self._held[name][0] == stamp for name, stamp in self._stamps.items()
        )

    # What the pipeline says.

    def chosen(self, asked: Asked) -> Asked:
        if self.again:
            return [pair for pair in asked if pair[0] in self._joining]
        return [pair for pair in asked if pair[0] not in self._joining] if self._defers else asked

    def read(self, file: File) -> None:
        if self._recording:
            self._files.append((file.path, len(file.data)))

    def asked(self, detectors: Iterable[Detector]) -> None:
        if self._recording:
            special = self._of_this()
            special.joined = special.joined or any(detector in self._joining for detector in detectors)
            self._rows = self._rows or self._said_aside()

    def found(self, detector: Detector, path: str, finding: Finding) -> None:
        if detector in self._joining:
            self._outcomes.setdefault(detector.name, Outcome([])).sightings.append((path, finding))
            # Marks that may hide it are not kept.
            self.whole = self.whole and not self._void
        elif self._recording and isinstance(detector, ByFile):
            said = self._of_this()
            said.findings.append(finding)
            self._void = self._void or finding.rule in detector.timed

    def left(self, item: Skipped) -> None:
        if self._recording:
            self._of_this().skips.append(item)

    def excluded(self, rows: Iterable[Exclusion]) -> None:
        if self._recording:
            self._of_this().exclusions.extend(rows)

    def failed(self, name: str, path: str, why: str) -> None:
        if name in self._stamps:
            self._outcomes.setdefault(name, Outcome([])).failures.append((path, why))
        else:
            self._void = True

    def void(self) -> None:
        self._void = True

    def broke_off(self) -> None:
        self.whole = False

    def concluded(
        self, detector: Detector, findings: Iterable[Finding], rows: Iterable[Exclusion], packages: Iterable[Package]
    ) -> None:
        if detector in self._joining:
            outcome = self._outcomes.setdefault(detector.name, Outcome([]))
            outcome.sightings.extend(("", finding) for finding in findings)
            outcome.exclusions, outcome.packages = tuple(rows), tuple(packages)

    def outcome(self, detector: Detector) -> Outcome | None:
        if not self._settled or detector not in self._joining:
            return None
        if detector.name not in self._outcomes:
            sightings, failures, *rest = value(self._held[detector.name][1])
            self._outcomes[detector.name] = Outcome(list(sightings), list(failures), *rest)
        return self._outcomes[detector.name]

    def took_part(self, detector: Detector, rulesets: Sequence[RuleSet]) -> None:
        if detector in self._joining:
            self._outcomes.setdefault(detector.name, Outcome([])).rulesets = tuple(rulesets)

    def dump(self) -> tuple[bytes, bytes] | None:
        """What to keep for the next scan, in two parts, for the second is large; None where that is kept already."""
        if not self.changed and not self.again and self._old.keys() == self.folders.keys():
            return None
        outcomes: dict[str, Any] = self._held if self._settled else {}
        if not self._settled and self.whole and all(self._stamps.values()):
            outcomes = {
                name: (self._stamps[name], plain((o.sightings, o.failures, o.exclusions, o.packages, o.rulesets)))
                for name, o in self._outcomes.items()
            }
            outcomes[""] = self._joined.hexdigest()
        folders = {prefix: tuple(folder) for prefix, folder in self.folders.items()}
        body = marshal.dumps((self._key(), folders, outcomes))
        return _MAGIC + crc32(body).to_bytes(4, "big"), body

    def _of_this(self) -> Said:
        if self._special is None:
            self._special = Said()
        return self._special

    def _said_aside(self) -> int:
        """How much was said of files beside findings: such a file is read again, for nobody knows which words are its own."""
        return 1 + sum(len(detector.exclusions()) for detector in self._alone)


def said(kept: tuple[Any, ...]) -> Said:
    skips, exclusions, findings, files, *numbers = kept
    return Said(list(files), list(value(skips)), list(value(exclusions)), list(value(findings)), *numbers)


def _read(kept: bytes, key: Callable[[], str]) -> tuple[dict[str, tuple[Any, ...]], dict[str, Any]]:
    """The folders and the outcomes. The caller vouches for the bytes; those of another form or key are nothing."""
    if not kept.startswith(_MAGIC):
        return {}, {}
    body = memoryview(kept)[len(_MAGIC) + 4 :]
    if not body or crc32(body).to_bytes(4, "big") != kept[len(_MAGIC) : len(_MAGIC) + 4]:
        return {}, {}
    was, folders, outcomes = marshal.loads(body)  # noqa: S302 - the caller vouches that nobody else wrote them
    return (folders, outcomes) if was == key() else ({}, {})
