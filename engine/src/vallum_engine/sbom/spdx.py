"""SPDX 2, read: its packages, as JSON and as tags with values, and what depends on what.

https://spdx.github.io/spdx-spec/v2.3/. What has no field of its own stands in annotations, `vallum:NAME=VALUE`.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from vallum_engine.sbom.bill import CONCLUDED, EXCLUDED, OPTIONAL, OWN, REQUIRED, Bill, Component, component
from vallum_engine.sbom.shape import dug, listed, text, texts
from vallum_engine.values import replace

Plain = Mapping[str, Any]
DOCUMENT = "SPDXRef-DOCUMENT"
PURPOSES = {
    "application": "APPLICATION",
    "container": "CONTAINER",
    "device": "DEVICE",
    "file": "FILE",
    "firmware": "FIRMWARE",
    "framework": "FRAMEWORK",
    "library": "LIBRARY",
    "operating-system": "OPERATING_SYSTEM",
}
"""By a component's kind."""
OF_SCOPE = {EXCLUDED: "DEV_DEPENDENCY_OF", OPTIONAL: "OPTIONAL_DEPENDENCY_OF"}
_KINDS = {purpose: kind for kind, purpose in PURPOSES.items()}
_NOTHING = frozenset({"NOASSERTION", "NONE"})
_DEPENDENCIES = {
    "BUILD_DEPENDENCY_OF": EXCLUDED,
    "DEPENDENCY_OF": "",
    "DEV_DEPENDENCY_OF": EXCLUDED,
    "OPTIONAL_DEPENDENCY_OF": OPTIONAL,
    "PROVIDED_DEPENDENCY_OF": "",
    "RUNTIME_DEPENDENCY_OF": REQUIRED,
    "TEST_DEPENDENCY_OF": EXCLUDED,
}
"""Relations from what is asked for to who asks, and the scope that they say."""
_TAG = re.compile(r"^([A-Za-z]+): ?(.*)$")
_FIRST_TAG = "SPDXVersion: SPDX-2."


def recognises(value: object) -> bool:
    return isinstance(value, dict) and str(value.get("spdxVersion") or "").startswith("SPDX-2.")


def is_tagged(head: str) -> bool:
    """Whether the first letters are those of a document of tags."""
    return head.startswith(("#", _FIRST_TAG)) and any(line.startswith(_FIRST_TAG) for line in head.splitlines()[:20])


def read(value: Plain, lines: Sequence[int] = ()) -> Bill:
    """`lines` are those of the packages. What has no name is passed over."""
    wants, scopes = edges(value)
    extracted = {
        text(dug(told, "licenseId")): text(dug(told, "name")) or text(dug(told, "extractedText"))
        for told in listed(value.get("hasExtractedLicensingInfos"))
    }
    found: dict[str, Component] = {}
    nameless = 0
    for index, told in enumerate(listed(value.get("packages"))):
        if (one := entry(told, extracted)) is not None:
            line = lines[index] if index < len(lines) else 0
            nameless += not one.ref
            found[one.ref or f" {nameless}"] = replace(
                one, line=line, scope=one.scope or _scope(scopes.get(one.ref, frozenset()))
            )
    roots = [ref for ref in described(value) if ref in found]
    subject = found.pop(roots[0]) if len(roots) == 1 else None
    return Bill(subject=subject, components=tuple(found.values()), wants=wants, roots=tuple(roots), tool=tool(value))


def entry(told: Any, extracted: Mapping[str, str]) -> Component | None:
    """None for what is no package with a name."""
    if not isinstance(told, dict) or not (name := text(told.get("name"))):
        return None
    references = listed(told.get("externalRefs"))
    own = list(_annotated(told))
    declared, concluded = _known(told.get("licenseDeclared")), _known(told.get("licenseConcluded"))
    found = component(
        text(told.get("SPDXID")),
        name=name,
        version=_known(told.get("versionInfo")),
        purl=next((text(dug(r, "referenceLocator")) for r in references if dug(r, "referenceType") == "purl"), ""),
        kind=_KINDS.get(text(told.get("primaryPackagePurpose")).replace("-", "_"), "library"),
        properties=[*own, (f"{OWN}{CONCLUDED}", "true")] if concluded and not declared else own,
    )
    several = [value for name, value in own if name == f"{OWN}licence"]
    declared = declared or concluded
    checksums = [
        told for told in listed(told.get("checksums")) if dug(told, "algorithm") and dug(told, "checksumValue")
    ]
    return replace(
        found,
        licences=tuple(several or texts([extracted.get(declared, declared)])),
        hashes=tuple(f"{text(c['algorithm']).lower()}:{text(c['checksumValue']).lower()}" for c in checksums),
    )


def _annotated(told: Plain) -> Iterator[tuple[str, str]]:
    for annotation in listed(told.get("annotations")):
        comment = dug(annotation, "comment")
        if isinstance(comment, str) and comment.startswith(OWN):
            name, _, value = comment.partition("=")
            yield name, value


def _known(value: object) -> str:
    said = text(value)
    return "" if said in _NOTHING else said


def _scope(said: frozenset[str]) -> str:
    """By all who ask for it: one who needs it decides."""
    return next(iter(said)) if len(said) == 1 else ""


def described(value: Plain) -> list[str]:
    """What the document is about, in its order."""
    found = [*texts(listed(value.get("documentDescribes")))]
    for relation in listed(value.get("relationships")):
        one, other = text(dug(relation, "spdxElementId")), text(dug(relation, "relatedSpdxElement"))
        if dug(relation, "relationshipType") == "DESCRIBES":
            found.append(other)
        elif dug(relation, "relationshipType") == "DESCRIBED_BY":
            found.append(one)
    return [ref for ref in dict.fromkeys(found) if ref]


def edges(value: Plain) -> tuple[dict[str, list[str]], dict[str, frozenset[str]]]:
    """Who asks for whom, and of each that is asked for the scopes that it is asked with."""
    wants: dict[str, list[str]] = {}
    scopes: dict[str, set[str]] = {}
    for relation in listed(value.get("relationships")):
        one, other = text(dug(relation, "spdxElementId")), text(dug(relation, "relatedSpdxElement"))
        said = text(dug(relation, "relationshipType"))
        if said == "DEPENDS_ON":
            wants.setdefault(one, []).append(other)
            scopes.setdefault(other, set()).add("")
        elif said in _DEPENDENCIES:
            wants.setdefault(other, []).append(one)
            scopes.setdefault(one, set()).add(_DEPENDENCIES[said])
    return wants, {ref: frozenset(said) for ref, said in scopes.items()}


_BEGIN = {"FileName": "name", "LicenseID": "licenseId", "PackageName": "name", "SnippetSPDXID": "SPDXID"}
"""Tags with which something new begins, and what the value is of it."""


def tagged(document: str) -> tuple[dict[str, Any], list[int]]:
    """Tags with values in the shape of the JSON, and the line of each package. What a `<text>` of several lines holds is no tag."""
    begun: dict[str, list[dict[str, Any]]] = {tag: [] for tag in _BEGIN}
    relations: list[dict[str, str]] = []
    creators: list[str] = []
    within = False
    here: dict[str, Any] = {}
    for number, line in enumerate(document.split("\n"), 1):
        if within:
            within = "</text>" not in line
            continue
        if not (found := _TAG.match(line.rstrip())):
            continue
        tag, value = found[1], found[2].strip()
        within = "<text>" in value and "</text>" not in value
        if tag in _BEGIN:
            here = {_BEGIN[tag]: value, "externalRefs": [], "checksums": [], "line": number}
            begun[tag].append(here)
        elif tag == "Creator":
            creators.append(value)
        elif tag == "Relationship" and len(parts := value.split()) == 3:
            relations.append({"spdxElementId": parts[0], "relationshipType": parts[1], "relatedSpdxElement": parts[2]})
        elif here:
            _tag_within(here, tag, value)
    return {
        "packages": begun["PackageName"],
        "relationships": relations,
        "creationInfo": {"creators": creators},
        "hasExtractedLicensingInfos": begun["LicenseID"],
    }, [package["line"] for package in begun["PackageName"]]


_FIELDS = {
    "LicenseName": "name",
    "PackageLicenseDeclared": "licenseDeclared",
    "PackageVersion": "versionInfo",
    "PrimaryPackagePurpose": "primaryPackagePurpose",
    "SPDXID": "SPDXID",
}


def _tag_within(here: dict[str, Any], tag: str, value: str) -> None:
    if tag in _FIELDS:
        here[_FIELDS[tag]] = value
    elif tag == "ExternalRef" and len(parts := value.split(None, 2)) == 3:
        here["externalRefs"].append({"referenceType": parts[1], "referenceLocator": parts[2]})
    elif tag == "PackageChecksum" and len(pair := value.split(": ")) == 2:
        here["checksums"].append({"algorithm": pair[0], "checksumValue": pair[1]})


def tool(value: Plain) -> str:
    creators = texts(listed(dug(value, "creationInfo", "creators")))
    return next((c.removeprefix("Tool: ") for c in creators if c.startswith("Tool: ")), "")
