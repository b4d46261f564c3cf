"""Findings by the package and the file that they are about, each with the version that ends the most of them."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial

from vallum_engine.model.distributions import FAMILIES, family
from vallum_engine.model.finding import Finding, Kind
from vallum_engine.model.naming import normalised
from vallum_engine.model.package import Package
from vallum_engine.model.plan import Ended
from vallum_engine.sca import lookup
from vallum_engine.sca.advisories import Advisories, Spans
from vallum_engine.sca.planning.targets import Target, holding, target
from vallum_engine.sca.versions import ORDERS, early, order
from vallum_engine.values import immutable, made, mutable

Place = tuple[str, str, str, str]
"""File, ecosystem, name and version."""


@immutable
class Case:
    """One package at one version in one file, with its findings."""

    packages: tuple[Package, ...]
    """Its entries in the file, in the file's order."""
    findings: tuple[Finding, ...]
    to: str
    ends: tuple[Ended, ...]
    remains: tuple[Ended, ...]
    brings: tuple[str, ...] = ()

    @property
    def package(self) -> Package:
        return self.packages[0]

    @property
    def path(self) -> str:
        return self.package.location.path


@mutable
class _Open:
    findings: dict[str, Finding] = made(factory=dict)
    packages: dict[int, Package] = made(factory=dict)


Admitted = Callable[[Package, str], bool | None]
"""Whether all that asks for a package lets a version in."""


def cases(
    findings: Iterable[Finding],
    by_path: Mapping[str, Sequence[Package]],
    advisories: Advisories | None,
    admitted: Admitted,
) -> Iterator[Case]:
    """In the order of files, then names. `by_path` holds the entries of each file."""
    every = _opened(findings, by_path)
    known = _Known(advisories, every)
    for place in sorted(every):
        own = every[place]
        in_order = (own.packages[at] for at in sorted(own.packages))
        packages = tuple(sorted(in_order, key=partial(_stands_for, place[2])))
        found = tuple(own.findings[key] for key in sorted(own.findings))
        yield known.case(packages, found, admitted) or _by_findings(packages, found)


def _stands_for(source: str, package: Package) -> bool:
    """Sorts what is called like its source before what else a distribution built from it; elsewhere keeps the order."""
    return family(package.ecosystem) in FAMILIES and package.name != source


def _opened(findings: Iterable[Finding], by_path: Mapping[str, Sequence[Package]]) -> dict[Place, _Open]:
    entries: dict[str, dict[tuple[int, str], list[tuple[int, Package]]]] = {}
    every: dict[Place, _Open] = {}
    for finding in findings:
        if finding.package is None or finding.kind not in {Kind.VULNERABILITY, Kind.MALWARE}:
            continue
        for location in finding.locations:
            if location.path not in entries:
                entries[location.path] = _by_line(by_path.get(location.path, ()))
            for at, package in entries[location.path].get((location.line, finding.package.ecosystem), ()):
                if not _is_of(finding, package):
                    continue
                name, version = lookup.named(package)
                opened = every.setdefault((location.path, package.ecosystem, name, version), _Open())
                opened.findings[finding.fingerprint + finding.rule] = finding
                opened.packages[at] = package
    return every


def _by_line(packages: Sequence[Package]) -> dict[tuple[int, str], list[tuple[int, Package]]]:
    found: dict[tuple[int, str], list[tuple[int, Package]]] = {}
    for at, package in enumerate(packages):
        found.setdefault((package.location.line, package.ecosystem), []).append((at, package))
    return found


def _is_of(finding: Finding, package: Package) -> bool:
    """A line may name several packages; of a distribution's, the finding names one for all that were built with it."""
    told = finding.package
    if told is None or family(package.ecosystem) in FAMILIES:
        return True
    same = normalised(package.ecosystem, told.name) == normalised(package.ecosystem, package.name)
    return same and told.version == package.version


class _Known:
    """What the database says of the packages that have findings, asked in one go for each ecosystem."""

    def __init__(self, advisories: Advisories | None, places: Iterable[Place]) -> None:
        self._advisories = advisories
        keys: dict[str, set[str]] = {}
        for _, ecosystem, name, _ in places:
            if advisories and family(ecosystem) not in FAMILIES:
                keys.setdefault(ecosystem, set()).add(lookup.keyed(ecosystem, name))
        self._spans: dict[str, dict[str, Spans]] = {}
        numbers: set[int] = set()
        for ecosystem, names in sorted(keys.items()):
            found = advisories.lookup(ecosystem, names) if advisories else {}
            self._spans[ecosystem] = found
            numbers.update(number for spans in found.values() for number in spans)
        self._about = advisories.about(numbers) if advisories else {}

    def case(self, packages: tuple[Package, ...], findings: tuple[Finding, ...], admitted: Admitted) -> Case | None:
        """None where the database has no answer: the findings themselves say what ends them then."""
        package = packages[0]
        name = lookup.keyed(package.ecosystem, lookup.namer(package.ecosystem)(package)[0])
        spans = self._spans.get(package.ecosystem, {}).get(name)
        if not spans or family(package.ecosystem) not in ORDERS:
            return None
        key = order(package.ecosystem)
        ours = key(package.version)
        if ours is None:
            return None
        chosen = target(
            spans,
            ours,
            key,
            admitted=lambda version: admitted(package, version),
            is_early=early(package.ecosystem, package.version),
        )
        return self._told(packages, findings, chosen, holding(spans, ours))

    def _told(
        self, packages: tuple[Package, ...], findings: tuple[Finding, ...], chosen: Target | None, now: frozenset[int]
    ) -> Case:
        if chosen is None:
            return Case(packages=packages, findings=findings, to="", ends=(), remains=tuple(map(ended, findings)))
        still = {name for number in chosen.held for name in self._about.get(number, ())}
        new = {name for number in chosen.held - now for name in self._about.get(number, ())}
        return Case(
            packages=packages,
            findings=findings,
            to=chosen.version.removeprefix("v"),
            ends=tuple(ended(finding) for finding in findings if finding.rule not in still),
            remains=tuple(ended(finding) for finding in findings if finding.rule in still),
            brings=tuple(sorted(new - {finding.rule for finding in findings})),
        )


def _by_findings(packages: tuple[Package, ...], findings: tuple[Finding, ...]) -> Case:
    """The highest of the versions that the findings name."""
    key = order(packages[0].ecosystem) if family(packages[0].ecosystem) in ORDERS else lambda _: None
    told = {finding.remediation.upgrade_to for finding in findings if finding.remediation}
    to = max(sorted(told - {""}), key=lambda version: key(version) or b"", default="")
    ends = [finding for finding in findings if finding.remediation and finding.remediation.upgrade_to]
    return Case(
        packages=packages,
        findings=findings,
        to=to,
        ends=tuple(map(ended, ends)),
        remains=tuple(ended(finding) for finding in findings if finding not in ends),
    )


def ended(finding: Finding) -> Ended:
    return Ended(
        rule=finding.rule,
        severity=finding.severity,
        fingerprint=finding.fingerprint,
        exploited=bool(finding.exploitation and finding.exploitation.since),
        malware=finding.kind is Kind.MALWARE,
    )
