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

from vallum_engine.sbom.cyclonedx_vex import JUSTIFICATIONS, Told, component, vulnerability
from vallum_engine.sbom.cyclonedx_vex import head as document
from vallum_web.findings.files.row import About, Record, Row, iso, json, opened, severity
from vallum_web.findings.models import Decision, Finding

Json = dict[str, Any]
_REASON = Decision.Reason
_ANALYSES: Mapping[str, Json] = {
    _REASON.FALSE_POSITIVE: {"state": "false_positive"},
    _REASON.NOT_REACHABLE: {"state": "not_affected", "justification": "code_not_reachable"},
    _REASON.TEST_DATA: {"state": "not_affected", "justification": "code_not_present"},
    _REASON.RISK_ACCEPTED: {"state": "exploitable", "response": ["will_not_fix"]},
}


class CycloneDx:
    content_type = "application/vnd.cyclonedx+json; version=1.6"
    suffix = "cdx.json"
    between = b",\n"

    def head(self, about: About) -> bytes:
        metadata = {
            "timestamp": iso(about.at),
            "properties": [
                {"name": "vallum:organization", "value": about.org},
                {"name": "vallum:filters", "value": about.words},
            ],
        }
        return opened(document(identifier=f"urn:uuid:{about.id}", metadata=metadata)) + b'"vulnerabilities":[\n'

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
        yield between + json(component(ref, package))
        between, last = b",", ref


def _ref(asset: UUID, package: Mapping[str, Any] | None) -> str:
    """An asset's own copy of a package; the asset itself where no package is named."""
    if not package or not package.get("name"):
        return str(asset)
    return f"{asset}/{package.get('purl') or '@'.join((str(package['name']), str(package.get('version') or '')))}"


def _vulnerability(row: Row) -> Json:
    finding = row.finding
    told = Told(
        ref=str(finding.pk),
        rule=finding.rule,
        title=finding.title,
        message=finding.message,
        severity=severity(finding),
        facts=finding.data,
        analysis=analysis(row),
        affects=_ref(finding.asset_id, finding.data.get("package")),
        properties={
            "vallum:fingerprint": finding.fingerprint,
            "vallum:risk": str(finding.risk),
            "vallum:url": row.url,
        },
    )
    return vulnerability(told)


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
        said = {"state": "not_affected", "justification": JUSTIFICATIONS[decision.justification]}
        words = f"{words}. {decision.get_justification_display()}"
    until = f" Until {decision.until.isoformat()}." if decision.until else ""
    detail = f"{words}: {decision.note}" if decision.note else f"{words}."
    return {**said, "detail": detail + until, **_moments(decision.made_at)}


def _moments(at: datetime | None) -> Json:
    return {"lastUpdated": iso(at)} if at else {}
