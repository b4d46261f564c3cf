"""What a gate asks about the findings of a report, compared with another one."""

from collections import Counter
from collections.abc import Iterator, Sequence

from vallum_engine.gate.decide import Doubt, Facts, Standing
from vallum_engine.model.finding import Finding, Kind
from vallum_engine.model.report import Report


def judged(report: Report, baseline: Report | None) -> Iterator[tuple[Finding, Facts]]:
    """Each finding with its facts, the suppressed ones last. What only a platform knows (risk, age, exploitation) is not there."""
    known = None if baseline is None else _Known(baseline, report)
    for suppressed, findings in ((False, report.findings), (True, report.suppressed)):
        for finding in findings:
            yield finding, facts(finding, suppressed=suppressed, new=None if known is None else known.is_new(finding))


def facts(finding: Finding, *, suppressed: bool, new: bool | None) -> Facts:
    return Facts(
        kind=finding.kind,
        severity=finding.severity,
        confidence=finding.confidence,
        fixable=fixable(finding),
        suppressed=suppressed,
        new=new,
    )


def fixable(finding: Finding) -> bool:
    """Only what is wrong with somebody else's package waits for a version of theirs."""
    if finding.kind is not Kind.VULNERABILITY:
        return True
    upgrade = finding.remediation is not None and bool(finding.remediation.upgrade_to)
    return upgrade or any(advisory.fixed for advisory in finding.advisories)


def standing(report: Report, baseline: Report | None, *, asked_for_new: bool) -> Standing:
    """How far a report can speak: what it did not look at, and what its baseline did not."""
    doubts = {Doubt.GAPS: _gaps(report)} if report.incomplete else {}
    no_baseline = ""
    if asked_for_new and baseline is None:
        no_baseline = "No baseline was given: nobody knows what is new."
    elif asked_for_new and baseline is not None and baseline.incomplete:
        no_baseline = "The baseline did not look everywhere: what it does not list may have been there."
    return Standing(doubts=doubts, no_baseline=no_baseline)


def _gaps(report: Report) -> str:
    gaps, errors = len(report.coverage.gaps), len(report.errors)
    parts = [
        *([f"{gaps:,} {'gap' if gaps == 1 else 'gaps'}"] if gaps else []),
        *([f"{errors:,} {'error' if errors == 1 else 'errors'}"] if errors else []),
        *(["a walk that broke off"] if not report.coverage.complete else []),
    ]
    return f"The scan did not look everywhere ({', '.join(parts)}): what it did not find may be there."


class _Known:
    """The findings of a baseline, by every name they go by. Of one with gaps, absence is no proof of being new."""

    def __init__(self, baseline: Report, report: Report) -> None:
        before = (*baseline.findings, *baseline.suppressed)
        self.names = {name for finding in before for name in _names(finding)}
        self.complete = not baseline.incomplete
        now = {name for finding in (*report.findings, *report.suppressed) for name in _names(finding)}
        # One that is under no name there any more may be the one that came under a new path here.
        self.moved = Counter(f.content for f in before if f.content and not now.intersection(_names(f)))

    def is_new(self, finding: Finding) -> bool | None:
        if self.names.intersection(_names(finding)):
            return False
        if finding.content and self.moved[finding.content] > 0:
            self.moved[finding.content] -= 1
            return False
        return True if self.complete else None


def _names(finding: Finding) -> Sequence[str]:
    return (finding.fingerprint, *finding.aliases)
