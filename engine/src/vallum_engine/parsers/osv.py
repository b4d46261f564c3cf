"""What an OSV record says of a package, for the tools that pass such records on."""

from collections.abc import Iterator, Mapping
from typing import Any

from vallum_engine.model.finding import Kind, Severity
from vallum_engine.parsers.words import UNRATED, cwes, dug, listed, of_vector, severity, texts, vector

_EMBEDDED_MALICIOUS_CODE = 506


def affected(record: Mapping[str, Any], name: str = "") -> Iterator[Mapping[str, Any]]:
    """The entries about the package, or about any."""
    entries = [entry for entry in listed(record.get("affected")) if isinstance(entry, dict)]
    yield from (entry for entry in entries if not name or dug(entry, "package", "name") == name)


def fixed(record: Mapping[str, Any], name: str = "") -> tuple[str, ...]:
    """The versions that end it, of ranges of versions: commits are none."""
    ranges = (span for entry in affected(record, name) for span in listed(entry.get("ranges")))
    events = (event for span in ranges if dug(span, "type") != "GIT" for event in listed(dug(span, "events")))
    return texts([dug(event, "fixed") for event in events])


def scored(record: Mapping[str, Any]) -> str:
    """Its CVSS vector, of version 3 or 4."""
    places = [record, *affected(record)]
    return vector(*(dug(score, "score") for place in places for score in listed(place.get("severity"))))


def rated(record: Mapping[str, Any]) -> Severity:
    """By its vector, else by the word that its database gives."""
    words = [dug(place, "database_specific", "severity") for place in (record, *affected(record))]
    word = next((word for word in words if word), record.get("severity"))
    return of_vector(scored(record), severity(word, UNRATED) if isinstance(word, str) else UNRATED)


def weaknesses(record: Mapping[str, Any]) -> tuple[int, ...]:
    """Databases write `cwe_ids`, or `cwes` of objects."""
    own = [dug(place, "database_specific") for place in (record, *affected(record))]
    return cwes(*(dug(o, "cwe_ids") for o in own), *(dug(w, "cweId") for o in own for w in listed(dug(o, "cwes"))))


def kind(record: Mapping[str, Any]) -> Kind:
    malware = str(record.get("id")).startswith("MAL-") or _EMBEDDED_MALICIOUS_CODE in weaknesses(record)
    return Kind.MALWARE if malware else Kind.VULNERABILITY


def references(record: Mapping[str, Any]) -> tuple[str, ...]:
    return texts([dug(reference, "url") for reference in listed(record.get("references"))])
