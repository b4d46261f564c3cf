"""The detector `packages`: collects what lockfiles name, and matches it all at the end."""

from collections import Counter
from collections.abc import Iterable, Sequence

from vallum_engine import VERSION
from vallum_engine.detector import Hit, Tree, Trigger
from vallum_engine.model.distributions import FAMILIES, PUBLISHED, family
from vallum_engine.model.file import File
from vallum_engine.model.finding import Finding
from vallum_engine.model.known import Known
from vallum_engine.model.package import Package
from vallum_engine.model.report import Exclusion, RuleSet
from vallum_engine.plugins import load
from vallum_engine.sca.advisories import Advisories
from vallum_engine.sca.inventory import Inventory, note, skipped, wanted
from vallum_engine.sca.lockfiles import ECOSYSTEMS, UNPUBLISHED
from vallum_engine.sca.match import match
from vallum_engine.sca.origins import MOST_KEPT, Origins
from vallum_engine.sca.systems import END_OF_LIFE, END_OF_LIFE_SET

READ_AS_CODE = frozenset({"Go", "Maven", "PyPI", "npm"})
"""Ecosystems of which it is told whether code imports a package."""
_NAMED = {*ECOSYSTEMS.values()} - FAMILIES.keys() - UNPUBLISHED
"""Ecosystems that a lockfile's name tells; of an operating system, its release file tells."""


class PackageDetector:
    """Serves one scan. Without a database it still takes the inventory, and says that nothing could be checked."""

    name = "packages"
    looks_below = True
    reads_text = True
    triggers: Sequence[Trigger] = ()

    def __init__(
        self, advisories: Advisories | None, *, today: str = "", days: int | None = None, data: str = ""
    ) -> None:
        """`today` (`YYYY-MM-DD`) tells which distributions are no longer mended; without it none is asked about.

        `days` is how old the advisories are by then. `data` names the bytes of the database: where they are named, what was
        concluded with them can be kept.
        """
        self.stamp = f"{data} {today}" if data else ""
        self._advisories = advisories
        self._days = days
        self._today = today
        self._inventory = Inventory()
        self._unordered: tuple[Package, ...] = ()
        self._origins = Origins(self._inventory.asking)
        self._tree: Tree | None = None

    def look_again(self, tree: Tree) -> None:
        self._tree = tree

    def wants(self, path: str) -> bool:
        return wanted(path)

    def detect(self, file: File, hits: Sequence[Hit]) -> Iterable[Finding]:  # noqa: ARG002 - the protocol's; no triggers here
        """Take the inventory of one file; the findings come from `conclude`. A file that breaks off counts for nothing."""
        if self._inventory.take(file) and self._advisories is not None:
            self._origins.keep(file)
        return ()

    def conclude(self) -> Iterable[Finding]:
        """Match every package in one batch."""
        self._inventory.settle()
        ended = list(self._ended())
        if self._advisories is None:
            return ended
        known = self._advisories.facts.ecosystems
        outcome = match((package for package in self.packages() if package.ecosystem in known), self._advisories)
        self._unordered = outcome.unordered
        found = [*self._origins.told(outcome.findings, self._inventory.by_path)]
        if self._tree and any(f.package and f.package.ecosystem in READ_AS_CODE for f in found):
            # What reads code is loaded when there is something to ask it, which most scans have not.
            found = load("vallum_engine.sca.reach.judge:told")(
                found, self._tree, self._inventory.by_path, self._origins.graph
            )
        return [*ended, *(self._inventory.told(finding) for finding in found)]

    def _ended(self) -> Iterable[Finding]:
        releases = self._inventory.releases() if self._today else ()
        # The table is read when there is a distribution to look up, which most trees have not.
        asked = load("vallum_engine.sca.systems.ending:ended") if releases else None
        return (found for release in releases if asked and (found := asked(release, self._today)))

    def known(self) -> Known | None:
        """What there is to match against, and of when; None without any."""
        if self._advisories is None:
            return None
        meta = self._advisories.facts.meta
        if meta.partial:
            return Known(starter=True)
        return Known(as_of=meta.built_at, days=self._days, feeds=meta.feeds)

    def packages(self) -> Sequence[Package]:
        return self._inventory.packages()

    @property
    def inventory(self) -> Inventory:
        """What was read, for who works with it after the scan (`planning`)."""
        return self._inventory

    @property
    def advisories(self) -> Advisories | None:
        return self._advisories

    def rulesets(self) -> tuple[RuleSet, ...]:
        """One per ecosystem read here: where no lockfile of it was met, silence needs no data to count."""
        named = tuple(
            RuleSet(name=f"packages/{ecosystem}", version=self._version(), rules=self._rules(ecosystem))
            for ecosystem in sorted(
                _NAMED | PUBLISHED | {family(met) for met in self._inventory.met if self._holds(met)}
            )
            if all(self._holds(met) for met in self._inventory.met if family(met) == ecosystem)
        )
        ends = RuleSet(name=END_OF_LIFE_SET, version=VERSION, rules=(END_OF_LIFE,))
        return (*named, ends) if self._today else named

    def exclusions(self) -> Sequence[Exclusion]:
        return [*self._missing_data(), *self._inventory.exclusions(), *self._not_ordered(), *self._not_kept()]

    def _holds(self, ecosystem: str) -> bool:
        return self._advisories is not None and ecosystem in self._advisories.facts.ecosystems

    @staticmethod
    def _unpublished(ecosystem: str) -> bool:
        """Whether it is a distribution's that no advisories are published for, here or anywhere."""
        return family(ecosystem) not in PUBLISHED and family(ecosystem) not in ECOSYSTEMS.values()

    def _rules(self, ecosystem: str) -> tuple[str, ...] | None:
        met = [name for name in self._inventory.met if family(name) == ecosystem]
        if self._advisories is None or not met or not self._advisories.facts.meta.partial:
            return None
        return tuple(sorted({identifier for name in met for identifier in self._advisories.ids(name)}))

    def _version(self) -> str:
        return f"{VERSION}+{self._advisories.facts.version}" if self._advisories else VERSION

    def _missing_data(self) -> Iterable[Exclusion]:
        for ecosystem in sorted(self._inventory.met & UNPUBLISHED):
            yield skipped("", ecosystem, f"nobody publishes advisories for {ecosystem}: listed only", covered=True)
        for ecosystem in sorted(self._inventory.met - UNPUBLISHED):
            if ecosystem in FAMILIES and not self._holds(ecosystem):
                why = f"of which release its packages of {ecosystem} are is not said: not checked"
            elif self._unpublished(ecosystem) and not self._holds(ecosystem):
                why = f"there are no advisories for {ecosystem} that Vallum reads: not checked"
            elif not self._holds(ecosystem):
                why = f"no advisories for {ecosystem}: run `vallum db update`"
            elif self._advisories and self._advisories.facts.meta.partial:
                count = self._advisories.facts.counts.get(ecosystem, 0)
                why = f"a starter set of {count} advisories for {ecosystem} only: run `vallum db update`"
            else:
                continue
            yield skipped("", ecosystem, why)

    def _not_ordered(self) -> Iterable[Exclusion]:
        counts = Counter((p.location.path, family(p.ecosystem)) for p in self._unordered)
        examples = {(p.location.path, family(p.ecosystem)): f"{p.name} {p.version}" for p in reversed(self._unordered)}
        for (path, ecosystem), count in sorted(counts.items()):
            why = f"{count} versions that {ecosystem} cannot order (such as {examples[path, ecosystem]}): not checked"
            yield skipped(path, ecosystem, why)

    def _not_kept(self) -> Iterable[Exclusion]:
        for path in self._origins.beyond:
            why = f"how its packages came in is not told: the lockfiles hold more than {MOST_KEPT >> 20} MiB"
            yield note(path, why, covered=True)
