"""SPDX 2.3, written as JSON: a package and a relationship a line. https://spdx.github.io/spdx-spec/v2.3/."""

import json
import re
from collections.abc import Iterator, Mapping
from hashlib import sha256
from typing import Any

from vallum_engine.sbom.bill import CONCLUDED, OWN, Bill, Component, all_properties
from vallum_engine.sbom.licences import is_expression
from vallum_engine.sbom.lines import lines
from vallum_engine.sbom.spdx import DOCUMENT, OF_SCOPE, PURPOSES

Json = dict[str, Any]
NO_MOMENT = "1970-01-01T00:00:00Z"
"""Where nobody says when: the standard demands a moment, and equal scans give equal bytes."""
_ALGORITHMS = frozenset({"md5", "sha1", "sha224", "sha256", "sha384", "sha512"})
_NOT_IN_IDS = re.compile(r"[^A-Za-z0-9.-]+")
_NOTHING = "NOASSERTION"


def write(bill: Bill, *, tool: tuple[str, str], created: str = "") -> Iterator[str]:
    """The document in parts. `tool` is its name and version, `created` a moment of RFC 3339 in UTC."""
    moment = created or NO_MOMENT
    by = f"Tool: {'-'.join(tool)}"
    name = bill.subject.name if bill.subject else ""
    head = {
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": DOCUMENT,
        "name": name or "bill of materials",
        "documentNamespace": f"urn:uuid:{bill.uuid}",
        "creationInfo": {"created": moment, "creators": [by]},
    }
    every = [bill.subject, *bill.components] if bill.subject else list(bill.components)
    ids = {each.ref: id_of(each) for each in every}
    scopes = {each.ref: each.scope for each in bill.components}
    yield json.dumps(head, indent=1)[:-2]
    yield ',\n "packages": ['
    yield from lines(_package(each, by, moment) for each in every)
    yield '],\n "relationships": ['
    yield from lines(_relations(bill, ids, scopes))
    yield "]"
    named = {licence for each in every for licence in each.licences if not is_expression(licence)}
    if named:
        yield ',\n "hasExtractedLicensingInfos": ['
        yield from lines({"licenseId": _licence(each), "name": each, "extractedText": each} for each in sorted(named))
        yield "]"
    yield "\n}\n"


def id_of(of: Component) -> str:
    """Of letters that an id may have: the name for people, a hash of the reference for the rest."""
    plain = _NOT_IN_IDS.sub("-", f"{of.name}-{of.version}").strip("-.")[:80]
    return f"SPDXRef-{plain or of.kind}-{_hash(of.ref)}"


def _hash(text: str) -> str:
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _licence(name: str) -> str:
    return f"LicenseRef-{_hash(name)}"


def _package(of: Component, by: str, moment: str) -> Json:
    found: Json = {"SPDXID": id_of(of), "name": of.name}
    if of.version:
        found["versionInfo"] = of.version
    licence, concluded = _said(of), bool(of.fact(CONCLUDED))
    found |= {"downloadLocation": _NOTHING, "filesAnalyzed": False}
    found["licenseConcluded"] = licence if concluded else _NOTHING
    found["licenseDeclared"] = _NOTHING if concluded else licence
    found["copyrightText"] = _NOTHING
    if of.kind in PURPOSES:
        found["primaryPackagePurpose"] = PURPOSES[of.kind]
    if checksums := [
        {"algorithm": name.upper(), "checksumValue": digits}
        for name, _, digits in (each.partition(":") for each in of.hashes)
        if name in _ALGORITHMS
    ]:
        found["checksums"] = checksums
    if of.purl:
        found["externalRefs"] = [
            {"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": of.purl}
        ]
    told = [*all_properties(of, PURPOSES)]
    if len(of.licences) > 1:
        told += [(f"{OWN}licence", licence) for licence in of.licences]
    if told:
        found["annotations"] = [
            {"annotationDate": moment, "annotationType": "OTHER", "annotator": by, "comment": f"{name}={value}"}
            for name, value in told
        ]
    return found


def _said(of: Component) -> str:
    """All of them hold. What has no form of an expression is named by a reference of the document's own."""
    every = [licence if is_expression(licence) else _licence(licence) for licence in of.licences]
    if len(every) > 1:
        every = [f"({licence})" if " " in licence else licence for licence in every]
    return " AND ".join(every) or _NOTHING


def _relations(bill: Bill, ids: Mapping[str, str], scopes: Mapping[str, str]) -> Iterator[Json]:
    for root in bill.roots:
        yield _relation(DOCUMENT, "DESCRIBES", ids[root])
    for ref, wanted in bill.wants.items():
        for want in wanted:
            backwards = OF_SCOPE.get(scopes.get(want, ""))
            if backwards:
                yield _relation(ids[want], backwards, ids[ref])
            else:
                yield _relation(ids[ref], "DEPENDS_ON", ids[want])


def _relation(one: str, kind: str, other: str) -> Json:
    return {"spdxElementId": one, "relationshipType": kind, "relatedSpdxElement": other}
