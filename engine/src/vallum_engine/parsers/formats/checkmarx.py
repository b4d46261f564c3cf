"""Checkmarx SAST: the results as XML (`CxXMLResults`), and the JSON report that groups them by language and query."""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any
from xml.etree.ElementTree import Element

from vallum_engine.model.finding import Confidence, Kind, Severity
from vallum_engine.parsers.document import Document
from vallum_engine.parsers.format import Format, Mark, Passed, Record, Rejected, Sighting
from vallum_engine.parsers.records import each
from vallum_engine.parsers.words import cwes, dug, leaked, listed, number, place, severity, texts

# States: 0 to verify, 1 not exploitable, 2 confirmed, 3 urgent, 4 proposed as not exploitable.
_NOT_EXPLOITABLE = frozenset({"1", "not exploitable"})
_SURE = frozenset({"2", "3", "confirmed", "urgent"})


def recognises(document: Document) -> bool:
    if document.xml is not None:
        return document.xml.tag == "CxXMLResults"
    return isinstance(dug(document.json, "scanResults", "sast"), dict) and "reportHeader" in document.json


def records(document: Document) -> Iterator[Record]:
    if document.xml is None:
        yield from _of_json(document.json["scanResults"])
        return
    for index, query in enumerate(document.xml.iter("Query")):
        for number_, result in enumerate(query.iter("Result")):
            yield _of_xml(f"Query[{index}].Result[{number_}]", query, result)


def _of_xml(at: str, query: Element, result: Element) -> Record:
    name = query.get("name", "")
    if not name:
        return Rejected(at=at, why="its query has no name")
    if result.get("Status", "").lower() == "fixed":
        return Passed(at=at)
    nodes = [
        (node.findtext("FileName"), node.findtext("Line"), node.findtext("Name")) for node in result.iter("PathNode")
    ]
    path = result.find("Path")
    similarity = path.get("SimilarityId", "") if path is not None else ""
    hidden = result.get("FalsePositive", "").lower() == "true"
    return _sighting(
        at,
        query=(name, query.get("group", ""), cwes(number(query.get("cweId")))),
        level=severity(result.get("Severity") or query.get("Severity")),
        nodes=nodes or [(result.get("FileName"), result.get("Line"), "")],
        state="1" if hidden else result.get("state", ""),
        more=(similarity, "", result.get("DeepLink", "")),
    )


def _of_json(results: Mapping[str, Any]) -> Iterator[Record]:
    for index, language in enumerate(listed(dug(results, "sast", "languages"))):
        for number_, query in enumerate(listed(dug(language, "queries"))):
            at = f"scanResults.sast.languages[{index}].queries[{number_}]"
            if not isinstance(query, Mapping):
                yield Rejected(at=at, why="it is no object")
                continue
            yield from each(query.get("vulnerabilities"), f"{at}.vulnerabilities", partial(_item, query))
    for part in ("sca", "kics"):
        if results.get(part):
            yield Rejected(at=f"scanResults.{part}", why="this part of the report is not read: export it by itself")


def _item(query: Mapping[str, Any], at: str, item: Mapping[str, Any]) -> Record:
    if str(item.get("status")).lower() == "fixed":
        return Passed(at=at)
    nodes = [(node.get("fileName"), node.get("line"), node.get("name")) for node in listed(item.get("nodes"))]
    return _sighting(
        at,
        query=(str(query["queryName"]), str(item.get("groupName") or ""), cwes(number(item.get("cweId")))),
        level=severity(item.get("severity")),
        nodes=nodes,
        state=str(item.get("state") or ""),
        more=(str(item.get("similarityId") or item.get("id") or ""), str(query.get("description") or ""), ""),
    )


def _sighting(
    at: str,
    *,
    query: tuple[str, str, tuple[int, ...]],
    level: Severity,
    nodes: list[tuple[Any, Any, Any]],
    state: str,
    more: tuple[str, str, str],
) -> Sighting:
    name, group, weaknesses = query
    similarity, description, link = more
    title, state = name.replace("_", " "), state.strip().lower()
    # Of a password in the open the nodes' names are its value.
    flow = "" if leaked(weaknesses) else " → ".join(texts([node[2] for node in nodes]))
    # Where the data ends up is where it does harm, and is what the makers call the result's place.
    file, line = nodes[-1][:2] if nodes else ("", 1)
    return Sighting(
        at=at,
        kind=Kind.SECRET if leaked(weaknesses) else Kind.WEAKNESS,
        rule=name,
        title=title,
        severity=level,
        confidence=Confidence.HIGH if state in _SURE else Confidence.MEDIUM,
        message=description or f"{title} ({group.replace('_', ' ')})." if group else description,
        locations=place(file, line),
        cwes=weaknesses,
        evidence=flow,
        references=texts(link),
        # The same of two scans, however the lines move.
        anchor=texts([similarity, "" if similarity else flow]),
        mark=Mark.SUPPRESSED if state in _NOT_EXPLOITABLE else Mark.NONE,
    )


def tool(document: Document) -> str:
    return document.xml.get("CheckmarxVersion", "") if document.xml is not None else ""


FORMAT = Format(
    id="checkmarx",
    title="Checkmarx SAST",
    docs="https://docs.checkmarx.com/",
    recognises=recognises,
    records=records,
    tool=tool,
)
