"""Nikto's reports, in XML and in JSON."""

import re
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any
from xml.etree.ElementTree import Element

from vallum_engine.model.finding import Kind, Severity
from vallum_engine.parsers.document import Document
from vallum_engine.parsers.format import Format, Record, Rejected, Sighting
from vallum_engine.parsers.network import at_address, gist, links
from vallum_engine.parsers.records import leading, one
from vallum_engine.parsers.words import cves, dug, first_line, listed

_JSON = frozenset({"host", "ip", "port", "banner", "vulnerabilities"})
_PASSWORD = re.compile(r"(\bPW ')[^']*'")
_TLS_PORTS = frozenset({"443", "8443"})


def recognises(document: Document) -> bool:
    if document.xml is not None:
        return document.xml.tag == "niktoscan"
    return leading(document.json).keys() >= _JSON


def records(document: Document) -> Iterator[Record]:
    for at, site, item in _of_xml(document.xml) if document.xml is not None else _of_json(document.json):
        yield one(at, item, partial(_record, site=site))


def _of_xml(root: Element) -> Iterator[tuple[str, str, Any]]:
    """`niktoscan` holds hosts, or in some versions one more `niktoscan` that does."""
    for number, host in enumerate(root.iter("scandetails")):
        for index, item in enumerate(host.iterfind("item")):
            found = {"id": item.get("id"), "msg": item.findtext("description"), "url": item.findtext("uri")}
            yield f"scandetails[{number}].item[{index}]", host.get("sitename", ""), found


def _of_json(value: Any) -> Iterator[tuple[str, str, Any]]:
    for number, host in enumerate(listed(value)):
        name, port = str(dug(host, "host") or dug(host, "ip") or ""), str(dug(host, "port") or "80")
        # The JSON does not say whether it was TLS.
        site = f"http{'s' if port in _TLS_PORTS else ''}://{name}:{port}/"
        for index, item in enumerate(listed(dug(host, "vulnerabilities"))):
            yield f"[{number}].vulnerabilities[{index}]", site, item


def _record(at: str, item: Mapping[str, Any], *, site: str) -> Record:
    # The passwords of default accounts are in no list of secrets, and are ones all the same.
    message = _PASSWORD.sub(r"\1…'", str(item.get("msg") or "").strip())
    rule = str(item.get("id") or "")
    if not rule or not message:
        return Rejected(at=at, why="it has no id or no message")
    return Sighting(
        at=at,
        kind=Kind.WEAKNESS,
        rule=rule,
        title=first_line(message),
        # Nikto rates nothing.
        severity=Severity.INFO,
        message=message,
        locations=at_address(item.get("url") or "/", site),
        ids=cves(message, item.get("references")),
        references=links(item.get("references"), message),
        anchor=(gist(message.partition(", ")[0]),),
    )


def tool(document: Document) -> str:
    scans = document.xml.iter("niktoscan") if document.xml is not None else ()
    return next((version for scan in scans if (version := scan.get("version", ""))), "")


FORMAT = Format(
    id="nikto",
    title="Nikto",
    docs="https://github.com/sullo/nikto/wiki/Export-Formats",
    recognises=recognises,
    records=records,
    tool=tool,
)
