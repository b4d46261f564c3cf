"""SPDX 3.0, written as JSON-LD: an element a line. https://spdx.github.io/spdx-spec/v3.0.1/."""

from collections.abc import Iterator
from typing import Any

from vallum_engine.sbom.bill import CONCLUDED, EXCLUDED, Bill, Component, all_properties
from vallum_engine.sbom.licences import is_expression
from vallum_engine.sbom.lines import lines
from vallum_engine.sbom.spdx3 import PROPERTIES, PURPOSES
from vallum_engine.sbom.spdx_json import NO_MOMENT, id_of

Json = dict[str, Any]
_INFO = "_:creationinfo"
_ALGORITHMS = frozenset({"md5", "sha1", "sha224", "sha256", "sha384", "sha512"})


def write(bill: Bill, *, tool: tuple[str, str], created: str = "") -> Iterator[str]:
    """The document in parts. `tool` is its name and version, `created` a moment of RFC 3339 in UTC."""
    yield '{\n "@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld",\n "@graph": ['
    yield from lines(_elements(bill, " ".join(tool), created or NO_MOMENT))
    yield "\n ]\n}\n"


def _elements(bill: Bill, tool: str, moment: str) -> Iterator[Json]:
    space = f"urn:uuid:{bill.uuid}#"
    agent = f"{space}tool"
    yield {
        "type": "CreationInfo",
        "@id": _INFO,
        "specVersion": "3.0.1",
        "created": moment,
        "createdBy": [agent],
    }
    yield _element("SoftwareAgent", agent, name=tool)
    every = [bill.subject, *bill.components] if bill.subject else list(bill.components)
    ids = {each.ref: space + id_of(each) for each in every}
    used = sorted({licence for each in every for licence in each.licences})
    licences = {licence: f"{space}licence-{number}" for number, licence in enumerate(used, 1)}
    roots = [ids[root] for root in bill.roots]
    name = bill.subject.name if bill.subject else "bill of materials"
    profile = ["core", "software", "simpleLicensing", "extension"]
    yield _element("SpdxDocument", f"{space}document", name=name, profileConformance=profile) | {
        "rootElement": [f"{space}bill"]
    }
    bill_ = _element("software_Sbom", f"{space}bill")
    yield {**bill_, "rootElement": roots} if roots else bill_
    for each in every:
        yield _package(each, ids[each.ref])
    for licence, identity in licences.items():
        yield _licence(licence, identity)
    yield from _relations(bill, every, ids, licences)


def _element(kind: str, identity: str, **more: Any) -> Json:
    return {"type": kind, "spdxId": identity, "creationInfo": _INFO, **more}


def _package(of: Component, identity: str) -> Json:
    found = _element("software_Package", identity, name=of.name)
    if of.version:
        found["software_packageVersion"] = of.version
    if of.purl:
        found["software_packageUrl"] = of.purl
    if of.kind in PURPOSES:
        found["software_primaryPurpose"] = PURPOSES[of.kind]
    if checked := [
        {"type": "Hash", "algorithm": name, "hashValue": digits}
        for name, _, digits in (each.partition(":") for each in of.hashes)
        if name in _ALGORITHMS
    ]:
        found["verifiedUsing"] = checked
    if told := list(all_properties(of, PURPOSES)):
        entries = [
            {"type": "extension_CdxPropertyEntry", "extension_cdxPropName": name, "extension_cdxPropValue": value}
            for name, value in told
        ]
        found["extension"] = [{"type": PROPERTIES, "extension_cdxProperty": entries}]
    return found


def _licence(licence: str, identity: str) -> Json:
    if is_expression(licence):
        kind, field = "simplelicensing_LicenseExpression", "simplelicensing_licenseExpression"
    else:
        kind, field = "simplelicensing_SimpleLicensingText", "simplelicensing_licenseText"
    return _element(kind, identity) | {field: licence}


def _relations(bill: Bill, every: list[Component], ids: dict[str, str], licences: dict[str, str]) -> Iterator[Json]:
    excluded = {each.ref for each in bill.components if each.scope == EXCLUDED}
    for ref, wanted in bill.wants.items():
        own = ids[ref]
        needed = [ids[want] for want in wanted if want not in excluded]
        if needed:
            yield _element("Relationship", f"{own}-asks", relationshipType="dependsOn", **{"from": own}, to=needed)
        only = [ids[want] for want in wanted if want in excluded]
        if only:
            relation = _element(
                "LifecycleScopedRelationship", f"{own}-asks-dev", relationshipType="dependsOn", **{"from": own}, to=only
            )
            yield {**relation, "scope": "development"}
    for each in every:
        if each.licences:
            told = [licences[licence] for licence in each.licences]
            own, kind = ids[each.ref], "hasConcludedLicense" if each.fact(CONCLUDED) else "hasDeclaredLicense"
            yield _element("Relationship", f"{own}-licence", relationshipType=kind, **{"from": own}, to=told)
