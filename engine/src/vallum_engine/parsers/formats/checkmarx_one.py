"""Checkmarx One's JSON: the results of all its engines (`cx results show`), and the scan report that groups SAST by query."""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from vallum_engine.model.finding import Confidence, Kind
from vallum_engine.parsers.document import Document
from vallum_engine.parsers.ecosystems import ecosystem, versioned
from vallum_engine.parsers.format import Component, Format, Mark, Passed, Record, Rejected, Sighting
from vallum_engine.parsers.records import NO_OBJECT, each, rest
from vallum_engine.parsers.words import cves, cwes, dug, first_line, leaked, listed, place, severity, texts

_HIDDEN = "NOT_EXPLOITABLE"
_SURE = frozenset({"CONFIRMED", "URGENT"})
_PARTS = ("iacScanResults", "scaScanResults", "containerScanResults", "apiSecScanResults")


def recognises(document: Document) -> bool:
    value = document.json
    if not isinstance(value, dict):
        return False
    if isinstance(dug(value, "scanResults", "resultsList"), list):
        return "reportHeader" in value
    if value.get("results") == [] and "scanID" in value:
        return True
    first = dug(value, "results", 0)
    return isinstance(first, dict) and {"type", "similarityId", "state", "data"} <= first.keys()


def records(document: Document) -> Iterator[Record]:
    value = document.json
    if "results" in value:
        yield from each(value["results"], "results", _record)
        yield from rest(value.get("totalCount"), len(value["results"]), "totalCount")
        return
    for index, query in enumerate(value["scanResults"]["resultsList"]):
        at = f"scanResults.resultsList[{index}]"
        if not isinstance(query, Mapping):
            yield Rejected(at=at, why=NO_OBJECT)
            continue
        yield from each(query.get("vulnerabilities"), f"{at}.vulnerabilities", partial(_of_query, query))
    for part in _PARTS:
        if value.get(part):
            yield Rejected(at=part, why="only SAST of this report is read: export the results as JSON instead")


def _record(at: str, item: Mapping[str, Any]) -> Record:
    if str(item.get("status")).upper() == "FIXED":
        return Passed(at=at)
    make = _ENGINES.get(str(item.get("type") or "").lower())
    data = item.get("data")
    if make is None or not isinstance(data, Mapping):
        return Rejected(at=at, why=f"results of the engine “{item.get('type')}” are not known here, or it has no data")
    return make(at, item, data)


def _mark(item: Mapping[str, Any]) -> Mark:
    state = str(item.get("state") or "").upper().replace(" ", "_")
    return Mark.SUPPRESSED if state == _HIDDEN else Mark.NONE


def _confidence(item: Mapping[str, Any]) -> Confidence:
    return Confidence.HIGH if str(item.get("state") or "").upper() in _SURE else Confidence.MEDIUM


def _sast(at: str, item: Mapping[str, Any], data: Mapping[str, Any]) -> Record:
    return _code(at, item, listed(data.get("nodes")), (str(data["queryName"]), str(item.get("description") or "")))


def _of_query(query: Mapping[str, Any], at: str, item: Mapping[str, Any]) -> Record:
    if str(item.get("status")).upper() == "FIXED":
        return Passed(at=at)
    sink = {"fileName": item.get("destinationFileName"), "line": item.get("destinationLine")}
    nodes = [*listed(item.get("nodes")), *([sink] if sink["fileName"] else [])]
    whole = {**item, "vulnerabilityDetails": {"cweId": query.get("cweId")}}
    return _code(at, whole, nodes, (str(query["queryName"]), str(query.get("description") or "")))


def _code(at: str, item: Mapping[str, Any], nodes: Any, query: tuple[str, str]) -> Record:
    name, text = query
    weaknesses, steps = cwes(dug(item, "vulnerabilityDetails", "cweId")), list(nodes)
    last = steps[-1] if steps and isinstance(steps[-1], Mapping) else {}
    flow = " → ".join(texts([dug(node, "name") or dug(node, "method") for node in steps]))
    return Sighting(
        at=at,
        kind=Kind.SECRET if leaked(weaknesses) else Kind.WEAKNESS,
        rule=name,
        title=name.replace("_", " "),
        severity=severity(item.get("severity")),
        confidence=_confidence(item),
        message=text,
        locations=place(last.get("fileName"), last.get("line")),
        cwes=weaknesses,
        evidence="" if leaked(weaknesses) else flow,
        anchor=texts(item.get("similarityId") or item.get("id")),
        mark=_mark(item),
    )


def _iac(at: str, item: Mapping[str, Any], data: Mapping[str, Any]) -> Record:
    return Sighting(
        at=at,
        kind=Kind.MISCONFIGURATION,
        rule=str(data["queryName"]),
        title=str(data["queryName"]),
        severity=severity(item.get("severity")),
        confidence=_confidence(item),
        message="\n\n".join(texts([item.get("description"), data.get("value")])),
        locations=place(data.get("filename") or data.get("fileName"), data.get("line")),
        steps=texts(data.get("expectedValue")),
        anchor=texts(item.get("similarityId") or item.get("id")),
        mark=_mark(item),
    )


def _vulnerability(at: str, item: Mapping[str, Any], data: Mapping[str, Any]) -> Record:
    details, known = item.get("vulnerabilityDetails"), str(item["id"])
    component = _component(data)
    paths = listed(dug(data, "scaPackageData", "locations"))
    return Sighting(
        at=at,
        kind=Kind.VULNERABILITY,
        rule=known,
        title=f"{component.name}: {first_line(item.get('description') or known)}",
        severity=severity(item.get("severity")),
        confidence=Confidence.HIGH,
        message=str(item.get("description") or ""),
        locations=tuple(found for path in paths for found in place(path)) or place(data.get("imageFilePath")),
        component=component,
        ids=(known, *cves(dug(details, "cveName"))),
        cwes=cwes(dug(details, "cweId")),
        references=texts([dug(link, "url") for link in listed(data.get("packageData"))]),
        anchor=texts(item.get("similarityId")),
        mark=_mark(item),
    )


def _component(data: Mapping[str, Any]) -> Component:
    """`Maven-com.example:left-1.0.0`: names and versions hold hyphens, so the name stands in the dependency path too."""
    fixed = texts(data.get("recommendedVersion"))
    if data.get("packageName"):
        return Component(ecosystem="", name=str(data["packageName"]), version=str(data.get("packageVersion") or ""))
    identifier = str(data["packageIdentifier"])
    system, _, rest = identifier.partition("-")
    paths = [step for path in listed(dug(data, "scaPackageData", "dependencyPaths")) for step in listed(path)]
    name = next((str(dug(step, "name") or "") for step in paths if dug(step, "id") == identifier), "")
    if not name or not rest.startswith(f"{name}-"):
        name = rest.rpartition("-")[0] or rest
    version = rest[len(name) + 1 :]
    return Component(ecosystem=ecosystem(system), name=name, version=versioned(ecosystem(system), version), fixed=fixed)


def _secret(at: str, item: Mapping[str, Any], data: Mapping[str, Any]) -> Record:
    # Its extract is shown with the value starred out, or not: it is left where it is.
    rule = str(data.get("ruleName") or data.get("ruleId") or "secret")
    return Sighting(
        at=at,
        kind=Kind.SECRET,
        rule=rule,
        title=rule.replace("-", " "),
        severity=severity(item.get("severity")),
        confidence=_confidence(item),
        message=str(data.get("ruleDescription") or item.get("description") or ""),
        locations=place(data.get("fileName") or data.get("filename"), data.get("line")),
        steps=texts(data.get("remediation")),
        anchor=texts(item.get("similarityId") or item.get("id")),
        mark=_mark(item),
    )


_ENGINES = {
    "sast": _sast,
    "kics": _iac,
    "sca": _vulnerability,
    "containers": _vulnerability,
    "sca-container": _vulnerability,
    "sscs-secret-detection": _secret,
}

FORMAT = Format(
    id="checkmarx-one",
    title="Checkmarx One",
    docs="https://docs.checkmarx.com/",
    recognises=recognises,
    records=records,
)
