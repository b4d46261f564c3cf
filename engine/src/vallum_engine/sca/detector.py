"""The detector `packages`: collects what lockfiles name, and matches it all at the end."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from vallum_engine import VERSION
from vallum_engine.detector import Hit, Trigger
from vallum_engine.errors import BrokenData
from vallum_engine.model.distributions import FAMILIES, PUBLISHED, family
from vallum_engine.model.file import File
from vallum_engine.model.finding import Finding
from vallum_engine.model.package import Package
from vallum_engine.model.report import Exclusion, RuleSet, Verdict
from vallum_engine.sca.advisories import Advisories
from vallum_engine.sca.inventory import Taken, taken_of
from vallum_engine.sca.lockfiles import (
    ECOSYSTEMS,
    TOGETHER,
    UNPUBLISHED,
    extractor,
    format_of,
    joiner,
    reader,
    shadows,
)
from vallum_engine.sca.lockfiles.entry import Entry, Gap, Left
from vallum_engine.sca.match import match
from vallum_engine.sca.origins import MOST_KEPT, Origins
from vallum_engine.sca.systems import databases, release, settle

_LISTED_LINES = 10
_NAMED = {*ECOSYSTEMS.values()} - FAMILIES.keys() - UNPUBLISHED
"""Ecosystems that a lockfile's name tells; of an operating system, its release file tells."""


class PackageDetector:
    """Serves one scan. Without a database it still takes the inventory, and says that nothing could be checked."""

    name = "packages"
    triggers: Sequence[Trigger] = ()

    def __init__(self, advisories: Advisories | None) -> None:
        self._advisories = advisories
        self._by_path: dict[str, list[Package]] = {}
        self._references: dict[str, tuple[str, int]] = {}
        self._gaps: dict[str, list[Gap]] = {}
        self._left: dict[str, list[Left]] = {}
        self._read: dict[str, dict[str, Any]] = defaultdict(dict)
        """By format: what was read of files that are understood together, by path."""
        self._refused: dict[str, str] = {}
        """Files that could be read and then not understood, and why."""
        self._met: set[str] = set()
        self._unordered: tuple[Package, ...] = ()
        self._origins = Origins()
        self._systems = settle.Systems()

    def wants(self, path: str) -> bool:
        return bool(format_of(path)) or release.root_of(path) is not None

    def detect(self, file: File, hits: Sequence[Hit]) -> Iterable[Finding]:  # noqa: ARG002 - the protocol's; no triggers here
        """Take the inventory of one file; the findings come from `conclude`. A file that breaks off counts for nothing."""
        if self._systems.note(file):
            return ()
        name = format_of(file.path)
        met, self._met = self._met, self._met | ({ECOSYSTEMS[name]} - FAMILIES.keys())
        if name in TOGETHER:
            self._read[name][file.path] = reader(name)(file)
            return ()
        taken = taken_of(extractor(name)(file))
        if name == "requirements" and _is_prose(taken.packages, taken.gaps):
            self._met = met
            return ()
        self._keep(file.path, taken)
        if self._advisories is not None:
            self._origins.keep(file)
        return ()

    def conclude(self) -> Iterable[Finding]:
        """Match every package in one batch."""
        self._join()
        self._drop_shadowed()
        self._settle()
        if self._advisories is None:
            return ()
        known = self._advisories.facts.ecosystems
        outcome = match((package for package in self.packages() if package.ecosystem in known), self._advisories)
        self._unordered = outcome.unordered
        return list(self._origins.told(outcome.findings, self._by_path))

    def packages(self) -> Sequence[Package]:
        return [package for path in sorted(self._by_path) for package in self._by_path[path]]

    def rulesets(self) -> tuple[RuleSet, ...]:
        """One per ecosystem read here: where no lockfile of it was met, silence needs no data to count."""
        return tuple(
            RuleSet(name=f"packages/{ecosystem}", version=self._version(), rules=self._rules(ecosystem))
            for ecosystem in sorted(_NAMED | PUBLISHED)
            if all(self._holds(met) for met in self._met if family(met) == ecosystem)
        )

    def exclusions(self) -> Sequence[Exclusion]:
        return [
            *self._missing_data(),
            *self._missing_files(),
            *self._loose(),
            *self._left_out(),
            *self._not_ordered(),
            *self._not_kept(),
            *(_skipped(path, ECOSYSTEMS[format_of(path)], why) for path, why in sorted(self._refused.items())),
        ]

    def _keep(self, path: str, taken: Taken) -> None:
        self._by_path[path] = taken.packages
        self._gaps[path] = taken.gaps
        self._left[path] = taken.left
        for reference in taken.references:
            self._references.setdefault(reference.path, (path, reference.line))

    def _join(self) -> None:
        """Understand together what was read for that. A file that cannot be understood costs itself only."""
        for name, read in sorted(self._read.items()):
            entries: dict[str, list[Entry]] = {path: [] for path in sorted(read)}
            for path, entry in joiner(name)(read):
                entries[path].append(entry)
            for path, own in entries.items():
                try:
                    self._keep(path, taken_of(own))
                except BrokenData as error:
                    self._refused[path] = str(error)
        self._read.clear()

    def _holds(self, ecosystem: str) -> bool:
        return self._advisories is not None and ecosystem in self._advisories.facts.ecosystems

    @staticmethod
    def _unpublished(ecosystem: str) -> bool:
        """Whether it is a distribution's that no advisories are published for, here or anywhere."""
        return family(ecosystem) not in PUBLISHED and family(ecosystem) not in ECOSYSTEMS.values()

    def _rules(self, ecosystem: str) -> tuple[str, ...] | None:
        met = [name for name in self._met if family(name) == ecosystem]
        if self._advisories is None or not met or not self._advisories.facts.meta.partial:
            return None
        return tuple(sorted({identifier for name in met for identifier in self._advisories.ids(name)}))

    def _version(self) -> str:
        return f"{VERSION}+{self._advisories.facts.version}" if self._advisories else VERSION

    def _drop_shadowed(self) -> None:
        """Leave out what another file says better: a manifest beside its lockfile."""
        for path in [path for path in self._by_path if any(other in self._by_path for other in shadows(path))]:
            del self._by_path[path]

    def _settle(self) -> None:
        """Give the packages of operating systems their distribution, which another file than theirs says."""
        for path in self._by_path:
            if databases.format_of(path):
                settled = self._by_path[path] = self._systems.settled(path, self._by_path[path])
                self._met |= {package.ecosystem for package in settled if self._systems.of(path)}

    def _missing_data(self) -> Iterable[Exclusion]:
        for path in self._systems.unknown(sorted(self._by_path)):
            yield _skipped(path, ECOSYSTEMS[format_of(path)], settle.UNKNOWN)
        for ecosystem in sorted(self._met & UNPUBLISHED):
            yield _skipped("", ecosystem, f"nobody publishes advisories for {ecosystem}: listed only", covered=True)
        for ecosystem in sorted(self._met - UNPUBLISHED):
            if self._unpublished(ecosystem):
                why = f"there are no advisories for {ecosystem} that Vallum reads: not checked"
            elif not self._holds(ecosystem):
                why = f"no advisories for {ecosystem}: run `vallum db update`"
            elif self._advisories and self._advisories.facts.meta.partial:
                count = self._advisories.facts.counts.get(ecosystem, 0)
                why = f"a starter set of {count} advisories for {ecosystem} only: run `vallum db update`"
            else:
                continue
            yield _skipped("", ecosystem, why)

    def _missing_files(self) -> Iterable[Exclusion]:
        for path, (origin, line) in sorted(self._references.items()):
            if path not in self._by_path:
                ecosystem = ECOSYSTEMS[format_of(origin)]
                yield _skipped(
                    path, ecosystem, f"named by {origin}:{line}, and not among the files read as requirements"
                )

    def _loose(self) -> Iterable[Exclusion]:
        for path, packages in sorted(self._by_path.items()):
            loose = sum(not package.version for package in packages)
            elsewhere = sum(gap.readable for gap in self._gaps[path])
            if loose + elsewhere:
                why = f"{loose + elsewhere} entries without a version to compare (not pinned, or from Git, a URL or a folder)"
                yield _skipped(path, ECOSYSTEMS[format_of(path)], why, covered=True)
            lines = [gap.line for gap in self._gaps[path] if not gap.readable]
            if lines:
                why = f"{len(lines)} lines could not be read: {_places(lines)}"
                yield _skipped(path, ECOSYSTEMS[format_of(path)], why)

    def _left_out(self) -> Iterable[Exclusion]:
        for path in sorted(self._by_path):
            lines: dict[str, list[int]] = {}
            for left in self._left[path]:
                lines.setdefault(left.why, []).append(left.line)
            for why, at in lines.items():
                yield _skipped(path, ECOSYSTEMS[format_of(path)], f"{why}: {_places(at)}", covered=True)

    def _not_ordered(self) -> Iterable[Exclusion]:
        counts = Counter((p.location.path, family(p.ecosystem)) for p in self._unordered)
        examples = {(p.location.path, family(p.ecosystem)): f"{p.name} {p.version}" for p in reversed(self._unordered)}
        for (path, ecosystem), count in sorted(counts.items()):
            why = f"{count} versions that {ecosystem} cannot order (such as {examples[path, ecosystem]}): not checked"
            yield _skipped(path, ecosystem, why)

    def _not_kept(self) -> Iterable[Exclusion]:
        for path in self._origins.beyond:
            why = f"how its packages came in is not told: the lockfiles hold more than {MOST_KEPT >> 20} MiB"
            yield _skipped(path, ECOSYSTEMS[format_of(path)], why, covered=True)


def _skipped(path: str, ecosystem: str, why: str, *, covered: bool = False) -> Exclusion:
    return Exclusion(
        path=path, ruleset=f"packages/{family(ecosystem)}", verdict=Verdict.SKIPPED, why=why, covered=covered
    )


def _places(lines: Sequence[int]) -> str:
    return ", ".join(map(str, lines[:_LISTED_LINES])) + (" …" if len(lines) > _LISTED_LINES else "")


def _is_prose(packages: Sequence[Package], gaps: Sequence[Gap]) -> bool:
    """Whether a text is about requirements or constraints, as manuals have it, and none of pip's files: it pins nothing."""
    unreadable = sum(not gap.readable for gap in gaps)
    return unreadable > len(packages) and not any(package.version for package in packages)
