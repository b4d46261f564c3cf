"""GitHub's secret scanning alerts, as its REST API lists them."""

from collections.abc import Iterator, Mapping
from typing import Any

from vallum_engine.model.finding import Confidence, Kind, Severity
from vallum_engine.parsers import leaks
from vallum_engine.parsers.document import Document
from vallum_engine.parsers.format import Format, Mark, Passed, Record, Sighting
from vallum_engine.parsers.records import each, leading
from vallum_engine.parsers.words import dug, place, texts

# Of the reasons to close an alert these say that the value is, or may be, as live as before.
_HIDDEN = frozenset({"false_positive", "wont_fix", "used_in_tests"})
# What GitHub found when it asked the provider.
_LEVELS = {"active": Severity.CRITICAL, "inactive": Severity.LOW}


def recognises(document: Document) -> bool:
    first = leading(document.json)
    return {"number", "secret_type", "state"} <= first.keys()


def records(document: Document) -> Iterator[Record]:
    yield from each(document.json, "", _record)


def _record(at: str, item: Mapping[str, Any]) -> Record:
    hidden = item.get("resolution") in _HIDDEN
    if item.get("state") == "resolved" and not hidden:
        return Passed(at=at)
    kind, where = str(item["secret_type"]), item.get("first_location_detected")
    title = str(item.get("secret_type_display_name") or kind)
    validity = str(item.get("validity") or "unknown")
    return Sighting(
        at=at,
        kind=Kind.SECRET,
        rule=kind,
        title=title,
        severity=_LEVELS.get(validity, Severity.HIGH),
        confidence=Confidence.HIGH if validity == "active" else Confidence.MEDIUM,
        message=f"{title} in the repository: whoever can read it can use it. GitHub found it to be: {validity}.",
        locations=place(dug(where, "path"), dug(where, "start_line"), dug(where, "end_line")),
        references=texts(item.get("html_url")),
        anchor=texts(item.get("number")),
        secret=leaks.value(item.get("secret")),
        mark=Mark.SUPPRESSED if hidden else Mark.NONE,
    )


FORMAT = Format(
    id="github-secret-scanning",
    title="GitHub secret scanning",
    docs="https://docs.github.com/en/rest/secret-scanning/secret-scanning",
    recognises=recognises,
    records=records,
)
