"""Packages against advisories, all in one batch."""

from collections.abc import Iterable, Sequence
from functools import lru_cache

from vallum_engine.model.finding import Finding
from vallum_engine.model.package import Package
from vallum_engine.sca import lookup
from vallum_engine.sca.advisories import Advisories, Spans
from vallum_engine.sca.spans import BEGINNING, raw_key
from vallum_engine.sca.tell import Hit, Subject, tell
from vallum_engine.sca.versions import Key, order
from vallum_engine.values import immutable

_KEYS_KEPT = 1 << 16


@immutable
class Outcome:
    """What matching found, and the packages it had advisories for but no way to compare."""

    findings: tuple[Finding, ...]
    unordered: tuple[Package, ...]


def match(packages: Iterable[Package], advisories: Advisories) -> Outcome:
    """Find what is affected. Packages without a version, and ecosystems the data lacks, are the caller's to tell of.

    The work goes by three questions to the database, so that only what is affected costs anything but a comparison: which
    names any advisory speaks of, which advisories hold a version, and what these say.
    """
    findings: list[Finding] = []
    unordered: list[Package] = []
    by_ecosystem: dict[str, list[Package]] = {}
    for package in packages:
        if package.version:
            by_ecosystem.setdefault(package.ecosystem, []).append(package)
    for ecosystem in sorted(by_ecosystem):
        key = lru_cache(_KEYS_KEPT)(order(ecosystem))
        subjects = _subjects(ecosystem, by_ecosystem[ecosystem], advisories)
        hits, unread = _hits(ecosystem, subjects, key, advisories)
        unordered += [place for subject in unread for place in subject.places]
        findings += tell(ecosystem, hits, key, advisories)
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


def _subjects(ecosystem: str, packages: Iterable[Package], advisories: Advisories) -> list[Subject]:
    """Those of the packages that any advisory speaks of, one for each version."""
    named = lookup.namer(ecosystem)
    places: dict[tuple[str, str, str], list[Package]] = {}
    for package in packages:
        places.setdefault((*named(package), package.module), []).append(package)
    keys = {(name, module): lookup.keyed(ecosystem, name, module) for name, _, module in places}
    known = advisories.known(ecosystem, keys.values())
    return [
        Subject(
            ecosystem=ecosystem,
            name=name,
            version=version,
            places=tuple(places[name, version, module]),
            key=keys[name, module],
        )
        for name, version, module in sorted(places)
        if keys[name, module] in known
    ]


def _hits(
    ecosystem: str, subjects: Sequence[Subject], key: Key, advisories: Advisories
) -> tuple[list[Hit], list[Subject]]:
    """What advisories hold, and what no order reads."""
    at = [(subject, key(subject.version)) for subject in subjects]
    ordered = [(subject, found) for subject, found in at if found is not None]
    held = advisories.holding(ecosystem, [(subject.key, found) for subject, found in ordered])
    hits = [
        Hit(subject=subject, at=found, held=tuple(numbers))
        for (subject, found), numbers in zip(ordered, held, strict=True)
        if numbers
    ]
    unread: list[Subject] = []
    others = [subject for subject, found in at if found is None]
    spans = advisories.lookup(ecosystem, (subject.key for subject in others))
    for subject in others:
        numbers, all_told = affecting(spans[subject.key], subject.version, key)
        if numbers:
            hits.append(Hit(subject=subject, at=raw_key(subject.version), held=tuple(numbers)))
        if not all_told:
            unread.append(subject)
    return hits, unread
