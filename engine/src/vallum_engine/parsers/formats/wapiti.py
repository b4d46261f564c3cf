"""Wapiti's reports, in XML and in JSON: entries by category."""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any
from xml.etree.ElementTree import Element

from vallum_engine.model.finding import Kind, Severity
from vallum_engine.parsers.document import Document
from vallum_engine.parsers.elements import said
from vallum_engine.parsers.format import Format, Record, Rejected, Sighting
from vallum_engine.parsers.network import at_address, joined
from vallum_engine.parsers.records import one
from vallum_engine.parsers.words import cwes, dug, listed, number, texts

_GROUPS = (("vulnerabilities", "vulnerability"), ("anomalies", "anomaly"), ("additionals", "additional"))
_LEVELS = (Severity.INFO, Severity.LOW, Severity.MEDIUM, Severity.HIGH, Severity.CRITICAL)


def recognises(document: Document) -> bool:
    if document.xml is not None:
        return (
            document.xml.tag == "report" and document.xml.find("report_infos/info[@name='generatorName']") is not None
        )
    value = document.json
    if not isinstance(value, dict) or not {"vulnerabilities", "anomalies", "infos"} <= value.keys():
        return False
    return "wapiti" in str(dug(value, "infos", "version")).lower()


def records(document: Document) -> Iterator[Record]:
    target = _info(document, "target")
    read = _of_xml if document.xml is not None else _of_json
    for at, name, about, entry in read(document):
        yield one(at, entry, partial(_record, target=target, name=name, about=about))


def _of_xml(document: Document) -> Iterator[tuple[str, str, Mapping[str, Any], Any]]:
    root = document.xml if document.xml is not None else Element("report")
    for group, kind in _GROUPS:
        for category in root.iterfind(f"{group}/{kind}"):
            name = category.get("name", "")
            about = {
                "desc": said(category, "description"),
                "sol": said(category, "solution"),
                "ref": {said(item, "title"): said(item, "url") for item in category.iterfind("references/reference")},
            }
            for index, entry in enumerate(category.iterfind("entries/entry")):
                yield f"{group}.{name}[{index}]", name, about, {part.tag: part.text or "" for part in entry}


def _of_json(document: Document) -> Iterator[tuple[str, str, Mapping[str, Any], Any]]:
    for group, _ in _GROUPS:
        for name, entries in (document.json.get(group) or {}).items():
            about = dug(document.json, "classifications", name)
            for index, entry in enumerate(listed(entries)):
                yield f"{group}.{name}[{index}]", name, about if isinstance(about, dict) else {}, entry


def _record(at: str, entry: Mapping[str, Any], *, target: str, name: str, about: Mapping[str, Any]) -> Record:
    if not name:
        return Rejected(at=at, why="its category has no name")
    info = str(entry.get("info") or "").strip()
    parameter = str(entry.get("parameter") or "")
    references = about.get("ref")
    return Sighting(
        at=at,
        kind=Kind.WEAKNESS,
        rule=name,
        title=f"{name}: {info.partition(chr(10))[0]}" if info else name,
        severity=_LEVELS[min(number(entry.get("level")), len(_LEVELS) - 1)],
        message=joined((info, str(about.get("desc") or ""))),
        locations=at_address(entry.get("path"), target),
        cwes=cwes(*references) if isinstance(references, dict) else (),
        evidence=parameter,
        steps=texts(about.get("sol")),
        references=texts(list(references.values())) if isinstance(references, dict) else (),
        anchor=(parameter, info),
    )


def _info(document: Document, name: str) -> str:
    if document.xml is not None:
        return said(document.xml, f"report_infos/info[@name='{name}']")
    return str(dug(document.json, "infos", name) or "")


def tool(document: Document) -> str:
    version = _info(document, "generatorVersion") or _info(document, "version")
    return version.removeprefix("Wapiti").strip()


FORMAT = Format(
    id="wapiti",
    title="Wapiti",
    docs="https://wapiti-scanner.github.io/",
    recognises=recognises,
    records=records,
    tool=tool,
)
