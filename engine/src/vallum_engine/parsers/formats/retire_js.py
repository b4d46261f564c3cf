"""`retire --outputformat json`."""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from vallum_engine.model.finding import Confidence, Kind
from vallum_engine.parsers.document import Document
from vallum_engine.parsers.format import Component, Format, Passed, Record, Rejected, Sighting
from vallum_engine.parsers.records import each, leading
from vallum_engine.parsers.words import UNRATED, cves, cwes, dug, first_line, listed, place, severity, texts


def _files(value: Any) -> Any:
    """Since version 2 the list lies in an object."""
    return value.get("data") if isinstance(value, dict) else value


def recognises(document: Document) -> bool:
    value = document.json
    if isinstance(value, dict) and {"version", "start", "data", "errors"} <= value.keys() and value["data"] == []:
        return True
    return "component" in leading(dug(leading(_files(value)), "results"))


def records(document: Document) -> Iterator[Record]:
    for index, item in enumerate(_files(document.json)):
        at = f"data[{index}]"
        results = dug(item, "results")
        if not isinstance(results, list):
            yield Rejected(at=at, why="it is no file with its results")
            continue
        for number, result in enumerate(results):
            where = f"{at}.results[{number}]"
            if not dug(result, "component"):
                yield Rejected(at=where, why="it names no component")
            elif not result.get("vulnerabilities"):
                yield Passed(at=where)
            else:
                make = partial(_vulnerability, str(item.get("file") or ""), result)
                yield from each(result["vulnerabilities"], f"{where}.vulnerabilities", make)


def _vulnerability(path: str, result: Mapping[str, Any], at: str, item: Mapping[str, Any]) -> Record:
    name, named = str(result["component"]), item.get("identifiers")
    ids = (*cves(*texts(dug(named, "CVE"))), *texts(dug(named, "githubID")))
    title = first_line(dug(named, "summary") or next(iter(ids), "") or next(iter(texts(item.get("info"))), ""))
    if not ids and not title:
        return Rejected(at=at, why="it names no vulnerability")
    return Sighting(
        at=at,
        kind=Kind.VULNERABILITY,
        rule=next(iter(ids), title),
        title=f"{name}: {title}",
        severity=severity(item.get("severity"), UNRATED),
        confidence=Confidence.HIGH,
        message=str(dug(named, "summary") or title),
        locations=place(path),
        component=Component(
            ecosystem="npm", name=name, version=str(result.get("version") or ""), fixed=texts(item.get("below"))
        ),
        ids=ids,
        cwes=cwes(*listed(item.get("cwe"))),
        references=texts(item.get("info")),
    )


def tool(document: Document) -> str:
    return str(dug(document.json, "version") or "")


FORMAT = Format(
    id="retire-js",
    title="Retire.js",
    docs="https://github.com/RetireJS/retire.js#readme",
    recognises=recognises,
    records=records,
    tool=tool,
)
