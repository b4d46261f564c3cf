"""OpenVEX 0.2.0: a statement for each vulnerability in a package of one asset, for scanners that look at the same asset.

A scanner knows a package by its package URL and no asset by name, so the package is the product; what is said of it holds
for this asset alone, which is why a document is of one. Where it has ended, the asset is the product that is fixed: the
package's version is not. As in CycloneDX, only what a person said is a verdict, and an accepted risk stays `affected`.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from vallum_engine.model.statement import AFFECTED, FIXED, NOT_AFFECTED, UNDECIDED, Statement
from vallum_engine.sbom import openvex
from vallum_web.findings.files.row import About, Record, Row, iso, json, opened
from vallum_web.findings.models import Decision, Finding

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
        head = openvex.head(identifier=f"urn:uuid:{about.id}", author=about.org, at=iso(about.at) or "")
        return opened(head) + b'"statements":[\n'

    def line(self, row: Row) -> bytes:
        return json(statement(row))

    def tail(self, about: About, record: Record) -> Iterator[bytes]:  # noqa: ARG002 - the format's form
        yield b"\n]}\n"


def statement(row: Row) -> Json:
    finding, data = row.finding, row.finding.data
    package = data.get("package") or {}
    return openvex.statement(
        _said(row),
        names=openvex.names(finding.rule, data.get("advisories") or ()),
        products=[_product(finding, str(package.get("purl") or ""))],
        identifier=row.url,
        notes=f"In {row.asset}: {finding.package or finding.path}.",
    )


def _product(finding: Finding, purl: str) -> Json:
    named: Json = openvex.product(purl) if purl else {}
    if named and finding.status != Finding.Status.RESOLVED:
        return named
    return {"@id": f"urn:uuid:{finding.asset_id}", **({"subcomponents": [named]} if named else {})}


def _said(row: Row) -> Statement:
    finding, decision = row.finding, row.decision
    if finding.status == Finding.Status.RESOLVED:
        return Statement(status=FIXED, at=iso(finding.resolved_at) or "")
    if decision is None:
        return Statement(status=UNDECIDED, at=iso(finding.opened_at) or "")
    at, words = iso(decision.made_at) or "", _words(decision)
    if decision.reason == _REASON.RISK_ACCEPTED:
        return Statement(status=AFFECTED, words=words, at=at)
    justification = decision.justification or _JUSTIFIED.get(decision.reason, "")
    return Statement(status=NOT_AFFECTED, justification=justification, words=words, at=at)


def _words(decision: Decision) -> str:
    told = [decision.get_reason_display(), decision.get_justification_display() if decision.justification else ""]
    until = f" Until {decision.until.isoformat()}." if decision.until else ""
    return ". ".join(text for text in told if text) + (f": {decision.note}" if decision.note else ".") + until
