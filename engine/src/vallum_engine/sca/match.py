"""Packages against advisories, all in one batch."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from vallum_engine.identity import aliases, of_package
from vallum_engine.model.finding import (
    AdvisoryRef,
    Confidence,
    Finding,
    Kind,
    PackageRef,
)
from vallum_engine.model.naming import normalised, one_of_a_kind, purl
from vallum_engine.model.package import Package
from vallum_engine.sca.advisories import Advisories, Record, Spans
from vallum_engine.sca.fix import lowest_fix, remediation
from vallum_engine.sca.osv import BEGINNING, Span, raw_key
from vallum_engine.sca.versions import Key, order


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What matching found, and the packages it had advisories for but no way to compare."""

    findings: tuple[Finding, ...]
    unordered: tuple[Package, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Subject:
    """One package at one version, wherever it is locked."""

    ecosystem: str
    name: str
    version: str
    places: tuple[Package, ...]


def match(packages: Iterable[Package], advisories: Advisories) -> Outcome:
    """Find what is affected. Packages without a version, and ecosystems the data lacks, are the caller's to tell of."""
    findings: list[Finding] = []
    unordered: list[Package] = []
    for ecosystem, subjects in _subjects(packages).items():
        key = order(ecosystem)
        known = advisories.lookup(ecosystem, (subject.name for subject in subjects))
        hits: list[tuple[_Subject, list[int]]] = []
        for subject in subjects:
            spans = known.get(subject.name)
            if not spans:
                continue
            held, ordered = affecting(spans, subject.version, key)
            if not ordered:
                unordered += subject.places
            if held:
                hits.append((subject, held))
        records = advisories.records(number for subject, _ in hits for number in known[subject.name])
        for subject, held in hits:
            findings += _findings(subject, known[subject.name], held, records)
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
    places: dict[tuple[str, str, str], list[Package]] = defaultdict(list)
    for package in packages:
        if package.version:
            places[package.ecosystem, normalised(package.ecosystem, package.name), package.version].append(package)
    found: dict[str, list[_Subject]] = {}
    for ecosystem, name, version in sorted(places):
        where = tuple(places[ecosystem, name, version])
        subject = _Subject(ecosystem=ecosystem, name=name, version=version, places=where)
        found.setdefault(ecosystem, []).append(subject)
    return found


def _findings(subject: _Subject, spans: Spans, held: Sequence[int], records: Mapping[int, Record]) -> Iterator[Finding]:
    """One finding per vulnerability: every record of it that names this package is listed, held or not."""
    key = order(subject.ecosystem)
    groups: dict[str, list[int]] = {}
    for number in spans:
        groups.setdefault(records[number].canonical, []).append(number)
    ours = key(subject.version) or raw_key(subject.version)
    everything = lowest_fix([span for number in held for span in spans[number]], ours, key)
    for canonical in sorted({records[number].canonical for number in held}):
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
    name, ecosystem = subject.places[0].name, subject.ecosystem
    malware = any(record.kind is Kind.MALWARE for record in holding)
    sure = [record for record in holding if record.known]
    identity = of_package(ecosystem, subject.name, subject.version, canonical)
    others = {name for record, _ in documents for name in one_of_a_kind((record.id, *record.aliases))}
    summary = next((record.summary for record in holding if record.summary), "no summary")
    named = f"{name} {subject.version}"
    return Finding(
        kind=Kind.MALWARE if malware else Kind.VULNERABILITY,
        ruleset=f"packages/{ecosystem}",
        rule=canonical,
        title=f"{name}: {summary}",
        severity=max((record.severity for record in sure or holding), key=lambda severity: severity.rank),
        confidence=_confidence(subject, known=bool(sure)),
        message=f"{named} is malicious ({canonical}): {summary}"
        if malware
        else f"{named} is affected by {canonical}: {summary}",
        locations=tuple(sorted({place.location for place in subject.places})),
        identity=identity,
        aliases=aliases(identity, *(of_package(ecosystem, subject.name, subject.version, other) for other in others)),
        package=PackageRef(
            purl=purl(ecosystem, name, subject.version), ecosystem=ecosystem, name=name, version=subject.version
        ),
        advisories=tuple(_reference(record, spans) for record, spans in documents),
        remediation=remediation(subject.places, this=fixes[0], everything=fixes[1]),
        references=tuple(dict.fromkeys(record.url for record, _ in documents if record.url)),
    )


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
    )
