"""detect-secrets' baseline (JSON), with the verdicts of its audit."""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from vallum_engine.model.finding import Confidence, Kind, Severity
from vallum_engine.parsers import leaks
from vallum_engine.parsers.document import Document
from vallum_engine.parsers.format import Format, Mark, Record, Sighting
from vallum_engine.parsers.records import each
from vallum_engine.parsers.words import place


def recognises(document: Document) -> bool:
    value = document.json
    return isinstance(value, dict) and "plugins_used" in value and isinstance(value.get("results"), dict)


def records(document: Document) -> Iterator[Record]:
    for path, found in document.json["results"].items():
        yield from each(found, f"results[{path}]", partial(_record, str(path)))


def _record(path: str, at: str, item: Mapping[str, Any]) -> Record:
    kind, verified = str(item["type"]), item.get("is_verified") is True
    sure = verified or item.get("is_secret") is True
    return Sighting(
        at=at,
        kind=Kind.SECRET,
        rule=kind,
        title=kind,
        severity=Severity.CRITICAL if verified else Severity.HIGH,
        confidence=Confidence.HIGH if sure else Confidence.MEDIUM,
        message=leaks.told(kind, "It was tried, and it is live." if verified else ""),
        locations=place(item.get("filename") or path, item.get("line_number")),
        # A hash of the value, which the baseline has in its stead.
        anchor=(str(item["hashed_secret"]),),
        # Whoever audits says of each whether it is one.
        mark=Mark.SUPPRESSED if item.get("is_secret") is False else Mark.NONE,
    )


def tool(document: Document) -> str:
    return str(document.json.get("version") or "")


FORMAT = Format(
    id="detect-secrets",
    title="detect-secrets",
    docs="https://github.com/Yelp/detect-secrets",
    recognises=recognises,
    records=records,
    tool=tool,
)
