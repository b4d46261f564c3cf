"""`dockle -f json`: an image against the CIS Docker Benchmark and best practices."""

from collections.abc import Iterator, Mapping
from typing import Any

from vallum_engine.model.finding import Confidence, Kind, Severity
from vallum_engine.parsers.document import Document
from vallum_engine.parsers.format import Format, Mark, Passed, Record, Rejected, Sighting
from vallum_engine.parsers.records import each, leading
from vallum_engine.parsers.words import dug, first_line, place, texts

_LEVELS = {"FATAL": Severity.HIGH, "WARN": Severity.MEDIUM, "INFO": Severity.LOW, "IGNORE": Severity.INFO}


def recognises(document: Document) -> bool:
    value = document.json
    return (
        isinstance(value, dict)
        and isinstance(value.get("details"), list)
        and {"fatal", "warn", "skip", "pass"} <= leading(value.get("summary")).keys()
    )


def records(document: Document) -> Iterator[Record]:
    image = dug(document.json, "image")
    yield from each(document.json["details"], "details", lambda at, item: _detail(at, item, image))


def _detail(at: str, item: Mapping[str, Any], image: Any) -> Record:
    code, level = str(item.get("code") or ""), str(item.get("level") or "").upper()
    if level == "PASS":
        return Passed(at=at)
    if level == "SKIP":
        return Rejected(at=at, why=f"Dockle could not check {code}: {first_line(item.get('alerts'))}")
    if not code or level not in _LEVELS:
        return Rejected(at=at, why="it names no checkpoint, or a level that is not Dockle's")
    alerts = texts(item.get("alerts"))
    title = first_line(item.get("title")) or code
    return Sighting(
        at=at,
        kind=Kind.MISCONFIGURATION,
        rule=code,
        title=title,
        severity=_LEVELS[level],
        confidence=Confidence.HIGH,
        message="\n".join(alerts) or title,
        locations=place(image),
        references=(f"https://github.com/goodwithtech/dockle/blob/master/CHECKPOINT.md#{code.lower()}",),
        mark=Mark.SUPPRESSED if level == "IGNORE" else Mark.NONE,
    )


FORMAT = Format(
    id="dockle",
    title="Dockle",
    docs="https://github.com/goodwithtech/dockle#json",
    recognises=recognises,
    records=records,
)
