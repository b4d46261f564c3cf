"""CycloneDX in XML, brought into the shape of its JSON, as far as findings and packages need it.

Before version 1.4 vulnerabilities are an extension: they hang on the component, in other words.
"""

from typing import Any
from xml.etree.ElementTree import Element

from vallum_engine.sbom.cyclonedx import flat
from vallum_engine.sbom.cyclonedx_xml import shaped

Plain = dict[str, Any]


def bom(root: Element) -> Plain:
    own = list(root.iterfind("vulnerabilities/vulnerability"))
    document = {
        **shaped(root),
        "vulnerabilities": [
            *(_vulnerability(element) for element in own if not _is_old(element)),
            *(_extended(element) for element in own if _is_old(element)),
        ],
    }
    for _, component in flat(document):
        element = component["element"]
        component["vulnerabilities"] = [_extended(child) for child in element.iterfind("vulnerabilities/vulnerability")]
    return document


def _is_old(element: Element) -> bool:
    return element.get("ref") is not None


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
