"""Horusec's JSON (`horusec start -o json`): its own engine, and the scanners that it runs."""

from collections.abc import Iterator, Mapping
from typing import Any

from vallum_engine.model.finding import Kind
from vallum_engine.parsers.document import Document
from vallum_engine.parsers.format import Format, Mark, Passed, Record, Rejected, Sighting
from vallum_engine.parsers.records import each, missed
from vallum_engine.parsers.words import confidence, cves, cwes, first_line, leaked, place, severity, squeezed

_LEAKS = "Leaks"
_HIDDEN = frozenset({"Risk Accepted", "False Positive"})
_MARKER = "* Possible vulnerability detected: "


def recognises(document: Document) -> bool:
    value = document.json
    return isinstance(value, dict) and "analysisVulnerabilities" in value


def records(document: Document) -> Iterator[Record]:
    yield from each(document.json["analysisVulnerabilities"], "analysisVulnerabilities", _record)
    # One text of all that failed, each of the tools it runs by itself.
    yield from missed(document.json.get("errors"), "errors", lambda error: f"Horusec says: {first_line(error)}")


def _record(at: str, item: Mapping[str, Any]) -> Record:
    found = item.get("vulnerabilities")
    if not isinstance(found, Mapping):
        return Rejected(at=at, why="it holds no vulnerability")
    if found.get("type") == "Corrected":
        return Passed(at=at)
    details, code = str(found.get("details") or ""), str(found.get("code") or "")
    # Of those that it saw by several rules each says `(1/2) * Possible vulnerability detected: ` before its title.
    details = details.rpartition(_MARKER)[2] if _MARKER in details else details
    title = first_line(details)
    weaknesses = cwes(details)
    secret = bool(code) and (found.get("language") == _LEAKS or leaked(weaknesses))
    return Sighting(
        at=at,
        kind=Kind.SECRET if secret else Kind.WEAKNESS,
        rule=str(found.get("rule_id") or title),
        title=title,
        severity=severity(found.get("severity")),
        confidence=confidence(found.get("confidence")),
        message=details,
        locations=place(found.get("file"), found.get("line")),
        ids=cves(details),
        cwes=weaknesses,
        evidence="" if secret else first_line(code, 400),
        # Its own hash is of the line number too, so it is not what stays.
        anchor=() if secret else (str(found.get("securityTool") or ""), squeezed(code)),
        secret=squeezed(code).encode() if secret else b"",
        mark=Mark.SUPPRESSED if found.get("type") in _HIDDEN else Mark.NONE,
    )


def tool(document: Document) -> str:
    return str(document.json.get("version") or "").removeprefix("v")


FORMAT = Format(
    id="horusec",
    title="Horusec",
    docs="https://github.com/ZupIT/horusec",
    recognises=recognises,
    records=records,
    tool=tool,
)
