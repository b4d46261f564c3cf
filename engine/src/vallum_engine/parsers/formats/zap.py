"""ZAP's traditional reports, in XML and in JSON: one alert of a site, with the requests that showed it."""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any
from xml.etree.ElementTree import Element

from vallum_engine.model.finding import Confidence, Kind, Location, Severity
from vallum_engine.parsers.document import Document
from vallum_engine.parsers.format import Format, Mark, Record, Rejected, Sighting
from vallum_engine.parsers.network import address, links
from vallum_engine.parsers.records import one
from vallum_engine.parsers.words import cwes, dug, first_line, listed, number, plain, texts

_RISKS = (Severity.INFO, Severity.LOW, Severity.MEDIUM, Severity.HIGH)
_CONFIDENCES = {"1": Confidence.LOW, "2": Confidence.MEDIUM, "3": Confidence.HIGH, "4": Confidence.HIGH}
_FALSE_POSITIVE = "0"
# Rules whose evidence is what must not get around: session ids, personal data, logins.
_PRIVATE = frozenset({"3", "10057", "10062", "10105", "10202"})


def recognises(document: Document) -> bool:
    if document.xml is not None:
        return document.xml.tag == "OWASPZAPReport"
    value = document.json
    return (
        isinstance(value, dict)
        and "@version" in value
        and isinstance(value.get("site"), list)
        and "vulnerabilities" not in value
    )


def records(document: Document) -> Iterator[Record]:
    for number_, (site, alerts) in enumerate(_sites(document)):
        for index, alert in enumerate(alerts):
            yield one(f"site[{number_}].alerts[{index}]", alert, partial(_record, site=site))


def _sites(document: Document) -> Iterator[tuple[str, Iterator[Any]]]:
    if document.xml is not None:
        for site in document.xml.iter("site"):
            yield site.get("name", ""), map(_mapping, site.iter("alertitem"))
        return
    for site in listed(document.json["site"]):
        yield str(dug(site, "@name") or ""), iter(listed(dug(site, "alerts")))


def _mapping(alert: Element) -> dict[str, Any]:
    """An alert of the XML as it would stand in the JSON."""
    found: dict[str, Any] = {child.tag: child.text or "" for child in alert}
    found["instances"] = [
        {part.tag: part.text or "" for part in instance} for instance in alert.findall("instances/instance")
    ]
    return found


def _record(at: str, alert: Mapping[str, Any], *, site: str) -> Record:
    rule = str(alert.get("pluginid") or "").strip()
    title = plain(alert.get("name") or alert.get("alert"))
    if not rule:
        return Rejected(at=at, why="it names no rule (pluginid)")
    confidence = str(alert.get("confidence", "")).strip()
    instances = [item for item in listed(alert.get("instances")) if isinstance(item, dict)]
    evidence = next((text for item in instances if (text := first_line(item.get("evidence"), 200))), "")
    return Sighting(
        at=at,
        kind=Kind.WEAKNESS,
        rule=rule,
        title=title,
        severity=_RISKS[min(number(alert.get("riskcode")), 3)],
        confidence=_CONFIDENCES.get(confidence, Confidence.MEDIUM),
        message=plain(alert.get("desc")),
        locations=_locations(site, alert, instances),
        cwes=cwes(number(alert.get("cweid"))),
        evidence="" if rule in _PRIVATE else evidence,
        steps=texts(plain(alert.get("solution"))),
        references=links(alert.get("reference")),
        # One plugin raises several alerts (`10055-4`); older versions tell them apart by the name only.
        anchor=(plain(alert.get("alertRef") or title),),
        mark=Mark.SUPPRESSED if confidence == _FALSE_POSITIVE else Mark.NONE,
    )


def _locations(site: str, alert: Mapping[str, Any], instances: list[dict[str, Any]]) -> tuple[Location, ...]:
    """The site first: an alert is of a site, whichever of its pages were met this time."""
    pages = sorted({address(item.get("uri")) for item in (*instances, alert)} - {""})
    return tuple(Location(path=path) for path in dict.fromkeys((*texts(site), *pages)))


def tool(document: Document) -> str:
    return (document.xml.get("version", "") if document.xml is not None else "") or str(
        dug(document.json, "@version") or ""
    )


FORMAT = Format(
    id="zap",
    title="ZAP (Zed Attack Proxy)",
    docs="https://www.zaproxy.org/docs/desktop/addons/report-generation/report-traditional-xml/",
    recognises=recognises,
    records=records,
    tool=tool,
)
