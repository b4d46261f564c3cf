"""CycloneDX 1.6 as XML: written, and read into the shape of its JSON. https://cyclonedx.org/docs/1.6/xml/."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from xml.etree.ElementTree import Element

from vallum_engine.model.text import printable
from vallum_engine.sbom.bill import Bill, Component, properties
from vallum_engine.sbom.cyclonedx_json import acknowledged, grouped, hashes, licences, places

Plain = dict[str, Any]
_FORBIDDEN = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 cannot hold, in whatever form: https://www.w3.org/TR/xml/#charsets."""
_MARKS = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\t": "&#9;", "\n": "&#10;", "\r": "&#13;"}
_MARK = re.compile('[&<>"\t\n\r]')


def write(bill: Bill, *, tool: tuple[str, str], created: str = "") -> Iterator[str]:
    r"""The document in parts; what XML cannot hold stands there escaped as in Python (`\\x1b`)."""
    yield '<?xml version="1.0" encoding="UTF-8"?>\n<bom xmlns="http://cyclonedx.org/schema/bom/1.6" '
    yield f'serialNumber="urn:uuid:{bill.uuid}" version="1">\n<metadata>'
    yield _said("timestamp", created)
    yield f'<tools><components><component type="application">{_said("name", tool[0])}{_said("version", tool[1])}'
    yield "</component></components></tools>"
    if bill.subject:
        yield component(bill.subject)
    yield "</metadata>\n<components>\n"
    for each in bill.components:
        yield component(each) + "\n"
    yield "</components>\n<dependencies>\n"
    for ref, wanted in bill.wants.items():
        inner = "".join(f'<dependency ref="{_text(want)}"/>' for want in wanted)
        yield f'<dependency ref="{_text(ref)}">{inner}</dependency>\n'
    yield "</dependencies>\n"
    if bill.subject and bill.subject.fact("incomplete"):
        ref = _text(bill.subject.ref)
        yield "<compositions><composition><aggregate>incomplete</aggregate>"
        yield f'<assemblies><assembly ref="{ref}"/></assemblies><dependencies><dependency ref="{ref}"/></dependencies>'
        yield "</composition></compositions>\n"
    yield "</bom>\n"


def component(of: Component) -> str:
    group, name = grouped(of)
    return (
        f'<component type="{_text(of.kind)}" bom-ref="{_text(of.ref)}">'
        + _said("group", group)
        + f"<name>{_text(name)}</name>"
        + _said("version", of.version)
        + _said("scope", of.scope)
        + _within("hashes", (f'<hash alg="{alg}">{_text(digits)}</hash>' for alg, digits in hashes(of)))
        + _within("licenses", (_licence(licence, acknowledged(of), free=free) for licence, free in licences(of)))
        + _said("purl", of.purl)
        + _within(
            "properties", (f'<property name="{_text(key)}">{_text(value)}</property>' for key, value in properties(of))
        )
        + _within("evidence", filter(None, [_within("occurrences", (_occurrence(*place) for place in places(of)))]))
        + "</component>"
    )


def _licence(licence: str, said: Mapping[str, str], *, free: bool) -> str:
    told = "".join(f' {name}="{value}"' for name, value in said.items())
    if free:
        return f"<expression{told}>{_text(licence)}</expression>"
    return f"<license{told}>{_said('name', licence)}</license>"


def _occurrence(path: str, line: int, layer: str) -> str:
    context = f"<additionalContext>layer {_text(layer)}</additionalContext>" if layer else ""
    return f"<occurrence><location>{_text(path)}</location><line>{line}</line>{context}</occurrence>"


def _said(tag: str, value: str) -> str:
    return f"<{tag}>{_text(value)}</{tag}>" if value else ""


def _within(tag: str, elements: Iterable[str]) -> str:
    inner = "".join(elements)
    return f"<{tag}>{inner}</{tag}>" if inner else ""


def _text(value: str) -> str:
    """Of an element or an attribute."""
    return _MARK.sub(lambda found: _MARKS[found[0]], _FORBIDDEN.sub(lambda found: printable(found[0]), value))


def shaped(root: Element) -> Plain:
    """The document, whose names carry no namespace, in the shape of the JSON, but for its vulnerabilities."""
    metadata = root.find("metadata")
    main = root.find("metadata/component")
    return {
        "metadata": {
            "component": None if main is None else _component(main),
            "tools": [] if metadata is None else _tools(metadata),
            "timestamp": root.findtext("metadata/timestamp"),
            "authors": [{"name": name.text} for name in root.iterfind("metadata/authors/author/name")],
            "supplier": {"name": root.findtext("metadata/supplier/name")},
        },
        "components": [_component(element) for element in root.iterfind("components/component")],
        "dependencies": [
            {"ref": element.get("ref"), "dependsOn": [child.get("ref") for child in element.iterfind("dependency")]}
            for element in root.iterfind("dependencies/dependency")
        ],
    }


def _tools(metadata: Element) -> list[Plain]:
    elements = [*metadata.iterfind("tools/tool"), *metadata.iterfind("tools/components/component")]
    return [{"name": tool.findtext("name"), "version": tool.findtext("version")} for tool in elements]


def _component(element: Element) -> Plain:
    """With the element itself, for those who look for more in it."""
    return {
        "type": element.get("type"),
        "bom-ref": element.get("bom-ref"),
        "group": element.findtext("group"),
        "name": element.findtext("name"),
        "version": element.findtext("version"),
        "purl": element.findtext("purl"),
        "scope": element.findtext("scope"),
        "hashes": [{"alg": each.get("alg"), "content": each.text} for each in element.iterfind("hashes/hash")],
        "licenses": [
            *(
                {"expression": each.text, "acknowledgement": each.get("acknowledgement")}
                for each in element.iterfind("licenses/expression")
            ),
            *(
                {
                    "license": {"id": each.findtext("id"), "name": each.findtext("name")},
                    "acknowledgement": each.get("acknowledgement"),
                }
                for each in element.iterfind("licenses/license")
            ),
        ],
        "components": [_component(child) for child in element.iterfind("components/component")],
        "evidence": {
            "occurrences": [
                {
                    "location": place.findtext("location"),
                    "line": place.findtext("line"),
                    "additionalContext": place.findtext("additionalContext"),
                }
                for place in element.iterfind("evidence/occurrences/occurrence")
            ]
        },
        "properties": [{"name": p.get("name"), "value": p.text} for p in element.iterfind("properties/property")],
        "element": element,
    }
