"""Packages against advisories, all in one batch."""

from collections.abc import Iterable, Sequence
from functools import lru_cache

from vallum_engine.model.finding import Finding
from vallum_engine.model.package import Package
from vallum_engine.reclaiming import uncollected
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
    names any advisory speaks of and up to which version, which advisories hold a version, and what these say.
    """
    findings: list[Finding] = []
    unordered: list[Package] = []
    with uncollected():
        by_ecosystem: dict[str, list[Package]] = {}
        for package in packages:
            if package.version:
                by_ecosystem.setdefault(package.ecosystem, []).append(package)
        for ecosystem in sorted(by_ecosystem):
            key = lru_cache(_KEYS_KEPT)(order(ecosystem))
            hits, unread = _hits(_Places(ecosystem, by_ecosystem[ecosystem]), key, advisories)
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


class _Places:
    """The packages of one ecosystem, by what they are called and looked up by."""

    def __init__(self, ecosystem: str, packages: Iterable[Package]) -> None:
        self.ecosystem = ecosystem
        by = self._by = dict[tuple[str, str, str], list[Package]]()
        called, keyed = lookup.caller(ecosystem), lookup.keyer(ecosystem)
        for package in packages:
            each = called(package)
            if each in by:
                by[each].append(package)
            else:
                by[each] = [package]
        self.keyed = {each: keyed(each[0], each[2]) for each in by}
        """By name, version and module."""

    def subject(self, each: tuple[str, str, str]) -> Subject:
        name, version, _ = each
        return Subject(
            ecosystem=self.ecosystem, name=name, version=version, places=tuple(self._by[each]), key=self.keyed[each]
        )


def _hits(places: _Places, key: Key, advisories: Advisories) -> tuple[list[Hit], list[Subject]]:
    """What advisories hold, and what no order reads."""
    known = advisories.known(places.ecosystem, places.keyed.values())
    within: list[tuple[tuple[str, str, str], bytes]] = []
    others: list[Subject] = []
    for each, name in places.keyed.items():
        if name not in known:
            continue
        at, beyond = key(each[1]), known[name]
        if at is None:
            others.append(places.subject(each))
        elif beyond is None or at < beyond:
            within.append((each, at))
    within.sort()
    others.sort(key=lambda subject: (subject.name, subject.version, subject.key))
    held = advisories.holding(places.ecosystem, [(places.keyed[each], at) for each, at in within])
    hits = [
        Hit(subject=places.subject(each), at=at, held=tuple(numbers))
        for (each, at), numbers in zip(within, held, strict=True)
        if numbers
    ]
    more, unread = _unordered(others, key, advisories)
    return [*hits, *more], unread


def _unordered(others: Sequence[Subject], key: Key, advisories: Advisories) -> tuple[list[Hit], list[Subject]]:
    """The same of versions that have no key."""
    hits: list[Hit] = []
    unread: list[Subject] = []
    spans = advisories.lookup(others[0].ecosystem, (subject.key for subject in others)) if others else {}
    for subject in others:
        numbers, all_told = affecting(spans[subject.key], subject.version, key)
        if numbers:
            hits.append(Hit(subject=subject, at=raw_key(subject.version), held=tuple(numbers)))
        if not all_told:
            unread.append(subject)
    return hits, unread
