"""Nmap's XML: open ports, and what the scripts `vulners` and those of the `vuln` category say of what listens there."""

from collections.abc import Iterator
from xml.etree.ElementTree import Element

from vallum_engine.model.finding import Confidence, Kind, Location, Severity
from vallum_engine.parsers.document import Document
from vallum_engine.parsers.elements import said
from vallum_engine.parsers.format import Component, Format, Passed, Record, Rejected, Sighting
from vallum_engine.parsers.network import at_port
from vallum_engine.parsers.words import cves, first_line, of_score, severity, texts
from vallum_engine.values import immutable

_STATES = {"open": Confidence.HIGH, "open|filtered": Confidence.LOW}


@immutable
class _Place:
    """A host, or a port of it, and where in the report it stands."""

    at: str
    locations: tuple[Location, ...]
    service: str = ""


def recognises(document: Document) -> bool:
    return document.xml is not None and document.xml.tag == "nmaprun"


def records(document: Document) -> Iterator[Record]:
    for number, host in enumerate(document.xml.iter("host") if document.xml is not None else ()):
        name = _name(host)
        if not name:
            yield Rejected(at=f"host[{number}]", why="it has no address")
            continue
        for port in host.iterfind("ports/port"):
            protocol, id_ = port.get("protocol", ""), port.get("portid", "")
            service = _service(port)
            place = _Place(
                at=f"host[{number}] port {id_}/{protocol}", locations=at_port(name, id_, protocol), service=service
            )
            yield _port(place, port)
            yield from _scripts(place, port.iterfind("script"))
        yield from _scripts(_Place(at=f"host[{number}]", locations=at_port(name)), host.iterfind("hostscript/script"))


def _name(host: Element) -> str:
    """As the user named it, else its address: names that were looked up come and go."""
    for name in host.iterfind("hostnames/hostname"):
        if name.get("type") == "user" and name.get("name"):
            return name.get("name", "")
    addresses = [a for a in host.iterfind("address") if a.get("addrtype") != "mac"]
    return next((address.get("addr", "") for address in addresses), "")


def _service(port: Element) -> str:
    service = port.find("service")
    if service is None:
        return ""
    return " ".join(text for key in ("product", "version", "extrainfo") if (text := service.get(key, "")))


def _port(place: _Place, port: Element) -> Record:
    state = port.find("state")
    word = state.get("state", "") if state is not None else ""
    if not word or not port.get("portid"):
        return Rejected(at=place.at, why="it has no number or no state")
    if word not in _STATES:
        return Passed(at=place.at)
    service = port.find("service")
    kind = service.get("name", "") if service is not None else ""
    number = f"{port.get('portid')}/{port.get('protocol')}"
    return Sighting(
        at=place.at,
        kind=Kind.MISCONFIGURATION,
        rule="open-port",
        title=f"Open port: {number}",
        severity=Severity.INFO,
        confidence=_STATES[word],
        message=f"Port {number} is {word}" + (f", service {kind}" if kind else "") + ".",
        locations=place.locations,
        evidence=place.service,
    )


def _scripts(place: _Place, scripts: Iterator[Element]) -> Iterator[Record]:
    for script in scripts:
        name = script.get("id", "")
        for table in script.iterfind("table"):
            state = _elem(table, "state")
            if name == "vulners":
                yield from _vulners(place, table)
            elif "VULNERABLE" in state:
                yield _vulnerable(place, name, table, state)


def _elem(table: Element, key: str) -> str:
    return said(table, f"elem[@key='{key}']")


def _vulners(place: _Place, table: Element) -> Iterator[Record]:
    """By CPE (`cpe:/a:openbsd:openssh:7.4`): what a database of vulnerabilities and exploits knows of it."""
    parts = table.get("key", "").removeprefix("cpe:/").split(":")
    name, version = (*parts[2:4], "", "")[:2]
    for index, entry in enumerate(table.iterfind("table")):
        at = f"{place.at} vulners[{index}]"
        rule = _elem(entry, "id")
        if not rule or not name:
            yield Rejected(at=at, why="it has no id, or its CPE names no product")
            continue
        is_exploit = _elem(entry, "is_exploit") == "true"
        yield Sighting(
            at=at,
            kind=Kind.VULNERABILITY,
            rule=rule,
            title=rule,
            severity=of_score(_elem(entry, "cvss")),
            # It is matched by the version that a banner shows: what a distribution mended in it does not show there.
            confidence=Confidence.LOW,
            message=f"{name} {version} is listed for {rule}" + (", an exploit that is around." if is_exploit else "."),
            locations=place.locations,
            component=Component(ecosystem="", name=name, version=version),
            ids=cves(rule) if rule.upper().startswith("CVE-") else (),
            references=(f"https://vulners.com/{_elem(entry, 'type')}/{rule}",),
        )


def _vulnerable(place: _Place, script: str, table: Element, state: str) -> Record:
    """As the `vulns` library of the scripts writes it: `VULNERABLE`, `LIKELY VULNERABLE`, `NOT VULNERABLE` and the like."""
    at = f"{place.at} {script}"
    if state.startswith("NOT"):
        return Passed(at=at)
    risk = first_line(said(table, "table[@key='risk_factor']") or _elem(table, "risk factor"))
    score = said(table, "table[@key='scores']/elem")
    found = cves(*(elem.text for elem in table.iterfind("table[@key='ids']/elem")), table.get("key"))
    return Sighting(
        at=at,
        kind=Kind.VULNERABILITY,
        rule=script,
        title=_elem(table, "title") or script,
        severity=of_score(score, Severity.MEDIUM) if score else severity(risk, Severity.MEDIUM),
        confidence=Confidence.MEDIUM if state.startswith("LIKELY") else Confidence.HIGH,
        message=said(table, "table[@key='description']") or _elem(table, "title"),
        locations=place.locations,
        ids=found,
        references=texts([elem.text for elem in table.iterfind("table[@key='refs']/elem")]),
        anchor=(table.get("key", ""),),
    )


def tool(document: Document) -> str:
    return document.xml.get("version", "") if document.xml is not None else ""


FORMAT = Format(
    id="nmap",
    title="Nmap (XML)",
    docs="https://nmap.org/book/output-formats-xml-output.html",
    recognises=recognises,
    records=records,
    tool=tool,
)
