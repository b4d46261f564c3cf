"""Findings of one fingerprint as one finding, whatever the order in which they are met."""

from collections.abc import Mapping, Sequence

from vallum_engine.identity import fingerprint
from vallum_engine.model.finding import Finding, Location
from vallum_engine.model.placement import told
from vallum_engine.model.report import ordered
from vallum_engine.values import mutable, replace


@mutable
class Merged:
    """One finding from all its sightings: the worst and surest speaks, all places count, whatever their order."""

    speaker: Finding
    places: set[Location]


def merge(into: dict[str, Merged], finding: Finding, places: Sequence[Location] = ()) -> None:
    """Same fingerprint: one finding, one more location. `places` are other ones, of which others spoke."""
    key = fingerprint(finding.identity)
    known = into.get(key)
    if known is None:
        into[key] = Merged(finding, {*finding.locations, *places})
        return
    known.places.update(finding.locations, places)
    if _precedence(finding) < _precedence(known.speaker):
        known.speaker = finding


def _precedence(finding: Finding) -> tuple[object, ...]:
    return (-finding.severity.rank, -finding.confidence.rank, min(finding.locations), finding.message)


def in_order(findings: Mapping[str, Merged]) -> tuple[Finding, ...]:
    return ordered(
        told(replace(merged.speaker, fingerprint=key, locations=tuple(sorted(merged.places))))
        for key, merged in findings.items()
    )
