"""Issues as Snyk's REST API lists them (`GET /rest/orgs/{org}/issues`): code, packages, licences, configuration."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from vallum_engine.model.finding import Confidence, Kind, Location
from vallum_engine.parsers.document import Document
from vallum_engine.parsers.ecosystems import ecosystem, versioned
from vallum_engine.parsers.format import Component, Format, Mark, Passed, Record, Rejected, Sighting
from vallum_engine.parsers.records import each
from vallum_engine.parsers.words import cwes, dug, leaked, listed, place, severity, texts, vector

_OWN_ID = re.compile(r"SNYK-([A-Z]+)\d*-")
_LANGUAGES = {"js": "npm"}
_KINDS = {
    "code": Kind.WEAKNESS,
    "package_vulnerability": Kind.VULNERABILITY,
    "license": Kind.LICENCE,
    "config": Kind.MISCONFIGURATION,
    "cloud": Kind.MISCONFIGURATION,
}


def recognises(document: Document) -> bool:
    first = dug(document.json, "data", 0)
    attributes = dug(first, "attributes")
    return (
        dug(first, "type") == "issue"
        and isinstance(attributes, dict)
        and {"effective_severity_level", "coordinates"} <= attributes.keys()
    )


def records(document: Document) -> Iterator[Record]:
    yield from each(document.json["data"], "data", _record)
    if dug(document.json, "links", "next"):
        yield Rejected(at="links.next", why="the list goes on in another answer: give all of them, as one list")


def _record(at: str, item: Mapping[str, Any]) -> Record:
    told = item["attributes"]
    if not isinstance(told, Mapping):
        return Rejected(at=at, why="it has no attributes")
    if told.get("status") == "resolved":
        return Passed(at=at)
    found = [spot for part in listed(told.get("coordinates")) for spot in listed(dug(part, "representations"))]
    problems = [problem for problem in listed(told.get("problems")) if isinstance(problem, Mapping)]
    component = next((made for spot in found if (made := _component(spot, problems))), None)
    weaknesses = cwes([dug(cls, "id") for cls in listed(told.get("classes")) if dug(cls, "source") == "CWE"])
    kind = _KINDS.get(str(told.get("type")), Kind.WEAKNESS)
    known = _ids(problems) if kind is Kind.VULNERABILITY else ()
    title = str(told.get("title") or "")
    return Sighting(
        at=at,
        kind=Kind.SECRET if kind is Kind.WEAKNESS and leaked(weaknesses) else kind,
        # In code each issue is its own problem: its title is what names the rule.
        rule=title if kind is Kind.WEAKNESS else next(iter(known), "") or str(told.get("key") or title),
        title=title,
        severity=severity(told.get("effective_severity_level")),
        confidence=Confidence.HIGH if component else Confidence.MEDIUM,
        message=str(told.get("description") or title),
        locations=tuple(dict.fromkeys(place_ for spot in found for place_ in _places(spot))),
        component=component,
        ids=known,
        cwes=weaknesses,
        cvss=vector(*(dug(score, "vector") for score in listed(told.get("severities")))),
        references=texts([dug(problem, "url") for problem in problems]),
        anchor=texts(told.get("key")),
        mark=Mark.SUPPRESSED if told.get("ignored") is True else Mark.NONE,
    )


def _ids(problems: list[Mapping[str, Any]]) -> tuple[str, ...]:
    return texts([problem.get("id") for problem in problems if problem.get("type", "vulnerability") == "vulnerability"])


def _component(spot: object, problems: list[Mapping[str, Any]]) -> Component | None:
    """Which kind of package it is stands in Snyk's own id only: `SNYK-PYTHON-…`, `SNYK-DEBIAN12-…`."""
    name = dug(spot, "dependency", "package_name")
    if not name:
        return None
    kinds = [match[1].lower() for problem in problems if (match := _OWN_ID.match(str(problem.get("id"))))]
    system = ecosystem(_LANGUAGES.get(kinds[0], kinds[0])) if kinds else ""
    return Component(
        ecosystem=system, name=str(name), version=versioned(system, dug(spot, "dependency", "package_version"))
    )


def _places(spot: object) -> tuple[Location, ...]:
    source, start = dug(spot, "sourceLocation"), dug(spot, "sourceLocation", "region", "start", "line")
    resource = dug(spot, "resourcePath") or dug(spot, "cloud_resource", "id")
    return place(dug(source, "file"), start, dug(source, "region", "end", "line")) or place(resource)


FORMAT = Format(
    id="snyk-issue-api",
    title="Snyk issues",
    docs="https://docs.snyk.io/snyk-api/reference/issues",
    recognises=recognises,
    records=records,
)
