"""Vulnerable packages that nothing mends yet, set aside for who cannot act on them: never silent, and never what is malicious."""

from vallum_engine.model.finding import UNFIXED, Finding, Kind
from vallum_engine.model.report import Report


def set_aside(report: Report) -> Report:
    """The report with vulnerabilities without a fixed version among what is suppressed, each with that reason."""
    return report.hiding(lambda finding: UNFIXED if _is_unfixed(finding) else "")


def _is_unfixed(finding: Finding) -> bool:
    if finding.kind is not Kind.VULNERABILITY or finding.package is None:
        return False
    return not (finding.remediation and finding.remediation.upgrade_to)
