"""Vulnerabilities and what is said of them, as CycloneDX 1.6 writes it: https://cyclonedx.org/docs/1.6/json/#vulnerabilities."""

from collections.abc import Mapping, Sequence
from typing import Any

from vallum_engine import VERSION
from vallum_engine.model.statement import AFFECTED, FIXED, NOT_AFFECTED, Statement
from vallum_engine.sbom.openvex import names
from vallum_engine.values import immutable, made

Json = dict[str, Any]
JUSTIFICATIONS: Mapping[str, str] = {
    "component_not_present": "code_not_present",
    "vulnerable_code_not_present": "code_not_present",
    "vulnerable_code_not_in_execute_path": "code_not_reachable",
    "vulnerable_code_cannot_be_controlled_by_adversary": "requires_environment",
    "inline_mitigations_already_exist": "protected_by_mitigating_control",
}
"""The five of VEX, as CycloneDX calls what comes nearest."""
_STATES: Mapping[str, str] = {NOT_AFFECTED: "not_affected", AFFECTED: "exploitable", FIXED: "resolved"}
_SOURCES = {"CVE": "NVD", "GHSA": "GitHub Advisory Database"}
_METHODS = {"CVSS:3.0/": "CVSSv3", "CVSS:3.1/": "CVSSv31", "CVSS:4.0/": "CVSSv4"}
_MOST_URL = 2000


@immutable
class Told:
    """A vulnerability in one component."""

    ref: str
    """What the entry is called in its document."""
    rule: str
    title: str
    message: str
    severity: str
    facts: Mapping[str, Any]
    """Its `advisories`, `remediation` and `references`, as `model.plain` has them."""
    analysis: Json
    affects: str
    """What the component is called in the document."""
    properties: Mapping[str, str] = made(factory=dict)


def head(*, identifier: str, metadata: Json) -> Json:
    """A document without what is in it. `identifier` is a `urn:uuid:`; `metadata` is added to what names this tool."""
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": identifier,
        "version": 1,
        "metadata": {
            "tools": {"components": [{"type": "application", "name": "Vallum", "version": VERSION}]},
            **metadata,
        },
    }


def component(ref: str, package: Mapping[str, Any]) -> Json:
    """A package, as `model.plain` has it, under a reference."""
    more = {key: str(package[key]) for key in ("version", "purl") if package.get(key)}
    return {"type": "library", "bom-ref": ref, "name": str(package.get("name") or "?"), **more}


def vulnerability(told: Told) -> Json:
    advisories = told.facts.get("advisories") or ()
    entry: Json = {
        "bom-ref": told.ref,
        "id": told.rule,
        "references": [{"id": i, "source": {"name": _source(i)}} for i in names(told.rule, advisories)[1:]],
        "ratings": [_rating(told.severity, advisories)],
        "description": told.title,
        "detail": told.message,
        "recommendation": "\n".join((told.facts.get("remediation") or {}).get("steps", ())),
        "advisories": [{"url": url} for url in _urls(advisories, told.facts.get("references") or ())],
        "analysis": told.analysis,
        "affects": [{"ref": told.affects}],
        "properties": [{"name": name, "value": value} for name, value in told.properties.items()],
    }
    return {key: value for key, value in entry.items() if value}


def analysis(said: Statement) -> Json:
    """What is said of it, in CycloneDX's words."""
    told = {
        "state": _STATES.get(said.status, "in_triage"),
        "justification": JUSTIFICATIONS.get(said.justification, ""),
        "detail": said.words,
        "lastUpdated": said.at,
    }
    return {key: value for key, value in told.items() if value}


def _source(identifier: str) -> str:
    return _SOURCES.get(identifier.partition("-")[0], "OSV")


def _rating(severity: str, advisories: Sequence[Mapping[str, Any]]) -> Json:
    rating: Json = {"severity": severity, "source": {"name": "Vallum"}}
    vector = next((str(each["cvss"]) for each in advisories if each.get("cvss")), "")
    if method := _METHODS.get(vector[:9]):
        rating |= {"method": method, "vector": vector}
    return rating


def _urls(advisories: Sequence[Mapping[str, Any]], references: Sequence[object]) -> list[str]:
    given = (str(url) for url in (*(each.get("url") for each in advisories), *references) if url)
    return [url for url in dict.fromkeys(given) if url.startswith(("https://", "http://")) and len(url) <= _MOST_URL]
