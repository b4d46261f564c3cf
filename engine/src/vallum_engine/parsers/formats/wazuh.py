"""Wazuh's vulnerabilities: as its API gave them out up to version 4.7, and as its index holds them since."""

from collections.abc import Iterator, Mapping
from typing import Any

from vallum_engine.model.finding import Confidence, Kind
from vallum_engine.parsers.document import Document
from vallum_engine.parsers.ecosystems import distribution, ecosystem
from vallum_engine.parsers.format import Component, Format, Passed, Record, Rejected, Sighting
from vallum_engine.parsers.records import each, leading
from vallum_engine.parsers.words import UNRATED, dug, first_line, of_score, place, severity, texts

_KEYS = frozenset({"cve", "name", "version", "severity"})
_SYSTEM = frozenset({"deb", "rpm", "apk", "pacman"})


def recognises(document: Document) -> bool:
    value = document.json
    data = dug(value, "data")
    if isinstance(data, dict) and "affected_items" in data:
        if data["affected_items"] == []:  # every list of this API looks so: the message says of what
            return "vulnerabilit" in str(dug(value, "message")).lower()
        return leading(data["affected_items"]).keys() >= _KEYS
    source = leading(dug(value, "hits", "hits")).get("_source")
    return isinstance(source, dict) and {"vulnerability", "package"} <= source.keys()


def records(document: Document) -> Iterator[Record]:
    data = dug(document.json, "data")
    if isinstance(data, dict):
        yield from each(data["affected_items"], "data.affected_items", _item)
        # Agents that did not answer: what they have is not in the report.
        yield from each(data.get("failed_items"), "data.failed_items", _failed)
    else:
        yield from each(document.json["hits"]["hits"], "hits.hits", _hit)


def _failed(at: str, item: Mapping[str, Any]) -> Record:
    return Rejected(at=at, why=f"the tool could not check it: {dug(item, 'error', 'message') or 'no reason is given'}")


def _item(at: str, item: Mapping[str, Any]) -> Record:
    known, name, version = (str(item.get(key) or "") for key in ("cve", "name", "version"))
    if str(item.get("status")).upper() == "OBSOLETE":
        return Passed(at=at)
    if not known or not name:
        return Rejected(at=at, why="it names no vulnerability or no package")
    condition = str(item.get("condition") or "")
    score = item.get("cvss3_score") or item.get("cvss2_score")
    return Sighting(
        at=at,
        kind=Kind.VULNERABILITY,
        rule=known,
        title=f"{name}: {known}",
        severity=severity(item.get("severity"), of_score(score, UNRATED), untriaged=of_score(score, UNRATED)),
        confidence=Confidence.HIGH,
        message=". ".join(texts([item.get("title") or f"{known} affects {name}", condition])),
        locations=place(item.get("agent_name") or item.get("agent_ip")),
        component=Component(ecosystem="", name=name, version=version, fixed=_fixed(condition)),
        ids=(known,),
        references=texts(item.get("external_references")),
    )


def _fixed(condition: str) -> tuple[str, ...]:
    """`Package less than 15`: whichever is not less is fixed."""
    return texts(condition.partition("less than ")[2])


def _hit(at: str, hit: Mapping[str, Any]) -> Record:
    source = hit["_source"]
    flaw, package = source["vulnerability"], source["package"]
    known, name = str(flaw.get("id") or ""), str(package.get("name") or "")
    if not known or not name:
        return Rejected(at=at, why="it names no vulnerability or no package")
    agent = source.get("agent") or dug(source, "wazuh", "agent")
    kind, score = str(package.get("type") or ""), dug(flaw, "score", "base")
    system = distribution(dug(source, "host", "os", "platform")) if kind in _SYSTEM else ""
    return Sighting(
        at=at,
        kind=Kind.VULNERABILITY,
        rule=known,
        title=f"{name}: {known}",
        severity=severity(flaw.get("severity"), of_score(score, UNRATED), **{"-": of_score(score, UNRATED)}),
        confidence=Confidence.HIGH,
        message=str(flaw.get("description") or first_line(f"{known} affects {name}")),
        locations=place(dug(agent, "name") or dug(agent, "id")),
        component=Component(
            ecosystem=system or ecosystem(kind),
            name=name,
            version=str(package.get("version") or ""),
            fixed=_fixed(str(dug(flaw, "scanner", "condition") or "")),
        ),
        ids=(known,),
        evidence=str(package.get("path") or ""),
        references=texts([part.strip() for part in str(flaw.get("reference") or "").split(",")]),
    )


def tool(document: Document) -> str:
    return str(dug(document.json, "hits", "hits", 0, "_source", "agent", "version") or "")


FORMAT = Format(
    id="wazuh",
    title="Wazuh",
    docs="https://documentation.wazuh.com/current/user-manual/capabilities/vulnerability-detection/index.html",
    recognises=recognises,
    records=records,
    tool=tool,
)
