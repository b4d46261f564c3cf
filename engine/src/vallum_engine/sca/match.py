"""Packages against advisories, all in one batch."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from vallum_engine.identity import aliases, of_package
from vallum_engine.model.distributions import FAMILIES, family
from vallum_engine.model.finding import (
    AdvisoryRef,
    Confidence,
    Finding,
    Kind,
    PackageRef,
)
from vallum_engine.model.naming import one_of_a_kind, purl
from vallum_engine.model.package import Package
from vallum_engine.sca import lookup
from vallum_engine.sca.advisories import Advisories, Record, Spans
from vallum_engine.sca.fix import lowest_fix, remediation
from vallum_engine.sca.osv import BEGINNING, Span, raw_key
from vallum_engine.sca.versions import Key, order
from vallum_engine.values import immutable

MOST_NAMED = 20
"""Packages of one source that are named: a compiler's has a hundred."""


@immutable
class Outcome:
    """What matching found, and the packages it had advisories for but no way to compare."""

    findings: tuple[Finding, ...]
    unordered: tuple[Package, ...]


@immutable
class _Subject:
    """One package at one version, wherever it is locked."""

    ecosystem: str
    name: str
    version: str
    places: tuple[Package, ...]
    key: str
    """What its advisories are kept under."""

    @property
    def speaker(self) -> Package:
        """The package that stands for all that were built from one source: the one called like it, else the first."""
        return min(self.places, key=lambda place: (place.name != self.name, place.name, place.version, place.location))

    @property
    def others(self) -> list[str]:
        """The names of what else was built from its source and is installed."""
        return sorted({place.name for place in self.places} - {self.speaker.name})

    @property
    def family(self) -> str:
        return family(self.ecosystem)


def match(packages: Iterable[Package], advisories: Advisories) -> Outcome:
    """Find what is affected. Packages without a version, and ecosystems the data lacks, are the caller's to tell of."""
    findings: list[Finding] = []
    unordered: list[Package] = []
    for ecosystem, subjects in _subjects(packages).items():
        key = order(family(ecosystem))
        known = advisories.lookup(ecosystem, (subject.key for subject in subjects))
        hits: list[tuple[_Subject, list[int]]] = []
        for subject in subjects:
            spans = known.get(subject.key)
            if not spans:
                continue
            held, ordered = affecting(spans, subject.version, key)
            if not ordered:
                unordered += subject.places
            if held:
                hits.append((subject, held))
        records = advisories.records(number for subject, _ in hits for number in known[subject.key])
        for subject, held in hits:
            findings += _findings(subject, known[subject.key], held, records)
    return Outcome(findings=tuple(findings), unordered=tuple(unordered))


def affecting(spans: Spans, version: str, key: Key) -> tuple[list[int], bool]:
    """The advisories that hold a version, and whether the version could be ordered.

    A version without an order is held by a span over all versions, and by a listed version that is letter for letter
    the same.
    """
    at = key(version)
    if at is not None:
        return [number for number, own in spans.items() if any(span.holds(at) for span in own)], True
    raw = raw_key(version)
    held = [
        number
        for number, own in spans.items()
        if any(span.low == raw or (span.low == BEGINNING and span.high is None) for span in own)
    ]
    return held, len(held) == len(spans)


def _subjects(packages: Iterable[Package]) -> dict[str, list[_Subject]]:
    places: dict[tuple[str, str, str, str], list[Package]] = defaultdict(list)
    for package in packages:
        if package.version:
            name, version = lookup.named(package)
            places[package.ecosystem, name, version, package.module].append(package)
    found: dict[str, list[_Subject]] = {}
    for ecosystem, name, version, module in sorted(places):
        where = tuple(places[ecosystem, name, version, module])
        key = lookup.keyed(ecosystem, name, module)
        subject = _Subject(ecosystem=ecosystem, name=name, version=version, places=where, key=key)
        found.setdefault(ecosystem, []).append(subject)
    return found


def _findings(subject: _Subject, spans: Spans, held: Sequence[int], records: Mapping[int, Record]) -> Iterator[Finding]:
    """One finding per vulnerability: every record of it that names this package is listed, held or not."""
    key = order(subject.family)
    groups: dict[str, list[int]] = {}
    for number in spans:
        for vulnerability in records[number].about:
            groups.setdefault(vulnerability, []).append(number)
    ours = key(subject.version) or raw_key(subject.version)
    everything = lowest_fix([span for number in held for span in spans[number]], ours, key)
    for canonical in sorted({vulnerability for number in held for vulnerability in records[number].about}):
        group = sorted(groups[canonical], key=lambda number: records[number].id)
        said = [number for number in group if number in held]
        this = lowest_fix([span for number in said for span in spans[number]], ours, key)
        yield _finding(
            subject,
            canonical,
            documents=[(records[number], spans[number]) for number in group],
            holding=[records[number] for number in said],
            fixes=(this, everything),
        )


def _finding(
    subject: _Subject,
    canonical: str,
    *,
    documents: Sequence[tuple[Record, list[Span]]],
    holding: Sequence[Record],
    fixes: tuple[str, str],
) -> Finding:
    package, ecosystem = subject.speaker, subject.family
    malware = any(record.kind is Kind.MALWARE for record in holding)
    sure = [record for record in holding if record.known]
    identity = of_package(ecosystem, subject.name, subject.version, canonical)
    summary = next((record.summary for record in holding if record.summary), "no summary")
    return Finding(
        kind=Kind.MALWARE if malware else Kind.VULNERABILITY,
        ruleset=f"packages/{ecosystem}",
        rule=canonical,
        title=f"{package.name}: {summary}",
        severity=max((record.severity for record in sure or holding), key=lambda severity: severity.rank),
        confidence=_confidence(subject, known=bool(sure)),
        message=f"{_told(subject)} is malicious ({canonical}): {summary}"
        if malware
        else f"{_told(subject)} is affected by {canonical}: {summary}",
        locations=tuple(sorted({place.location for place in subject.places})),
        identity=identity,
        aliases=aliases(identity, *_others(subject, canonical, [record for record, _ in documents])),
        package=PackageRef(
            purl=purl(package.ecosystem, package.name, package.version, arch=package.arch),
            ecosystem=package.ecosystem,
            name=package.name,
            version=package.version,
        ),
        advisories=tuple(_reference(record, spans) for record, spans in documents),
        remediation=remediation(
            subject.places,
            this=fixes[0],
            everything=fixes[1],
            bulletins=[record.id for record in holding],
            standing=_standing(documents, holding),
        ),
        references=tuple(dict.fromkeys(record.url for record, _ in documents if record.url)),
    )


def _told(subject: _Subject) -> str:
    """The package as a sentence names it, with what it was built from where that has another name or version."""
    package = subject.speaker
    named = f"{package.name} {package.version}"
    if (subject.name, subject.version) == (package.name, package.version) or subject.family not in FAMILIES:
        return named
    also = f"; also {', '.join(subject.others[:MOST_NAMED])}" if subject.others else ""
    return f"{named} (built from {subject.name} {subject.version}{also})"


def _others(subject: _Subject, canonical: str, documents: Iterable[Record]) -> Iterator[tuple[str, ...]]:
    """The identities that another tool may give it: by another id of the vulnerability, by what was built from the source.

    A bulletin about several vulnerabilities is none of them.
    """
    alone = (record for record in documents if len(record.flaws) < 2)
    ids = {name for record in alone for name in one_of_a_kind((record.id, *record.aliases))}
    yield from (of_package(subject.family, subject.name, subject.version, other) for other in ids)
    if subject.family in FAMILIES:
        built = sorted({(place.name, place.version) for place in subject.places})[:MOST_NAMED]
        yield from (of_package(subject.family, name, version, canonical) for name, version in built)


def _standing(documents: Sequence[tuple[Record, list[Span]]], holding: Sequence[Record]) -> str:
    """What the distribution says of a flaw that nothing mends; empty where one of the records knows of a fix."""
    held = [span for record, spans in documents if record in holding for span in spans]
    if any(span.fixed for span in held):
        return ""
    return next((span.standing for span in held if span.standing), "")


def _confidence(subject: _Subject, *, known: bool) -> Confidence:
    """Go's own version is the least that a module asks for, not what it is built with."""
    if subject.ecosystem == "Go" and subject.name == "stdlib":
        return Confidence.LOW
    return Confidence.HIGH if known else Confidence.MEDIUM


def _reference(record: Record, spans: Sequence[Span]) -> AdvisoryRef:
    return AdvisoryRef(
        id=record.id,
        aliases=record.aliases,
        url=record.url,
        summary=record.summary,
        cvss=record.cvss,
        fixed=tuple(dict.fromkeys(span.fixed for span in spans if span.fixed)),
        standing=next((span.standing for span in spans if span.standing), ""),
    )
