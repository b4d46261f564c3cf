"""Vulnerable packages that nothing mends yet, set aside for who cannot act on them: never silent, and never what is malicious."""

from vallum_engine.model.finding import Finding, Kind
from vallum_engine.model.report import Report
from vallum_engine.values import replace

REASON = "no fixed version is known, and --ignore-unfixed was asked for"


def set_aside(report: Report) -> Report:
    """The report with vulnerabilities without a fixed version among what is suppressed, each with that reason."""
    hidden = [replace(finding, reason=REASON) for finding in report.findings if _is_unfixed(finding)]
    suppressed = sorted(
        (*report.suppressed, *hidden),
        key=lambda each: (-each.severity.rank, each.locations[0], each.ruleset, each.rule, each.fingerprint),
    )
    return replace(
        report,
        findings=tuple(finding for finding in report.findings if not _is_unfixed(finding)),
        suppressed=tuple(suppressed),
        stats=replace(report.stats, suppressed=report.stats.suppressed + len(hidden)),
    )


def _is_unfixed(finding: Finding) -> bool:
    if finding.kind is not Kind.VULNERABILITY or finding.package is None:
        return False
    return not (finding.remediation and finding.remediation.upgrade_to)
