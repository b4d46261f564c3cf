"""What to say of each finding: imported, by tests alone, not at all, or not known and why not."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from vallum_engine.detector import Tree
from vallum_engine.errors import EngineError
from vallum_engine.model.finding import Finding, Location, Reach, Reachability
from vallum_engine.model.graph import Graph, Key
from vallum_engine.model.naming import normalised
from vallum_engine.model.package import Package
from vallum_engine.model.text import printable
from vallum_engine.sca.lockfiles import format_of
from vallum_engine.sca.reach.installed import installed
from vallum_engine.sca.reach.locks import Lock, Way, leads
from vallum_engine.sca.reach.modules import LANGUAGES, Index, Naming
from vallum_engine.sca.reach.reading import MOST_PLACES, Reading, Seen, read
from vallum_engine.sca.reach.scopes import Scopes, within
from vallum_engine.sca.reach.sides import Side, side
from vallum_engine.syntax.code import language_of
from vallum_engine.values import immutable, replace

MOST_ASKED = 2000
"""Packages that files are searched for, of one ecosystem, besides the vulnerable ones."""
_SPOKEN = {"golang": "Go", "java": "Java or Kotlin", "javascript": "JavaScript or TypeScript", "python": "Python"}
_RANK = {Reach.IMPORTED: 0, Reach.UNKNOWN: 1, Reach.TESTS: 2, Reach.NOT_IMPORTED: 3}
_BUILT = frozenset({"gobinary", "jar", "stdlib"})
"""Formats of what was built: what stands in it is in it, whoever imports it."""
_FLAT = frozenset({"gomod"})
"""Formats whose graph has only what the project asks for itself, and not what that needs in turn."""
_SHOWN = 3

GraphOf = Callable[[str], Graph | None]


def told(
    findings: Sequence[Finding], tree: Tree, packages: Mapping[str, Sequence[Package]], graph_of: GraphOf
) -> list[Finding]:
    """The findings, each with whether own code imports its package. `packages` are those of each lockfile.

    One reading for all; where the source cannot be read again, nothing is said.
    """
    asked = [finding for finding in findings if _asks(finding)]
    ecosystems = sorted({finding.package.ecosystem for finding in asked if finding.package})
    try:
        judges = {ecosystem: _Judge(ecosystem, asked, tree, packages, graph_of) for ecosystem in ecosystems}
        read(tree, {judge.reading.language: judge.reading for judge in judges.values()})
    except (EngineError, OSError):
        return list(findings)
    known: dict[tuple[str, str, str, bool | None, tuple[Location, ...]], Reachability] = {}
    said: list[Finding] = []
    for finding in findings:
        package = finding.package
        if package is None or not _asks(finding):
            said.append(finding)
            continue
        key = (package.ecosystem, package.name, package.version, package.dev, finding.locations)
        if key not in known:
            known[key] = judges[package.ecosystem].judged(finding)
        said.append(replace(finding, reachability=known[key]))
    return said


def _asks(finding: Finding) -> bool:
    """Whether the finding is about a package that code imports, and not about a program that was built with it."""
    package = finding.package
    if package is None or package.ecosystem not in LANGUAGES or package.name in ("stdlib", "toolchain"):
        return False
    return bool(_files(finding))


def _files(finding: Finding) -> list[str]:
    """The files that name the package and are for code that lies open: not for what was built, nor inside of an archive."""
    paths = dict.fromkeys(place.path for place in finding.locations)
    return [path for path in paths if "!/" not in path and format_of(path) not in _BUILT]


@immutable
class _Ways:
    """What the entries of one lockfile are got to by."""

    lock: Lock
    production: Mapping[Key, Way]
    support: Mapping[Key, Way]
    perhaps: Mapping[Key, Way]


class _Judge:
    """Of one ecosystem."""

    def __init__(
        self,
        ecosystem: str,
        findings: Sequence[Finding],
        tree: Tree,
        packages: Mapping[str, Sequence[Package]],
        graph_of: GraphOf,
    ) -> None:
        self._ecosystem = ecosystem
        listed = {
            path: {normalised(ecosystem, package.name) for package in own if package.ecosystem == ecosystem}
            for path, own in packages.items()
        }
        listed = {path: names for path, names in listed.items() if names}
        own = [finding for finding in findings if finding.package and finding.package.ecosystem == ecosystem]
        vulnerable = {normalised(ecosystem, finding.package.name) for finding in own if finding.package}
        paths = sorted({path for finding in own for path in _files(finding)} & listed.keys())
        asking = [path for path in paths if format_of(path) not in _FLAT]
        self._locks = {path: Lock(ecosystem, graph) for path in asking if (graph := graph_of(path)) and graph.wants}
        language = LANGUAGES[ecosystem]
        sources = [p for p in tree.paths if language_of(p) == language and side(p, language) is not Side.FOREIGN]
        self._scopes = Scopes(listed, sources)
        direct = {name for lock in self._locks.values() for name in _entrances(lock)}
        names = vulnerable.union(direct, *(listed[path] for path in paths))
        found = installed(tree, names) if ecosystem == "PyPI" else {}
        self._index = Index(ecosystem, Naming(ecosystem, found), names)
        wanted = [*sorted(vulnerable), *sorted(direct - vulnerable)[:MOST_ASKED]]
        folders = {self._scopes.folder(path) for path in paths}
        self.reading = Reading(ecosystem, self._index, self._scopes, wanted, folders)
        self._ways: dict[str, _Ways] = {}
        self._blinded: dict[str, str] = {}

    @property
    def _seen(self) -> Seen:
        return self.reading.seen

    def judged(self, finding: Finding) -> Reachability:
        """The furthest that any of its lockfiles lets code get."""
        paths = _files(finding)
        paths = [path for path in paths if path in self._locks] or paths
        verdicts = [self._of_lock(finding, path) for path in paths]
        return min(verdicts, key=lambda told: _RANK[told.verdict])

    def _of_lock(self, finding: Finding, path: str) -> Reachability:
        package = finding.package
        if package is None:
            raise TypeError("A finding without a package is not asked about.")
        name, folder = normalised(self._ecosystem, package.name), self._scopes.folder(path)
        uses = self._seen.of(name, folder)
        ways = self._ways_of(path)
        keys = ways.lock.keys(name, package.version) if ways else []
        if ways is None or not keys:
            if uses.production:
                return _imported(uses.production)
            why = self._blind(folder) or self._perhaps(name, folder) or f"{path} does not say which packages need it"
            return _without_production(uses.support, why, dev=package.dev)
        if way := _first(keys, ways.production):
            return self._by(way, keys, ways.lock, folder)
        why = self._blind(folder)
        if not why and (way := _first(keys, ways.perhaps)):
            why = (
                way.said
                if way.seed in keys
                else f"{printable(ways.lock.told(way.seed))} needs it, and of that {way.said}"
            )
        supporting = _first(keys, ways.support)
        if supporting is None:
            return _without_production((), why, dev=package.dev)
        seed = supporting.seed
        of = normalised(self._ecosystem, ways.lock.graph.names[seed][0])
        places = self._seen.of(of, folder).support
        by = "" if seed in keys else printable(ways.lock.told(seed))
        return _without_production(places, why, dev=package.dev, by=by)

    def _by(self, way: Way, keys: Sequence[Key], lock: Lock, folder: str) -> Reachability:
        of = normalised(self._ecosystem, lock.graph.names[way.seed][0])
        places = self._seen.of(of, folder).production
        return _imported(places, by="" if way.seed in keys else printable(lock.told(way.seed)))

    def _ways_of(self, path: str) -> _Ways | None:
        lock = self._locks.get(path)
        if lock is None:
            return None
        if path not in self._ways:
            folder = self._scopes.folder(path)
            names = lock.by_name
            self._ways[path] = _Ways(
                lock=lock,
                production=leads(
                    lock.graph, lock.seeds(lambda n: "x" * bool(self._seen.of(n, folder).production), names)
                ),
                support=leads(lock.graph, lock.seeds(lambda n: "x" * bool(self._seen.of(n, folder).support), names)),
                perhaps=leads(lock.graph, lock.seeds(lambda n: self._perhaps(n, folder), _entrances(lock))),
            )
        return self._ways[path]

    def _perhaps(self, name: str, folder: str) -> str:
        """What speaks for a package being used though no production code imports it; empty where nothing does."""
        modules, uses = self._index.modules.get(name), self._seen.of(name, folder)
        if uses.named:
            return f"{uses.named.path}:{uses.named.line} names it"
        if modules and modules.loaded:
            return "it runs without being imported, as commands, servers and drivers do"
        if modules and not modules.sure and not uses.support:
            return "nothing tells what its modules are called"
        outside = self._seen.of(name, None)
        if outside.production:
            return f"code outside of its lockfile's folder imports it ({_listed(_places(outside.production))})"
        return ""

    def _blind(self, folder: str) -> str:
        """What keeps silence from meaning anything in this folder; empty where nothing does."""
        if folder not in self._blinded:
            self._blinded[folder] = self._blinds(folder)
        return self._blinded[folder]

    def _blinds(self, folder: str) -> str:
        if not self._scopes.has_code(folder):
            return f"no {_SPOKEN[self.reading.language]} of the project's own was scanned"
        for place in sorted(self._seen.computed):
            if within(place.path, folder):
                return f"{place.path}:{place.line} loads code by names that are worked out at run time"
        for path in sorted(self._seen.unread):
            if not path or within(path, folder) or (path.endswith("/") and within(folder + "/", path[:-1])):
                return f"{path or 'a part of the tree'} could not be read"
        return ""


def _entrances(lock: Lock) -> Iterable[str]:
    """The packages that code may import by right: those that a project asks for, or all where the file does not tell these."""
    return lock.entrances if lock.graph.whole else lock.by_name


def _first(keys: Iterable[Key], ways: Mapping[Key, Way]) -> Way | None:
    """The way to one of the keys; to itself before one by another."""
    found = [ways[key] for key in keys if key in ways]
    return next((way for way in found if way.seed in keys), found[0] if found else None)


def _imported(places: Iterable[Location], by: str = "") -> Reachability:
    shown = _places(places)
    sentence = f"Imported at {_listed(shown)}."
    if by:
        sentence = f"{by}, which needs it, is imported at {_listed(shown)}."
    return Reachability(verdict=Reach.IMPORTED, sentence=sentence, places=shown, by=by)


def _without_production(support: Iterable[Location], why: str, *, dev: bool | None, by: str = "") -> Reachability:
    """What production does not import. Of what is there for development alone it does not matter what production may load."""
    places = _places(support)
    if why and dev is not True:
        tests = f" Tests or tooling import {by or 'it'} at {_listed(places)}." if places else ""
        return Reachability(
            verdict=Reach.UNKNOWN, sentence=f"Not known to be imported: {why}.{tests}", places=places, by=by
        )
    if places:
        what = f"{by}, which needs it" if by else "it"
        sentence = f"Only tests or tooling import {what}: {_listed(places)}."
        return Reachability(verdict=Reach.TESTS, sentence=sentence, places=places, by=by)
    alone = " It is there for development alone." if dev else ""
    return Reachability(
        verdict=Reach.NOT_IMPORTED, sentence=f"No code here imports it, or a package that needs it.{alone}"
    )


def _places(places: Iterable[Location]) -> tuple[Location, ...]:
    return tuple(sorted(places)[:MOST_PLACES])


def _listed(places: Sequence[Location]) -> str:
    more = " and further places" if len(places) > _SHOWN else ""
    return ", ".join(f"{place.path}:{place.line}" for place in places[:_SHOWN]) + more
