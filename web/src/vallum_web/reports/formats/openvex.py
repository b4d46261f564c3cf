"""OpenVEX 0.2.0: a statement for each vulnerability in a package of one asset, for scanners that look at the same asset.

A scanner knows a package by its package URL and no asset by name, so the package is the product; what is said of it holds
for this asset alone, which is why a document is of one. Where it has ended, the asset is the product that is fixed: the
package's version is not. As in CycloneDX, only what a person said is a verdict, and an accepted risk stays `affected`.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from vallum_engine import VERSION
from vallum_web.findings.models import Decision, Finding
from vallum_web.reports.formats.row import About, Record, Row, iso, json, opened

Json = dict[str, Any]
_REASON = Decision.Reason
_JUSTIFICATION = Decision.Justification
_JUSTIFIED: Mapping[str, str] = {
    _REASON.NOT_REACHABLE: _JUSTIFICATION.NOT_IN_PATH.value,
    _REASON.TEST_DATA: _JUSTIFICATION.CODE_NOT_PRESENT.value,
}
"""What a reason means where no justification was chosen; a justification is OpenVEX's own word already."""


class OpenVex:
    content_type = "application/json"
    suffix = "openvex.json"
    between = b",\n"

    def head(self, about: About) -> bytes:
        document: Json = {
            "@context": "https://openvex.dev/ns/v0.2.0",
            "@id": f"urn:uuid:{about.id}",
            "author": about.org,
            "role": "Document Creator",
            "timestamp": iso(about.at),
            "version": 1,
            "tooling": f"Vallum {VERSION}",
        }
        return opened(document) + b'"statements":[\n'

    def line(self, row: Row) -> bytes:
        return json(statement(row))

    def tail(self, about: About, record: Record) -> Iterator[bytes]:  # noqa: ARG002 - the format's form
        yield b"\n]}\n"


def statement(row: Row) -> Json:
    finding, data = row.finding, row.finding.data
    package = data.get("package") or {}
    known = [str(i) for a in data.get("advisories") or () for i in (a.get("id"), *a.get("aliases", ())) if i]
    aliases = [name for name in dict.fromkeys(known) if name != finding.rule]
    vulnerability: Json = {"name": finding.rule, **({"aliases": aliases} if aliases else {})}
    where = f"In {row.asset}: {finding.package or finding.path}."
    said = _verdict(row)
    return {
        "@id": row.url,
        "vulnerability": vulnerability,
        "products": [_product(finding, str(package.get("purl") or ""))],
        "status_notes": where,
        **{name: value for name, value in said.items() if value},
    }


def _product(finding: Finding, purl: str) -> Json:
    named: Json = {"@id": purl, "identifiers": {"purl": purl}} if purl else {}
    if named and finding.status != Finding.Status.RESOLVED:
        return named
    return {"@id": f"urn:uuid:{finding.asset_id}", **({"subcomponents": [named]} if named else {})}


def _verdict(row: Row) -> Json:
    finding, decision = row.finding, row.decision
    if finding.status == Finding.Status.RESOLVED:
        return {"status": "fixed", "timestamp": iso(finding.resolved_at)}
    if decision is None:
        return {"status": "under_investigation", "timestamp": iso(finding.opened_at)}
    at, words = iso(decision.made_at), _words(decision)
    if decision.reason == _REASON.RISK_ACCEPTED:
        return {"status": "affected", "timestamp": at, "action_statement": words, "action_statement_timestamp": at}
    justification = decision.justification or _JUSTIFIED.get(decision.reason, "")
    return {"status": "not_affected", "timestamp": at, "justification": justification, "impact_statement": words}


def _words(decision: Decision) -> str:
    told = [decision.get_reason_display(), decision.get_justification_display() if decision.justification else ""]
    until = f" Until {decision.until.isoformat()}." if decision.until else ""
    return ". ".join(text for text in told if text) + (f": {decision.note}" if decision.note else ".") + until
