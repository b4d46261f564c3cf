"""SonarQube: issues and hotspots as its web API lists them, and the reports of sonar-report (HTML, and its JSON)."""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from vallum_engine.model.finding import Confidence, Kind, Severity
from vallum_engine.parsers.document import Document
from vallum_engine.parsers.format import Format, Mark, Passed, Record, Sighting
from vallum_engine.parsers.formats._sonar_report import tables
from vallum_engine.parsers.records import each, rest
from vallum_engine.parsers.words import cwes, dug, first_line, leaked, place, plain, severity, texts

_OVER = frozenset({"FIXED", "CLOSED", "REMOVED"})
_HIDDEN = frozenset({"FALSE-POSITIVE", "FALSE_POSITIVE", "WONTFIX", "ACCEPTED", "SAFE", "ACKNOWLEDGED"})
# Since version 10 a rule has its worst word for each quality it harms.
_SECURITY = "SECURITY"


def recognises(document: Document) -> bool:
    if document.is_html:
        return "<title>SonarQube Vulnerability Report</title>" in document.head
    value = document.json
    if not isinstance(value, dict):
        return False
    if "sonarComponent" in value and "issues" in value:
        return True
    first = dug(value, "hotspots", 0) or dug(value, "issues", 0)
    if isinstance(first, dict):
        return {"key", "component", "project"} <= first.keys() and ("rule" in first or "ruleKey" in first)
    return isinstance(value.get("paging"), dict) and ("hotspots" in value or {"issues", "effortTotal"} <= value.keys())


def records(document: Document) -> Iterator[Record]:
    if document.is_html:
        issues, rules = tables(document.text)
        yield from each(list(issues), "issues", partial(_record, {key: {"htmlDesc": v} for key, v in rules.items()}))
        return
    value = document.json
    rules = value.get("rules")
    known = (
        rules if isinstance(rules, Mapping) else {dug(r, "key"): r for r in rules} if isinstance(rules, list) else {}
    )
    yield from each(value.get("issues"), "issues", partial(_record, known))
    yield from each(value.get("hotspots"), "hotspots", partial(_record, known))
    held = len(value.get("issues") or ()) + len(value.get("hotspots") or ())
    yield from rest(dug(value, "paging", "total"), held, "paging")


def _record(rules: Mapping[Any, Any], at: str, item: Mapping[str, Any]) -> Record:
    status = {str(item.get(part) or "").upper() for part in ("status", "resolution", "issueStatus")}
    if status & _OVER and not status & _HIDDEN:
        return Passed(at=at)
    key = str(item.get("rule") or item["ruleKey"])
    told = rules.get(key)
    described = plain(dug(told, "htmlDesc") or dug(told, "mdDesc"))
    message = str(item.get("message") or "")
    weaknesses = cwes(*(line for line in described.splitlines() if "CWE" in line))
    return Sighting(
        at=at,
        kind=Kind.SECRET if leaked(weaknesses) or key.startswith("secrets:") else Kind.WEAKNESS,
        rule=key,
        title=first_line(item.get("description") or dug(told, "name") or message),
        severity=_severity(item),
        confidence=Confidence.LOW if item.get("vulnerabilityProbability") == "LOW" else Confidence.MEDIUM,
        message="\n\n".join(texts([message, described])),
        # `project:path`, or `project:module:path`: the project's own keys may hold colons.
        locations=place(str(item.get("component") or "").rpartition(":")[2], item.get("line"), _end(item)),
        cwes=weaknesses,
        # It keeps an issue's key as lines move.
        anchor=texts(item.get("key") or item.get("hash") or message),
        mark=Mark.SUPPRESSED if status & _HIDDEN else Mark.NONE,
    )


def _end(item: Mapping[str, Any]) -> Any:
    return dug(item, "textRange", "endLine") or item.get("line")


def _severity(item: Mapping[str, Any]) -> Severity:
    """Blocker, critical, major, minor, info: its own order, where "critical" is the second."""
    impacts = item.get("impacts")
    of_security = [
        dug(impact, "severity")
        for impact in (impacts if isinstance(impacts, list) else ())
        if dug(impact, "softwareQuality") == _SECURITY
    ]
    word = next(iter(of_security), None) or item.get("severity") or item.get("vulnerabilityProbability")
    return severity(word, critical=Severity.HIGH, major=Severity.MEDIUM)


FORMAT = Format(
    id="sonarqube",
    title="SonarQube",
    docs="https://docs.sonarsource.com/sonarqube-server/latest/extension-guide/web-api/",
    recognises=recognises,
    records=records,
)
