"""From a version that advisories hold to findings: one for each vulnerability, with all that is known of it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from vallum_engine.identity import Siblings, fingerprint, of_package
from vallum_engine.model.distributions import FAMILIES, family
from vallum_engine.model.finding import (
    AdvisoryRef,
    Confidence,
    Exploitation,
    Finding,
    Kind,
    Severity,
)
from vallum_engine.model.naming import one_of_a_kind
from vallum_engine.model.package import Package
from vallum_engine.sca.advisories import Advisories, Record, Spans
from vallum_engine.sca.fix import Mending, lowest_fix
from vallum_engine.sca.spans import Span
from vallum_engine.sca.versions import Key, early
from vallum_engine.values import immutable

MOST_NAMED = 20
"""Packages of one source that are named: a compiler's has a hundred."""


@immutable
class Subject:
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
    def sentence(self) -> str:
        """As a sentence names it, with what it was built from where that has another name or version."""
        package = self.speaker
        named = f"{package.name} {package.version}"
        if (self.name, self.version) == (package.name, package.version) or family(self.ecosystem) not in FAMILIES:
            return named
        also = f"; also {', '.join(self.others[:MOST_NAMED])}" if self.others else ""
        return f"{named} (built from {self.name} {self.version}{also})"


@immutable
class Hit:
    """A subject that advisories hold: its version's key, and the numbers of the advisories."""

    subject: Subject
    at: bytes
    held: tuple[int, ...]


@immutable
class _Documents:
    """The records of one vulnerability that hold a version, each with its spans of the package."""

    holding: Sequence[tuple[Record, Sequence[Span]]]

    @property
    def summary(self) -> str:
        return next(iter([record.summary for record, _ in self.holding if record.summary]), "no summary")

    @property
    def standing(self) -> str:
        """What the distribution says of a flaw that nothing mends; empty where one of the records knows of a fix."""
        held = [span for _, spans in self.holding for span in spans]
        said = [span.standing for span in held if span.standing]
        return said[0] if said and not any(span.fixed for span in held) else ""


def tell(ecosystem: str, hits: Sequence[Hit], key: Key, advisories: Advisories) -> list[Finding]:
    """The findings of one ecosystem. Every record is read once, however many versions it holds."""
    spans = advisories.lookup(ecosystem, (hit.subject.key for hit in hits))
    about = advisories.about(number for hit in hits for number in spans[hit.subject.key])
    groups = [_groups(hit, spans[hit.subject.key], about) for hit in hits]
    records = advisories.records(number for own in groups for group in own.values() for number in group)
    unrated = {name for own in groups for name, group in own.items() if not any(records[n].known for n in group)}
    teller = _Teller(
        key,
        records,
        elsewhere=advisories.known_elsewhere(unrated),
        exploited=advisories.exploitation(_cves(groups, records)),
    )
    return [
        finding
        for hit, own in zip(hits, groups, strict=True)
        for finding in teller.findings(hit, own, spans[hit.subject.key])
    ]


def _groups(hit: Hit, spans: Spans, about: Mapping[int, tuple[str, ...]]) -> dict[str, list[int]]:
    """The vulnerabilities that hold a version, sorted, each with all the records about it."""
    held = sorted({name for number in hit.held for name in about[number]})
    groups: dict[str, list[int]] = {name: [] for name in held}
    for number in spans:
        for name in about[number]:
            if name in groups:
                groups[name].append(number)
    return groups


def _cves(groups: Iterable[Mapping[str, Sequence[int]]], records: Mapping[int, Record]) -> Iterator[str]:
    for own in groups:
        yield from (name for name in own if name.startswith("CVE-"))
    for record in records.values():
        yield from (name for name in (record.id, *record.aliases) if name.startswith("CVE-"))


class _Teller:
    def __init__(
        self,
        key: Key,
        records: Mapping[int, Record],
        *,
        elsewhere: Mapping[str, tuple[Severity, str]],
        exploited: Mapping[str, Exploitation],
    ) -> None:
        self.key = key
        self.records = records
        self.elsewhere = elsewhere
        self.exploited = exploited
        # A bulletin about several vulnerabilities is none of them.
        self.names = {
            number: one_of_a_kind((record.id, *record.aliases)) if len(record.flaws) < 2 else ()
            for number, record in records.items()
        }
        """The other ids of what each record is about."""

    def findings(self, hit: Hit, groups: Mapping[str, Sequence[int]], spans: Spans) -> Iterator[Finding]:
        subject, held = hit.subject, set(hit.held)
        speaker, system = subject.speaker, family(subject.ecosystem) in FAMILIES
        package = speaker.ref
        ruleset = f"packages/{family(subject.ecosystem)}"
        siblings = Siblings(_identity(subject, "")[:-1])
        sentence, places = subject.sentence, tuple(sorted({place.location for place in subject.places}))
        is_early = early(subject.ecosystem, subject.version)
        everything = lowest_fix([s for n in hit.held for s in spans[n]], hit.at, self.key, is_early)
        mended = Mending(subject.places, everything)
        for vulnerability, group in groups.items():
            numbers = sorted(group, key=lambda number: self.records[number].id) if len(group) > 1 else group
            every = [(self.records[number], spans[number]) for number in numbers]
            documents = _Documents(holding=[own for n, own in zip(numbers, every, strict=True) if n in held])
            severity, known = self._severity(vulnerability, documents)
            malware = Kind.MALWARE in [record.kind for record, _ in documents.holding]
            what = f"malicious ({vulnerability})" if malware else f"affected by {vulnerability}"
            summary, names = documents.summary, {name for number in numbers for name in self.names[number]}
            yield Finding(
                kind=Kind.MALWARE if malware else Kind.VULNERABILITY,
                ruleset=ruleset,
                rule=vulnerability,
                title=f"{speaker.name}: {summary}",
                severity=severity,
                confidence=_confidence(subject, known=known),
                message=f"{sentence} is {what}: {summary}",
                locations=places,
                identity=_identity(subject, vulnerability),
                aliases=tuple(
                    sorted({*siblings.of(names - {vulnerability}), *(_built(subject, vulnerability) if system else ())})
                ),
                package=package,
                advisories=tuple([_reference(record, own) for record, own in every]),
                remediation=mended.by(
                    lowest_fix([span for _, own in documents.holding for span in own], hit.at, self.key, is_early),
                    bulletins=tuple([record.id for record, _ in documents.holding]) if system else (),
                    standing=documents.standing,
                ),
                exploitation=self._exploitation(vulnerability, names) if self.exploited else None,
                references=tuple(dict.fromkeys([record.url for record, _ in every if record.url])),
            )

    def _severity(self, vulnerability: str, documents: _Documents) -> tuple[Severity, bool]:
        """The worst that a record gives; where none does, what another record of the vulnerability does; else a guess."""
        rated = [record.severity for record, _ in documents.holding if record.known]
        if not rated and (found := self.elsewhere.get(vulnerability)):
            return found[0], True
        given = rated or [record.severity for record, _ in documents.holding]
        return max(given, key=lambda severity: severity.rank) if len(given) > 1 else given[0], bool(rated)

    def _exploitation(self, vulnerability: str, names: Iterable[str]) -> Exploitation | None:
        """The worst of its CVEs: a record may have several."""
        found = [told for name in (vulnerability, *names) if (told := self.exploited.get(name))]
        if not found:
            return None
        scored = max(found, key=lambda told: told.epss or 0.0)
        return Exploitation(
            epss=scored.epss,
            percentile=scored.percentile,
            since=min((told.since for told in found if told.since), default=""),
            ransomware=any(told.ransomware for told in found),
        )


def _identity(subject: Subject, vulnerability: str) -> tuple[str, ...]:
    return of_package(family(subject.ecosystem), subject.name, subject.version, vulnerability)


def _built(subject: Subject, vulnerability: str) -> Iterator[str]:
    """What it is known by where each package that was built from the source is told of by its own name."""
    built = sorted({(place.name, place.version) for place in subject.places})[:MOST_NAMED]
    for each in built:
        if each != (subject.name, subject.version):
            yield fingerprint(of_package(family(subject.ecosystem), *each, vulnerability))


def _confidence(subject: Subject, *, known: bool) -> Confidence:
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
        fixed=tuple(dict.fromkeys([span.fixed for span in spans if span.fixed])),
        standing=next(iter([span.standing for span in spans if span.standing]), ""),
    )
