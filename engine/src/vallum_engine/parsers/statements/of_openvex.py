"""OpenVEX 0.2.0, and the flat products of 0.0: https://github.com/openvex/spec/blob/main/OPENVEX-SPEC.md."""

from collections.abc import Iterator, Mapping
from typing import Any

from vallum_engine.model.purls import asked
from vallum_engine.model.statement import AFFECTED, NOT_AFFECTED
from vallum_engine.parsers.document import Document
from vallum_engine.parsers.records import NO_OBJECT
from vallum_engine.parsers.statements.said import said
from vallum_engine.parsers.words import dug, listed, texts
from vallum_engine.sbom.vex import About, Said, Unread

_WORDS = {NOT_AFFECTED: "impact_statement", AFFECTED: "action_statement"}


def read(document: Document) -> tuple[str, Iterator[Said | Unread]]:
    """Who speaks, and what they say."""
    return str(dug(document.json, "author") or ""), _statements(document.json)


def _statements(held: Mapping[str, Any]) -> Iterator[Said | Unread]:
    issued = held.get("last_updated") or held.get("timestamp")
    for index, told in enumerate(listed(held.get("statements"))):
        at = f"statements[{index}]"
        if not isinstance(told, dict):
            yield Unread(at=at, why=NO_OBJECT)
            continue
        yield from said(
            at,
            _ids(told.get("vulnerability")),
            str(told.get("status") or ""),
            _about(told),
            justification=told.get("justification"),
            words=told.get(_WORDS.get(str(told.get("status")), "status_notes")),
            moment=told.get("last_updated") or told.get("timestamp") or issued,
        )


def _ids(vulnerability: Any) -> tuple[str, ...]:
    if not isinstance(vulnerability, dict):
        return texts(vulnerability)
    name = vulnerability.get("name") or str(vulnerability.get("@id") or "").rpartition("/")[2]
    return texts([name, *listed(vulnerability.get("aliases"))])


def _about(told: Mapping[str, Any]) -> Iterator[About | str]:
    """Each product itself, or the parts of it that are named; version 0.0 lists parts once for all products."""
    products = list(listed(told.get("products")))
    if not products:
        yield "it names no product"
    for product in products:
        names = _names(product)
        if not names:
            yield "a product without a name"
            continue
        parts = listed(dug(product, "subcomponents") or told.get("subcomponents"))
        for part in parts:
            purl = _purl(_names(part))
            yield About(package=purl, part_of=names) if purl else "a part of a product without a package URL"
        if not parts:
            yield About(package=_purl(names), itself=names)


def _names(product: Any) -> tuple[str, ...]:
    if not isinstance(product, dict):
        return texts(product)
    identifiers, hashes = dug(product, "identifiers"), dug(product, "hashes")
    known = list(identifiers.values()) if isinstance(identifiers, dict) else []
    digest = dug(hashes, "sha-256")
    return texts([product.get("@id"), *known, *([f"sha256:{digest}"] if digest else [])])


def _purl(names: tuple[str, ...]) -> Any:
    return next((found for name in names if (found := asked(name))), None)
