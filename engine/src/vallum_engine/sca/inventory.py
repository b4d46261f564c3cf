"""What a tree says about its packages: the entries of every file, which manifests are locked, and what was not read."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from vallum_engine.errors import BrokenData
from vallum_engine.model.distributions import FAMILIES, family
from vallum_engine.model.file import File
from vallum_engine.model.finding import Finding
from vallum_engine.model.naming import normalised
from vallum_engine.model.package import Package
from vallum_engine.model.report import Exclusion, Verdict
from vallum_engine.sca.lockfiles import (
    ECOSYSTEMS,
    MANIFESTS,
    TOGETHER,
    extractor,
    format_of,
    joiner,
    reader,
    shadows,
)
from vallum_engine.sca.lockfiles.entry import (
    MAX_ENTRIES,
    MAX_NAME,
    Asking,
    Entry,
    Gap,
    Left,
    Member,
    Partial,
    Reference,
    broken,
)
from vallum_engine.sca.systems import databases, release, settle
from vallum_engine.sca.systems.attribution import Attribution
from vallum_engine.sca.systems.release import Release
from vallum_engine.sca.workspaces import Workspaces
from vallum_engine.values import made, mutable, replace

_LISTED_LINES = 10


@mutable
class Taken:
    """What one file names."""

    packages: list[Package] = made(factory=list)
    references: list[Reference] = made(factory=list)
    gaps: list[Gap] = made(factory=list)
    left: list[Left] = made(factory=list)
    partial: Partial | None = None
    members: list[Member] = made(factory=list)

    @property
    def is_prose(self) -> bool:
        """Whether a text is about requirements or constraints, as manuals have it, and none of pip's files: it pins nothing."""
        unreadable = sum(not gap.readable for gap in self.gaps)
        return unreadable > len(self.packages) and not any(package.version for package in self.packages)


def taken_of(entries: Iterable[Entry]) -> Taken:
    """Sort one file's entries. Raises BrokenData for too many, and for names that nobody could have published."""
    taken = Taken()
    for count, entry in enumerate(entries, 1):
        match entry:
            case Package():
                taken.packages.append(_plain(entry))
            case Reference():
                taken.references.append(entry)
            case Gap():
                taken.gaps.append(entry)
            case Left():
                taken.left.append(entry)
            case Partial():
                taken.partial = entry
            case Member():
                taken.members.append(entry)
        if count > MAX_ENTRIES:
            raise BrokenData(f"More than {MAX_ENTRIES:,} packages. Split the lockfile or leave the file out.")
    return taken


def wanted(path: str) -> bool:
    """Whether a file of this path says something about packages."""
    return bool(format_of(path)) or release.root_of(path) is not None


class Inventory:
    """Takes files one by one. What they say of each other holds once they are settled."""

    def __init__(self) -> None:
        self.by_path: dict[str, list[Package]] = {}
        self.met: set[str] = set()
        """Ecosystems with a lockfile here, or with a version that stands elsewhere."""
        self._taken: dict[str, Taken] = {}
        self._references: dict[str, tuple[str, int]] = {}
        self._read: dict[str, dict[str, Any]] = defaultdict(dict)
        """By format: what was read of files that are understood together, by path."""
        self._refused: dict[str, str] = {}
        """Files that could be read and then not understood, and why."""
        self._systems = settle.Systems()
        self._layers = Attribution()
        self._deleted: set[str] = set()
        """Package databases that a later layer of an image deletes."""
        self._workspaces = Workspaces()
        self._completed: set[str] = set()
        """Files that name a part of their packages, where another one names the rest."""
        self._answered: dict[str, list[Asking]] = {}
        self.locked: dict[str, dict[str, list[Package]]] = {}
        """By lockfile: the manifests that it answers, each with what it asks for."""

    def take(self, file: File) -> bool:
        """Read one file, and say whether it lists packages. Raises BrokenData where it breaks off: nothing of it counts."""
        if file.lower:
            self._below(file)
            return False
        if self._systems.note(file):
            return False
        form = format_of(file.path)
        before = set(self.met)
        if form not in MANIFESTS:
            self.met |= {ECOSYSTEMS[form]} - FAMILIES.keys() - {""}
        if form in TOGETHER:
            self._read[form][file.path] = reader(form)(file)
            return False
        taken = taken_of(extractor(form)(file))
        if form == "requirements" and taken.is_prose:
            self.met = before
            return False
        self._keep(file.path, taken)
        if file.layer:
            self._layers.note(file.path, file.layer, taken.packages)
        return True

    def settle(self) -> None:
        """Understand together what was read for that, leave out what another file says better, and name distributions."""
        self._join()
        for path in [path for path in self.by_path if any(other in self.by_path for other in shadows(path))]:
            self._shadowed(path)
        for path in sorted(self.by_path):
            self.by_path[path] = self._layers.placed(path, self.by_path[path])
            if format_of(path) in MANIFESTS:
                self._answer(path)
            elif databases.format_of(path):
                settled = self.by_path[path] = self._systems.settled(path, self.by_path[path])
                self.met |= {package.ecosystem for package in settled if self._systems.of(path)}

        for path, taken in sorted(self._taken.items()):
            for other in sorted({reference.path for reference in taken.references} - {path}):
                if other not in self.by_path:
                    continue
                # Files that pip reads together: what one pins, the other may keep out.
                self.locked.setdefault(other, {})[path] = self.by_path.get(path, [])
                self.locked.setdefault(path, {})[other] = self.by_path[other]

    def releases(self) -> Sequence[Release]:
        """The distributions that have packages here."""
        return self._systems.met(self.by_path)

    def system(self, path: str) -> Release | None:
        """The distribution whose package database is at this path; None for another file."""
        return self._systems.of(path) if databases.format_of(path) else None

    def told(self, finding: Finding) -> Finding:
        """The finding, with what an image says of how its package came in."""
        return self._layers.told(finding)

    def packages(self) -> Sequence[Package]:
        return [package for path in sorted(self.by_path) for package in self.by_path[path]]

    def asking(self, lock: str) -> Sequence[Asking]:
        """What the manifests ask for that the lockfile at this path answers."""
        return self._answered.get(lock, ())

    def exclusions(self) -> Iterator[Exclusion]:
        for path in self._systems.unknown(sorted(self.by_path)):
            yield note(path, settle.UNKNOWN)
        for path, (origin, line) in sorted(self._references.items()):
            if path not in self.by_path:
                why = f"named by {origin}:{line}, and not among the files read as requirements"
                yield skipped(path, ECOSYSTEMS[format_of(origin)], why)
        for path, packages in sorted(self.by_path.items()):
            yield from self._loose(path, packages)
            yield from self._left(path)
        for path, why in sorted(self._refused.items()):
            yield note(path, why)
        for path in sorted(self._deleted - self.by_path.keys()):
            yield note(path, "a later layer deletes it: what it lists is not checked", covered=True)

    def _keep(self, path: str, taken: Taken) -> None:
        self.by_path[path] = taken.packages
        self._taken[path] = taken
        met = {package.ecosystem for package in taken.packages if package.version} - {""}
        # A bill of materials names the release itself; of a database its system's release file tells.
        self.met |= met if format_of(path) == "sbom" else met - FAMILIES.keys()
        self._workspaces.add(path, format_of(path), taken.members)
        for reference in taken.references:
            self._references.setdefault(reference.path, (path, reference.line))

    def _below(self, file: File) -> None:
        """A file that a later layer hides: of packages, only the databases of systems still tell something."""
        path = file.path
        if not databases.format_of(path) or file.layer is None:
            return
        if path not in self.by_path:
            self._deleted.add(path)
        elif self._layers.follows(path):
            try:
                self._layers.below(path, file.layer, taken_of(extractor(format_of(path))(file)).packages)
            except BrokenData:
                self._layers.ends(path)

    def _join(self) -> None:
        """A file that cannot be understood costs itself only."""
        for form, read in sorted(self._read.items()):
            entries: dict[str, list[Entry]] = {path: [] for path in sorted(read)}
            for path, entry in joiner(form)(read):
                entries[path].append(entry)
            for path, own in entries.items():
                try:
                    self._keep(path, taken_of(own))
                except BrokenData as error:
                    self._refused[path] = str(error)
        self._read.clear()

    def _shadowed(self, path: str) -> None:
        """What another file says better: where that is a lockfile, this one is what it answers.

        Of one that names only a part of its packages the others stay: by its silence it says that the project does not ask
        for them itself.
        """
        packages = self.by_path.pop(path)
        speakers = [lock for lock in shadows(path) if lock in self.by_path]
        if speakers and all(self._taken[lock].partial for lock in speakers):
            told = {_named(package) for lock in speakers for package in self.by_path[lock]}
            self._completed.update(speakers)
            self.by_path[path] = [replace(p, direct=False) for p in packages if _named(p) not in told]
            return
        for lock in shadows(path):
            self.locked.setdefault(lock, {})[path] = packages

    def _answer(self, path: str) -> None:
        """Of a manifest that is locked its lockfile speaks; of another what requirements in its folder do not pin stays."""
        if lock := self._workspaces.lock_of(path):
            self._answered.setdefault(lock, []).append(self._workspaces.asking(path, lock, self.by_path[path]))
            self.locked.setdefault(lock, {})[path] = self.by_path.pop(path)
            return
        beside = [
            other for other in self._workspaces.of_folder(path.rpartition("/")[0]) if format_of(other) == "requirements"
        ]
        pinned = {_named(package) for other in beside for package in self.by_path.get(other, ()) if package.version}
        for other in beside:
            self.locked.setdefault(other, {})[path] = self.by_path[path]
        self.by_path[path] = [package for package in self.by_path[path] if _named(package) not in pinned]

    def _loose(self, path: str, packages: Sequence[Package]) -> Iterator[Exclusion]:
        form, gaps = format_of(path), self._taken[path].gaps
        loose = sum(not package.version for package in packages)
        elsewhere = sum(gap.readable for gap in gaps)
        if loose and form in MANIFESTS:
            why = f"{loose} packages asked for by range, and locked nowhere: not checked. {MANIFESTS[form].todo}"
            yield note(path, why, covered=True)
        elif loose + elsewhere:
            why = (
                f"{loose + elsewhere} entries without a version to compare (not pinned, or from Git, a URL or a folder)"
            )
            yield note(path, why, covered=True)
        if (partial := self._taken[path].partial) and path not in self._completed:
            yield note(path, partial.why, covered=True)
        if lines := [gap.line for gap in gaps if not gap.readable]:
            yield note(path, f"{len(lines)} lines could not be read: {_places(lines)}")

    def _left(self, path: str) -> Iterator[Exclusion]:
        lines: dict[tuple[str, bool], list[int]] = {}
        for left in self._taken[path].left:
            lines.setdefault((left.why, left.covered), []).append(left.line)
        for (why, covered), at in lines.items():
            yield note(path, f"{why}: {_places(at)}" if covered else why, covered=covered)


def skipped(path: str, ecosystem: str, why: str, *, covered: bool = False) -> Exclusion:
    """A note of the rule set of an ecosystem about a path."""
    return Exclusion(
        path=path,
        ruleset=f"packages/{family(ecosystem)}".rstrip("/"),
        verdict=Verdict.SKIPPED,
        why=why,
        covered=covered,
    )


def note(path: str, why: str, *, covered: bool = False) -> Exclusion:
    """The same for the ecosystem of the path's own format."""
    return skipped(path, ECOSYSTEMS[format_of(path)], why, covered=covered)


def _named(package: Package) -> tuple[str, str]:
    return package.ecosystem, normalised(package.ecosystem, package.name)


def _places(lines: Sequence[int]) -> str:
    return ", ".join(map(str, lines[:_LISTED_LINES])) + (" …" if len(lines) > _LISTED_LINES else "")


def _plain(package: Package) -> Package:
    """Refuse names that could not have been published: they end up in reports, terminals and commands."""
    said = package.name + package.version + package.requested
    if not said.isprintable() or len(said) > MAX_NAME:
        raise broken(package.location.line, "a package name or version that is too long or not printable", "Mend it.")
    return package
