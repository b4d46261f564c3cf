"""The plan: for each package in each file the one upgrade that ends the most, and the least that has to be changed for it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet

from vallum_engine.model.file import File
from vallum_engine.model.finding import Finding
from vallum_engine.model.package import Package
from vallum_engine.model.plan import Ended, Parent, Plan, Step, Unfixed, Way, weight
from vallum_engine.sca.advisories import Advisories
from vallum_engine.sca.inventory import Inventory
from vallum_engine.sca.lockfiles import GRAPHS, MANIFESTS, format_of
from vallum_engine.sca.planning import commands
from vallum_engine.sca.planning.asks import READERS
from vallum_engine.sca.planning.cases import Case, cases
from vallum_engine.sca.planning.certainty import Wish
from vallum_engine.sca.planning.edits import Manifests
from vallum_engine.sca.planning.locks import Lock
from vallum_engine.sca.planning.spots import STYLE_OF
from vallum_engine.sca.planning.steps import Stepper
from vallum_engine.values import replace

_LOCKS = (
    GRAPHS | READERS.keys() | {form for own in MANIFESTS.values() for form in own.locks} | {"gradle_lock", "pubspec"}
)
_INSTALLED = frozenset({"dotnet_libraries", "rustbinary", "sbom"})
_COPIES = frozenset({"cargovendor", "distinfo", "dotnet_libraries", "gemstub", "govendor", "nodemodules"})
MOST_FOLDERS = 50
_MOST_NAMED = 5
_NO_FIX = {
    False: "No fixed version of {name} is known yet: replace it, or keep untrusted input away from it.",
    True: "{name} is malicious: take it out, and change every secret that it could read.",
}


def plan(
    findings: Iterable[Finding],
    inventory: Inventory,
    *,
    files: Mapping[str, File],
    advisories: Advisories | None,
    most: int | None = None,
) -> Plan:
    """What ends the findings of packages. `files` are those that were scanned, as far as they were kept.

    With `most` only so many steps: those that end the most.
    """
    return _Planner(inventory, files, advisories).plan(list(findings), most)


class _Planner:
    def __init__(self, inventory: Inventory, files: Mapping[str, File], advisories: Advisories | None) -> None:
        self._inventory = inventory
        self._files = files
        self._advisories = advisories
        self._manifests = Manifests(files)
        self._locks: dict[str, Lock] = {}
        self._names: frozenset[str] = frozenset()

    def plan(self, findings: Sequence[Finding], most: int | None) -> Plan:
        self._names = frozenset(finding.package.name for finding in findings if finding.package)
        found = _without_copies(list(cases(findings, self._inventory.by_path, self._advisories, self._admitted)))
        fixable = _heaviest([case for case in found if case.ends])
        chosen = fixable if most is None else fixable[:most]
        planned = [case for together in chosen for case in together]
        self._manifests.try_all(wish for case in planned for wish in self._wishes(case))
        steps = [self._step(case) for case in planned]
        joined = _joined(steps)
        renewed = self._renewed(joined)
        return Plan(
            steps=tuple(sorted(joined, key=_order)),
            unfixed=tuple(_unfixed(case) for case in found if not case.ends),
            parents=tuple(_parents(joined)),
            patches=tuple(self._manifests.patches()),
            after=tuple(renewed),
            left=len(fixable) - len(chosen),
        )

    def _step(self, case: Case) -> Step:
        form = format_of(case.path)
        stepper = Stepper(case, self._manifests)
        if form in _LOCKS and form not in _INSTALLED and form not in STYLE_OF:
            versions = {own.version for own in self._inventory.by_path[case.path] if own.name == case.package.name}
            return stepper.locked(self._lock(case.path), alone=len(versions) == 1)
        if form not in STYLE_OF:
            return stepper.told()
        beside = (
            self._lock(case.path).kept_out(case.package.name, case.to) if case.path in self._inventory.locked else ()
        )
        return stepper.written(beside)

    def _wishes(self, case: Case) -> Iterator[Wish]:
        """What may have to be raised for it in manifests."""
        if format_of(case.path) in STYLE_OF:
            yield from (Wish(path=case.path, package=package, to=case.to) for package in case.packages)
        elif case.path in self._inventory.locked:
            found = self._lock(case.path).wishes(case.package.name, case.package.version)
            yield from (Wish(path=path, package=package, to=case.to) for path, package in found)

    def _lock(self, path: str) -> Lock:
        if path not in self._locks:
            lock = Lock(
                path,
                self._files.get(path),
                wished=self._inventory.locked.get(path, {}),
                asking=self._inventory.asking(path),
                names=self._names,
            )
            self._locks[path] = lock
        return self._locks[path]

    def _admitted(self, package: Package, version: str) -> bool | None:
        path = package.location.path
        if format_of(path) not in READERS:
            return None
        lock = self._lock(path)
        asks = lock.asks(package.name, package.version, version)
        if asks is None or any(out is not False for _, out in asks):
            return None
        wishes = lock.wishes(package.name, package.version)
        return all(lock.lets_in(wish, version) for wish in wishes) or None

    def _renewed(self, steps: Sequence[Step]) -> list[tuple[str, str]]:
        """By lockfile: the command for all of its manifests that are changed, then those of the steps that change none."""
        names: dict[str, list[str]] = {}
        for step in steps:
            if step.changes and (step.file in self._locks or format_of(step.file) == "gomod"):
                names.setdefault(step.file, []).append(step.name)
        told = [(path, commands.renewing(path, format_of(path), own)) for path, own in sorted(names.items())]
        told += sorted((step.file, step.command) for step in steps if step.way is Way.RENEW)
        return [(path, command) for path, command in dict.fromkeys(told) if command]


def _without_copies(found: Sequence[Case]) -> list[Case]:
    """Without what lies installed below a lockfile or manifest that says the same: to install again is all that it takes."""
    told: dict[tuple[str, str, str], set[str]] = {}
    for case in found:
        if format_of(case.path) not in _COPIES:
            told.setdefault(_known_as(case), set()).add(case.path.rpartition("/")[0])
    return [
        case
        for case in found
        if format_of(case.path) not in _COPIES or not _is_below(case.path, told.get(_known_as(case), set()))
    ]


def _known_as(case: Case) -> tuple[str, str, str]:
    return case.package.ecosystem, case.package.name, case.package.version


def _is_below(path: str, folders: AbstractSet[str]) -> bool:
    """Whether one of the folders is above; deeper than MOST_FOLDERS nobody installs."""
    for _ in range(MOST_FOLDERS):
        path = path.rpartition("/")[0]
        if path in folders:
            return True
        if not path:
            break
    return False


def _heaviest(found: Sequence[Case]) -> list[list[Case]]:
    """What one step does together, the heaviest first."""
    together: dict[tuple[str, str, str], list[Case]] = {}
    for case in found:
        together.setdefault((case.path, case.package.name, case.to), []).append(case)
    return sorted(
        together.values(),
        key=lambda own: (-sum(weight(each) for case in own for each in case.ends), own[0].path, own[0].package.name),
    )


def _unfixed(case: Case) -> Unfixed:
    malware, first = any(each.malware for each in case.remains), case.findings[0].remediation
    say = _NO_FIX[malware].format(name=case.package.name)
    if not malware and first and first.upgrade_to:
        say = f"Every version that ends it is itself held by another advisory: {first.upgrade_to} ends this one alone."
    elif not malware and first and format_of(case.path) not in STYLE_OF:
        say = first.steps[0]
    return Unfixed(
        ecosystem=case.package.ecosystem,
        name=case.package.name,
        versions=(case.package.version,),
        file=case.path,
        line=case.package.location.line,
        say=say,
        findings=tuple(sorted(case.remains, key=_worst)),
    )


def _joined(steps: Iterable[Step]) -> list[Step]:
    """One step of those that do the same for several versions of a package."""
    together: dict[tuple[object, ...], list[Step]] = {}
    for step in steps:
        together.setdefault((step.file, step.name, step.to, step.way, step.command, step.changes), []).append(step)
    return [_spoken(_one_of(own)) for own in together.values()]


def _one_of(steps: Sequence[Step]) -> Step:
    return replace(
        steps[0],
        versions=tuple(version for step in steps for version in step.versions),
        ends=_together(each for step in steps for each in step.ends),
        remains=_together(each for step in steps for each in step.remains),
        say=tuple(dict.fromkeys(say for step in steps for say in step.say)),
        blocked=tuple(dict.fromkeys(told for step in steps for told in step.blocked)),
        parents=tuple(dict.fromkeys(parent for step in steps for parent in step.parents)),
        major=any(step.major for step in steps),
    )


def _spoken(step: Step) -> Step:
    """The sentences about who keeps the version out, first, and about who has to be raised, last."""
    say = list(step.say)
    if step.blocked:
        say.insert(0, f"{_listed(step.blocked, '; ')}: that keeps {step.to} out.")
    if step.way is Way.PARENT:
        who = _listed(step.parents, ", ") if step.parents else "what asks for it"
        say.append(
            f"Raise {who} to a version that asks for {step.name} {step.to} or later: which that is, only the registry knows."
        )
    return replace(step, say=tuple(say))


def _listed(items: Sequence[str], joiner: str) -> str:
    more = f"{joiner}and {len(items) - _MOST_NAMED} more" if len(items) > _MOST_NAMED else ""
    return joiner.join(items[:_MOST_NAMED]) + more


def _parents(steps: Iterable[Step]) -> list[Parent]:
    """By what has to be raised, the packages that are kept back by it, the heaviest first."""
    kept: dict[tuple[str, str, str], list[Step]] = {}
    for step in steps:
        for parent in step.parents if step.way is Way.PARENT else ():
            kept.setdefault((step.file, parent, step.ecosystem), []).append(step)
    found = [
        Parent(
            name=name,
            ecosystem=ecosystem,
            file=path,
            keeps=tuple(sorted({f"{step.name} {step.to}" for step in own})),
            weight=sum(weight(each) for step in own for each in step.ends),
            listing=commands.listing(ecosystem, name),
        )
        for (path, name, ecosystem), own in kept.items()
    ]
    return sorted(found, key=lambda parent: (-parent.weight, parent.file, parent.name))


def _together(each: Iterable[Ended]) -> tuple[Ended, ...]:
    return tuple(sorted({own.fingerprint + own.rule: own for own in each}.values(), key=_worst))


def _worst(ended: Ended) -> tuple[int, str]:
    return -weight(ended), ended.rule


def _order(step: Step) -> tuple[object, ...]:
    """The heaviest first; of two equal ones the easier."""
    return -sum(map(weight, step.ends)), list(Way).index(step.way), step.file, step.line, step.name
