"""CycloneDX 1.6, written as JSON: a component a line. https://cyclonedx.org/docs/1.6/json/."""

import json
from collections.abc import Iterator
from typing import Any

from vallum_engine.sbom.bill import CONCLUDED, Bill, Component, properties
from vallum_engine.sbom.licences import is_expression
from vallum_engine.sbom.lines import lines

Json = dict[str, Any]
_GROUPED = {"Maven": ":", "Packagist": "/", "npm": "/"}
"""Ecosystems whose names have a group, and what parts it from the rest."""
_ALGORITHMS = {
    "md5": "MD5",
    "sha1": "SHA-1",
    "sha256": "SHA-256",
    "sha384": "SHA-384",
    "sha512": "SHA-512",
}
"""As lockfiles have them. Of another one nothing is written."""


def write(bill: Bill, *, tool: tuple[str, str], created: str = "") -> Iterator[str]:
    """The document in parts. `tool` is its name and version, `created` a moment of RFC 3339, left out where it is empty."""
    metadata: Json = {"timestamp": created} if created else {}
    metadata["tools"] = {"components": [{"type": "application", "name": tool[0], "version": tool[1]}]}
    if bill.subject:
        metadata["component"] = component(bill.subject)
    head = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{bill.uuid}",
        "version": 1,
        "metadata": metadata,
    }
    yield json.dumps(head, indent=1)[:-2]
    yield ',\n "components": ['
    yield from lines(component(each) for each in bill.components)
    yield '],\n "dependencies": ['
    yield from lines({"ref": ref, "dependsOn": list(wanted)} for ref, wanted in bill.wants.items())
    yield "]"
    if bill.subject and bill.subject.fact("incomplete"):
        told = [{"aggregate": "incomplete", "assemblies": [bill.subject.ref], "dependencies": [bill.subject.ref]}]
        yield f',\n "compositions": {json.dumps(told)}'
    yield "\n}\n"


def component(of: Component) -> Json:
    """Fields in the order in which the schema of the XML asks for them."""
    group, name = grouped(of)
    found: Json = {"type": of.kind, "bom-ref": of.ref}
    if group:
        found["group"] = group
    found["name"] = name
    said: Json = {
        "version": of.version,
        "scope": of.scope,
        "hashes": [{"alg": alg, "content": digits} for alg, digits in hashes(of)],
        "licenses": [_licence(licence, acknowledged(of), free=free) for licence, free in licences(of)],
        "purl": of.purl,
        "properties": [{"name": key, "value": value} for key, value in properties(of)],
    }
    found |= {key: value for key, value in said.items() if value}
    if of.places:
        found["evidence"] = {"occurrences": [_occurrence(path, line, layer) for path, line, layer in places(of)]}
    return found


def grouped(of: Component) -> tuple[str, str]:
    """Group and name, where the ecosystem parts them."""
    between = _GROUPED.get(of.ecosystem, "") if of.purl else ""
    group, _, name = of.name.rpartition(between) if between else ("", "", of.name)
    whole = group.strip() == group and name.strip() == name and group and name
    return (group, name) if whole else ("", of.name)


def hashes(of: Component) -> Iterator[tuple[str, str]]:
    for each in of.hashes:
        name, _, digits = each.partition(":")
        if name in _ALGORITHMS:
            yield _ALGORITHMS[name], digits


def licences(of: Component) -> Iterator[tuple[str, bool]]:
    """Each, and whether it stands as an expression: a document may hold one, and no names beside it."""
    alone = len(of.licences) == 1 and is_expression(of.licences[0])
    return ((licence, alone) for licence in of.licences)


def _licence(licence: str, said: Json, *, free: bool) -> Json:
    return {"expression": licence, **said} if free else {"license": {"name": licence, **said}}


def acknowledged(of: Component) -> dict[str, str]:
    """Whether its licence is what it declares, or what somebody concluded."""
    return {"acknowledgement": "concluded" if of.fact(CONCLUDED) else "declared"}


def places(of: Component) -> Iterator[tuple[str, int, str]]:
    return ((place.path, place.line, place.layer) for place in of.places)


def _occurrence(path: str, line: int, layer: str) -> Json:
    found: Json = {"location": path, "line": line}
    return {**found, "additionalContext": f"layer {layer}"} if layer else found
