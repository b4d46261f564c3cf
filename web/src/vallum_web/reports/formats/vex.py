"""CycloneDX 1.6 VEX: what is known of vulnerabilities in packages of assets, and what was decided about each.

Every asset is a component that holds its packages: the same package may be affected in one asset and not in another.
Only what a person said is a verdict: an open finding is `in_triage`, and an accepted risk stays `exploitable`, for who
accepts a risk does not say that there is none.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import groupby
from typing import Any
from uuid import UUID

from vallum_engine import VERSION
from vallum_web.findings.models import Decision, Finding
from vallum_web.reports.formats.row import About, Record, Row, iso, json, opened, severity

Json = dict[str, Any]
_REASON = Decision.Reason
_ANALYSES: Mapping[str, Json] = {
    _REASON.FALSE_POSITIVE: {"state": "false_positive"},
    _REASON.NOT_REACHABLE: {"state": "not_affected", "justification": "code_not_reachable"},
    _REASON.TEST_DATA: {"state": "not_affected", "justification": "code_not_present"},
    _REASON.RISK_ACCEPTED: {"state": "exploitable", "response": ["will_not_fix"]},
}
_JUSTIFICATION = Decision.Justification
_JUSTIFICATIONS: Mapping[str, str] = {
    _JUSTIFICATION.COMPONENT_NOT_PRESENT: "code_not_present",
    _JUSTIFICATION.CODE_NOT_PRESENT: "code_not_present",
    _JUSTIFICATION.NOT_IN_PATH: "code_not_reachable",
    _JUSTIFICATION.NOT_CONTROLLED: "requires_environment",
    _JUSTIFICATION.MITIGATED: "protected_by_mitigating_control",
}
"""The five of VEX, as CycloneDX calls what comes nearest; the words chosen stand in the detail."""
_SOURCES = {"CVE": "NVD", "GHSA": "GitHub Advisory Database"}
_MOST_URL = 2000


class CycloneDx:
    content_type = "application/vnd.cyclonedx+json; version=1.6"
    suffix = "cdx.json"
    between = b",\n"

    def head(self, about: About) -> bytes:
        document: Json = {
            "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
            "bomFormat": "CycloneDX",
            "specVersion": "1.6",
            "serialNumber": f"urn:uuid:{about.id}",
            "version": 1,
            "metadata": {
                "timestamp": iso(about.at),
                "tools": {"components": [{"type": "application", "name": "Vallum", "version": VERSION}]},
                "properties": [
                    {"name": "vallum:organization", "value": about.org},
                    {"name": "vallum:filters", "value": about.words},
                ],
            },
        }
        return opened(document) + b'"vulnerabilities":[\n'

    def line(self, row: Row) -> bytes:
        return json(_vulnerability(row))

    def tail(self, about: About, record: Record) -> Iterator[bytes]:
        yield b'\n],"components":[\n'
        between = b""
        for (key, name), packages in groupby(record.packages(), key=lambda one: one[:2]):
            asset: Json = {"type": "application", "bom-ref": str(key), "name": name or str(key)}
            yield between + opened(asset) + b'"components":['
            yield from _components(key, (package for _, _, package in packages))
            yield b"]}"
            between = b",\n"
        yield b'\n],"properties":[' + json({"name": "vallum:note", "value": about.note or "complete"}) + b"]}\n"


def _components(asset: UUID, packages: Iterator[Mapping[str, Any]]) -> Iterator[bytes]:
    between, last = b"", ""
    for package in packages:
        ref = _ref(asset, package)
        if ref == str(asset) or ref == last:
            continue
        told = {"type": "library", "bom-ref": ref, "name": str(package.get("name") or "?")}
        more = {name: str(package[name]) for name in ("version", "purl") if package.get(name)}
        yield between + json(told | more)
        between, last = b",", ref


def _ref(asset: UUID, package: Mapping[str, Any] | None) -> str:
    """An asset's own copy of a package; the asset itself where no package is named."""
    if not package or not package.get("name"):
        return str(asset)
    return f"{asset}/{package.get('purl') or '@'.join((str(package['name']), str(package.get('version') or '')))}"


def _vulnerability(row: Row) -> Json:
    finding, data = row.finding, row.finding.data
    advisories, package = data.get("advisories") or (), data.get("package") or {}
    known = dict.fromkeys(str(i) for a in advisories for i in (a.get("id"), *a.get("aliases", ())) if i)
    told: Json = {
        "bom-ref": str(finding.pk),
        "id": finding.rule,
        "references": [{"id": i, "source": {"name": _source(i)}} for i in known if i != finding.rule],
        "ratings": [_rating(finding, advisories)],
        "description": finding.title,
        "detail": finding.message,
        "recommendation": "\n".join((data.get("remediation") or {}).get("steps", ())),
        "advisories": [{"url": url} for url in _urls(advisories, data.get("references") or ())],
        "analysis": analysis(row),
        "affects": [{"ref": _ref(finding.asset_id, package)}],
        "properties": [
            {"name": "vallum:fingerprint", "value": finding.fingerprint},
            {"name": "vallum:risk", "value": str(finding.risk)},
            {"name": "vallum:url", "value": row.url},
        ],
    }
    return {name: value for name, value in told.items() if value}


def analysis(row: Row) -> Json:
    """What is said of it, in CycloneDX's words."""
    finding, decision = row.finding, row.decision
    if finding.status == Finding.Status.RESOLVED:
        updated = finding.ending == Finding.Ending.FIXED
        return {"state": "resolved", **({"response": ["update"]} if updated else {}), **_moments(finding.resolved_at)}
    if decision is None:
        return {"state": "in_triage", **_moments(finding.opened_at)}
    words, said = decision.get_reason_display(), _ANALYSES[decision.reason]
    if decision.justification and decision.reason != _REASON.RISK_ACCEPTED:
        said = {"state": "not_affected", "justification": _JUSTIFICATIONS[decision.justification]}
        words = f"{words}. {decision.get_justification_display()}"
    until = f" Until {decision.until.isoformat()}." if decision.until else ""
    detail = f"{words}: {decision.note}" if decision.note else f"{words}."
    return {**said, "detail": detail + until, **_moments(decision.made_at)}


def _moments(at: datetime | None) -> Json:
    return {"lastUpdated": iso(at)} if at else {}


def _source(identifier: str) -> str:
    return _SOURCES.get(identifier.partition("-")[0], "OSV")


def _rating(finding: Finding, advisories: Any) -> Json:
    rating: Json = {"severity": severity(finding), "source": {"name": "Vallum"}}
    vector = next((str(a["cvss"]) for a in advisories if a.get("cvss")), "")
    methods = {"CVSS:3.0/": "CVSSv3", "CVSS:3.1/": "CVSSv31", "CVSS:4.0/": "CVSSv4"}
    if method := methods.get(vector[:9]):
        rating |= {"method": method, "vector": vector}
    return rating


def _urls(advisories: Any, references: Any) -> list[str]:
    given = (str(url) for url in (*(a.get("url") for a in advisories), *references) if url)
    return [url for url in dict.fromkeys(given) if url.startswith(("https://", "http://")) and len(url) <= _MOST_URL]
