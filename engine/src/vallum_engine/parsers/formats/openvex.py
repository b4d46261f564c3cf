"""OpenVEX: statements of how vulnerabilities touch products."""

from collections.abc import Iterator, Mapping
from typing import Any

from vallum_engine.model.finding import Confidence, Kind
from vallum_engine.parsers import vex
from vallum_engine.parsers.document import Document
from vallum_engine.parsers.format import Component, Format, Passed, Record, Rejected, Sighting
from vallum_engine.parsers.inventory import component
from vallum_engine.parsers.records import NO_OBJECT
from vallum_engine.parsers.words import UNRATED, dug, first_line, listed, place, texts

_MEANS = {
    "affected": "it is affected by",
    "not_affected": "it is not affected by",
    "under_investigation": "it is not known yet whether it is affected by",
}


def recognises(document: Document) -> bool:
    value = document.json
    return isinstance(value, dict) and "openvex.dev/ns" in str(value.get("@context"))


def records(document: Document) -> Iterator[Record]:
    for index, statement in enumerate(document.json["statements"]):
        at = f"statements[{index}]"
        if not isinstance(statement, dict):
            yield Rejected(at=at, why=NO_OBJECT)
            continue
        products = list(listed(statement.get("products")))
        if not products:
            yield _sighting(at, statement, Component(ecosystem="", name=""), "")
        for number, product in enumerate(products):
            yield from _product(f"{at}.products[{number}]", statement, product)


def _product(at: str, statement: Mapping[str, Any], product: Any) -> Iterator[Record]:
    """The product itself, or those of its parts that the statement names; version 0.0 lists parts once for all products."""
    parts = list(listed(dug(product, "subcomponents") or statement.get("subcomponents")))
    if not parts:
        yield _sighting(at, statement, _component(product), "")
    for index, part in enumerate(parts):
        yield _sighting(f"{at}.subcomponents[{index}]", statement, _component(part), _named(product))


def _named(product: Any) -> str:
    return (
        str(dug(product, "@id") or dug(product, "identifiers", "purl") or "")
        if isinstance(product, dict)
        else str(product)
    )


def _component(product: Any) -> Component:
    return component(dug(product, "identifiers", "purl") or _named(product), _named(product))


def _sighting(at: str, statement: Mapping[str, Any], of: Component, product: str) -> Record:
    vulnerability, status = statement.get("vulnerability"), str(statement.get("status") or "")
    is_object = isinstance(vulnerability, dict)
    known = (
        str(dug(vulnerability, "name") or dug(vulnerability, "@id") or "") if is_object else str(vulnerability or "")
    )
    if not known or not status:
        return Rejected(at=at, why="it names no vulnerability or no status")
    if status in vex.ENDED:
        return Passed(at=at)
    if status not in _MEANS:
        return Rejected(at=at, why=f"“{first_line(status, 60)}” is no status of OpenVEX")
    about = texts(
        [
            dug(vulnerability, "description"),
            statement.get("status_notes"),
            statement.get("impact_statement") or statement.get("justification"),
        ]
    )
    return Sighting(
        at=at,
        kind=Kind.VULNERABILITY,
        rule=known,
        title=f"{of.name}: {known}" if of.name else known,
        severity=UNRATED,
        confidence=Confidence.HIGH if status == "affected" else Confidence.MEDIUM,
        message="\n\n".join(about) or f"{of.name or 'The product'}: {_MEANS[status]} {known}.",
        locations=place(product),
        component=of if of.name else None,
        ids=(known, *texts(dug(vulnerability, "aliases"))),
        evidence=": ".join(texts([status, statement.get("justification")])),
        steps=texts(statement.get("action_statement")),
        mark=vex.mark(status),
    )


def tool(document: Document) -> str:
    return str(dug(document.json, "tooling") or "")


FORMAT = Format(
    id="openvex",
    title="OpenVEX",
    docs="https://github.com/openvex/spec/blob/main/OPENVEX-SPEC.md",
    recognises=recognises,
    records=records,
    tool=tool,
)
