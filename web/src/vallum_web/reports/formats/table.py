"""CSV (RFC 4180): a line for each finding, for a spreadsheet, which computes nothing of it."""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from vallum_web.findings.files.row import About, Record, Row, confidence, iso, severity
from vallum_web.ui import spreadsheet

COLUMNS = (
    "id", "status", "severity", "risk", "kind", "rule", "title", "message", "asset", "path", "line", "places", "package",
    "package url", "upgrade to", "vulnerabilities", "cvss", "confidence", "opened at", "changed at", "resolved at", "due at",
    "exploited", "assignee", "ending",
    "suppressed because", "suppression note", "suppressed until", "rule set", "fingerprint", "address",
)  # fmt: skip


class Csv:
    content_type = "text/csv; charset=utf-8"
    suffix = "csv"
    between = b""

    def head(self, about: About) -> bytes:  # noqa: ARG002 - a table says nothing of itself: its first line is its header
        return spreadsheet.line(COLUMNS).encode()

    def line(self, row: Row) -> bytes:
        finding, decision, data = row.finding, row.decision, row.finding.data
        package, advisories = data.get("package") or {}, data.get("advisories") or ()
        cells: list[str | int] = [
            str(finding.pk), finding.status, severity(finding), finding.risk, finding.kind, finding.rule,
            finding.title, finding.message, row.asset, finding.path, finding.line, len(row.places) + row.more_places,
            finding.package, _text(package.get("purl")), _text((data.get("remediation") or {}).get("upgrade_to")),
            " ".join(dict.fromkeys(known for a in advisories for known in (_text(a.get("id")), *a.get("aliases", ())))),
            next((_text(a["cvss"]) for a in advisories if a.get("cvss")), ""),
            confidence(finding), _at(finding.opened_at), _at(finding.changed_at), _at(finding.resolved_at),
            _at(finding.due_at), "yes" if finding.exploited else "", row.assignee,
            finding.ending, decision.reason if decision else "", decision.note if decision else "",
            _at(decision.until) if decision else "", finding.ruleset, finding.fingerprint, row.url,
        ]  # fmt: skip
        return spreadsheet.line(cells).encode()

    def tail(self, about: About, record: Record) -> Iterator[bytes]:  # noqa: ARG002 - it ends with its last line
        return iter(())


def _text(value: Any) -> str:
    return str(value or "")


def _at(moment: date | datetime | None) -> str:
    if isinstance(moment, datetime):
        return iso(moment) or ""
    return moment.isoformat() if moment else ""
