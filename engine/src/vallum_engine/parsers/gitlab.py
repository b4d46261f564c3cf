"""GitLab's security reports: what all kinds of them share (https://gitlab.com/gitlab-org/security-products/security-report-schemas)."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from vallum_engine.model.finding import Confidence
from vallum_engine.parsers.document import Document
from vallum_engine.parsers.format import Mark, Record, Rejected
from vallum_engine.parsers.words import confidence, cves, cwes, dug, listed, texts

_IDS = frozenset({"cve", "ghsa", "rhsa", "usn", "elsa", "osvdb", "hackerone"})
_UNSURE = frozenset({"ignore", "experimental"})
_LINE = re.compile(r":\d+$")
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


def unfinished(document: Document) -> Iterator[Record]:
    """A scan that failed may have found less than there is."""
    if dug(document.json, "scan", "status") == "failure":
        yield Rejected(at="scan.status", why="the scan failed, by its own word")


def rule(item: Mapping[str, Any]) -> str:
    """The first identifier is what the finding is about; the others say more."""
    first = dug(item, "identifiers", 0)
    return str(dug(first, "value") or dug(first, "name") or item.get("name") or "")


def surety(item: Mapping[str, Any]) -> Confidence:
    said = str(item.get("confidence") or "").lower()
    return Confidence.LOW if said in _UNSURE else confidence(said)


def anchor(item: Mapping[str, Any]) -> tuple[str, ...]:
    """Signatures are made to last, the best first; the older key may end in a line."""
    signatures = [
        str(dug(signature, "value") or "")
        for tracked in listed(dug(item, "tracking", "items"))
        for signature in listed(dug(tracked, "signatures"))
    ]
    named = [str(dug(item, "location", part) or "") for part in ("class", "method")]
    return texts(signatures[:1]) or texts([_LINE.sub("", str(item.get("cve") or "")), *named])


def tool(document: Document) -> str:
    scanner = dug(document.json, "scan", "scanner")
    return f"{dug(scanner, 'name') or ''} {dug(scanner, 'version') or ''}".strip()
