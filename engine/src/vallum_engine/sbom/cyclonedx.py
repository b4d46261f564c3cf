"""CycloneDX, read: the components of its JSON, or of its XML brought into that shape, and what depends on what.

https://cyclonedx.org/docs/1.6/json/. Components within components are its parts, read as entries of their own.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from vallum_engine.model.finding import Location
from vallum_engine.sbom.bill import CONCLUDED, OWN, Bill, Component, component, placed, scoped
from vallum_engine.sbom.shape import dug, listed, number, text, texts
from vallum_engine.values import replace

Plain = Mapping[str, Any]
_ACKNOWLEDGED = (("acknowledgement",), ("license", "acknowledgement"))
_LOCATIONS = ("aquasecurity:trivy:FilePath", "syft:location:0:path")


def recognises(value: object) -> bool:
    return isinstance(value, dict) and (
        value.get("bomFormat") == "CycloneDX" or "cyclonedx.org/schema" in str(value.get("$schema"))
    )


def read(bom: Plain, lines: Sequence[int] = ()) -> Bill:
    """`lines` are those of the outermost components. What has no name is passed over."""
    main = dug(bom, "metadata", "component")
    subject = entry(main)
    return Bill(
        subject=subject,
        components=tuple(
            replace(found, line=lines[index] if index < len(lines) else 0)
            for index, told in flat(bom)
            if (found := entry(told)) is not None
        ),
        wants=wants(bom),
        roots=(subject.ref,) if subject else (),
        tool=tool(bom),
    )


def flat(bom: Plain) -> Iterator[tuple[int, Any]]:
    """Every component, those within others after them, with the number of the outermost one."""
    for index, outer in enumerate(listed(bom.get("components"))):
        open_ = [outer]
        while open_:
            told = open_.pop()
            yield index, told
            open_.extend(reversed(list(listed(dug(told, "components")))))


def entry(told: Any) -> Component | None:
    """None for what is no component with a name."""
    if not isinstance(told, dict) or not (name := text(told.get("name"))):
        return None
    purl, group = text(told.get("purl")), text(told.get("group"))
    if group:
        name = f"{group}{':' if purl.lower().startswith('pkg:maven/') else '/'}{name}"
    properties = [(text(dug(p, "name")), text(dug(p, "value"))) for p in listed(told.get("properties"))]
    if any(dug(licence, *where) == CONCLUDED for licence in listed(told.get("licenses")) for where in _ACKNOWLEDGED):
        properties.append((f"{OWN}{CONCLUDED}", "true"))
    found = component(
        text(told.get("bom-ref")) or purl,
        name=name,
        version=text(told.get("version")),
        purl=purl,
        kind=text(told.get("type")) or "library",
        properties=properties,
    )
    return replace(
        found,
        scope=scoped(told.get("scope")),
        licences=tuple(_licences(told.get("licenses"))),
        hashes=tuple(_hashes(told.get("hashes"))),
        places=(*_places(told), *(placed(value, 1) for name, value in properties if name in _LOCATIONS and value)),
    )


def _places(told: Plain) -> Iterator[Location]:
    for occurrence in listed(dug(told, "evidence", "occurrences")):
        if path := text(dug(occurrence, "location")):
            said = text(dug(occurrence, "additionalContext"))
            layer = said.removeprefix("layer ") if said.startswith("layer ") else ""
            yield placed(path, number(dug(occurrence, "line")), layer)


def _licences(value: Any) -> Iterator[str]:
    for told in listed(value):
        if isinstance(told, dict):
            licence = told.get("license")
            yield from texts([told.get("expression"), dug(licence, "id") or dug(licence, "name")])


def _hashes(value: Any) -> Iterator[str]:
    for told in listed(value):
        if isinstance(told, dict) and told.get("alg") and told.get("content"):
            yield f"{str(told['alg']).lower().replace('sha-', 'sha')}:{str(told['content']).lower()}"


def wants(bom: Plain) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for edge in listed(bom.get("dependencies")):
        if ref := text(dug(edge, "ref")):
            found.setdefault(ref, []).extend(texts(listed(dug(edge, "dependsOn"))))
    return found


def tool(bom: Plain) -> str:
    """Of several the first."""
    tools = dug(bom, "metadata", "tools")
    first = next(iter(listed(dug(tools, "components") if isinstance(tools, dict) else tools)), None)
    return f"{text(dug(first, 'name'))} {text(dug(first, 'version'))}".strip()
