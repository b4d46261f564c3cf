"""CycloneDX in XML, brought into the shape of its JSON, as far as findings and packages need it.

Before version 1.4 vulnerabilities are an extension: they hang on the component, in other words.
"""

from typing import Any
from xml.etree.ElementTree import Element

Plain = dict[str, Any]


def bom(root: Element) -> Plain:
    metadata = root.find("metadata")
    return {
        "metadata": {
            "component": _component(found) if (found := root.find("metadata/component")) is not None else None,
            "tools": _tools(metadata) if metadata is not None else [],
            "timestamp": root.findtext("metadata/timestamp"),
            "authors": [{"name": name.text} for name in root.iterfind("metadata/authors/author/name")],
            "supplier": {"name": root.findtext("metadata/supplier/name")},
        },
        "components": [_component(element) for element in root.iterfind("components/component")],
        "dependencies": [
            {"ref": element.get("ref"), "dependsOn": [child.get("ref") for child in element.iterfind("dependency")]}
            for element in root.iterfind("dependencies/dependency")
        ],
        "vulnerabilities": [
            *(
                _vulnerability(element)
                for element in root.iterfind("vulnerabilities/vulnerability")
                if not _is_old(element)
            ),
            *(_extended(element) for element in root.iterfind("vulnerabilities/vulnerability") if _is_old(element)),
        ],
    }


def _is_old(element: Element) -> bool:
    return element.get("ref") is not None


def _tools(metadata: Element) -> list[Plain]:
    elements = [*metadata.iterfind("tools/tool"), *metadata.iterfind("tools/components/component")]
    return [{"name": tool.findtext("name"), "version": tool.findtext("version")} for tool in elements]


def _component(element: Element) -> Plain:
    return {
        "type": element.get("type"),
        "bom-ref": element.get("bom-ref"),
        "group": element.findtext("group"),
        "name": element.findtext("name"),
        "version": element.findtext("version"),
        "purl": element.findtext("purl"),
        "scope": element.findtext("scope"),
        "components": [_component(child) for child in element.iterfind("components/component")],
        "evidence": {
            "occurrences": [
                {"location": place.text} for place in element.iterfind("evidence/occurrences/occurrence/location")
            ]
        },
        "properties": [{"name": p.get("name"), "value": p.text} for p in element.iterfind("properties/property")],
        "vulnerabilities": [_extended(child) for child in element.iterfind("vulnerabilities/vulnerability")],
    }


def _vulnerability(element: Element) -> Plain:
    analysis = element.find("analysis")
    return {
        "id": element.findtext("id"),
        "updated": element.findtext("updated"),
        "published": element.findtext("published"),
        "source": {"name": element.findtext("source/name"), "url": element.findtext("source/url")},
        "references": [{"id": found.text} for found in element.iterfind("references/reference/id")],
        "ratings": [
            {
                "source": {"name": rating.findtext("source/name")},
                "score": rating.findtext("score"),
                "severity": rating.findtext("severity"),
                "vector": rating.findtext("vector"),
            }
            for rating in element.iterfind("ratings/rating")
        ],
        "cwes": [cwe.text for cwe in element.iterfind("cwes/cwe")],
        "description": element.findtext("description"),
        "detail": element.findtext("detail"),
        "recommendation": element.findtext("recommendation"),
        "advisories": [{"url": url.text} for url in element.iterfind("advisories/advisory/url")],
        "analysis": {
            "state": analysis.findtext("state"),
            "justification": analysis.findtext("justification"),
            "detail": analysis.findtext("detail"),
            "lastUpdated": analysis.findtext("lastUpdated"),
            "firstIssued": analysis.findtext("firstIssued"),
        }
        if analysis is not None
        else None,
        "affects": [_target(target) for target in element.iterfind("affects/target")],
    }


def _target(element: Element) -> Plain:
    return {
        "ref": element.findtext("ref"),
        "versions": [
            {"version": found.findtext("version"), "status": found.findtext("status")}
            for found in element.iterfind("versions/version")
        ],
    }


def _extended(element: Element) -> Plain:
    """http://cyclonedx.org/schema/ext/vulnerability/1.0: `ref` names the component."""
    source = element.find("source")
    return {
        "id": element.findtext("id"),
        "source": {"name": source.get("name"), "url": source.findtext("url")} if source is not None else {},
        "ratings": [
            {
                "score": rating.findtext("score/base"),
                "severity": rating.findtext("severity"),
                "vector": rating.findtext("vector"),
            }
            for rating in element.iterfind("ratings/rating")
        ],
        "cwes": [cwe.text for cwe in element.iterfind("cwes/cwe")],
        "description": element.findtext("description"),
        "recommendation": "\n".join(r.text or "" for r in element.iterfind("recommendations/recommendation")),
        "advisories": [{"url": advisory.text} for advisory in element.iterfind("advisories/advisory")],
        "affects": [{"ref": element.get("ref")}],
    }
