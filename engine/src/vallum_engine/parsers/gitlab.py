"""GitLab's security reports: what all kinds of them share (https://gitlab.com/gitlab-org/security-products/security-report-schemas)."""

from collections.abc import Mapping
from typing import Any

from vallum_engine.parsers.document import Document
from vallum_engine.parsers.format import Mark
from vallum_engine.parsers.words import cves, cwes, dug, listed, texts

_IDS = frozenset({"cve", "ghsa", "rhsa", "usn", "elsa", "osvdb", "hackerone"})
_FALSE_POSITIVE = "flagged-as-likely-false-positive"


def is_report(document: Document, kind: str, *places: str) -> bool:
    """Of a kind of scan, as its `scan` says; older ones are known by what a place in them names."""
    value = document.json
    if not isinstance(value, dict) or not isinstance(value.get("vulnerabilities"), list) or "version" not in value:
        return False
    if "scan" in value:
        return bool(dug(value, "scan", "type") == kind)
    if dug(value, "vulnerabilities", 0, "category") not in (kind, "", None):
        return False
    location = dug(value, "vulnerabilities", 0, "location")
    return "remediations" in value and isinstance(location, dict) and set(places) <= location.keys()


def ids(item: Mapping[str, Any]) -> tuple[str, ...]:
    """CVE and its like; else what the scanner calls it."""
    named = [
        (str(dug(i, "type") or "").lower(), dug(i, "name"), dug(i, "value")) for i in listed(item.get("identifiers"))
    ]
    known = texts([value or name for type_, name, value in named if type_ in _IDS])
    return known or texts([name or value for type_, name, value in named if type_ not in {"cwe", "owasp"}][:1])


def weaknesses(item: Mapping[str, Any]) -> tuple[int, ...]:
    named = [i for i in listed(item.get("identifiers")) if str(dug(i, "type") or "").lower() == "cwe"]
    return cwes(*(dug(i, "value") or dug(i, "name") for i in named))


def references(item: Mapping[str, Any]) -> tuple[str, ...]:
    links = [dug(link, "url") for link in listed(item.get("links"))]
    return texts([*(dug(i, "url") for i in listed(item.get("identifiers"))), *links])


def steps(item: Mapping[str, Any]) -> tuple[str, ...]:
    said = texts(item.get("solution"))
    return () if said == ("No solution provided",) else said


def aliases(item: Mapping[str, Any]) -> tuple[str, ...]:
    """CVEs that stand in the scanner's own key (`cve`), which older reports fill with more than that."""
    return cves(item.get("cve"), item.get("id"))


def mark(item: Mapping[str, Any]) -> Mark:
    flags = [dug(flag, "type") for flag in listed(item.get("flags"))]
    return Mark.SUPPRESSED if _FALSE_POSITIVE in flags else Mark.NONE


def tool(document: Document) -> str:
    scanner = dug(document.json, "scan", "scanner")
    return f"{dug(scanner, 'name') or ''} {dug(scanner, 'version') or ''}".strip()
