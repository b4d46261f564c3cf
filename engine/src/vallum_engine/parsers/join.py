"""Several reports as one: what two of them say is said once, and the account stays whole."""

from collections.abc import Iterable, Sequence
from dataclasses import fields

from vallum_engine.model.finding import Finding
from vallum_engine.model.report import Coverage, Report, Stats, ordered
from vallum_engine.values import replace


def joined(reports: Sequence[Report]) -> Report:
    """One report of all. Records = findings + merged + suppressed + passed + rejected holds of it as of each.

    Its silence proves something only where that of every single one does: a part that could not be read may hold
    what the others do not.
    """
    if len(reports) == 1:
        return reports[0]
    findings = _merged(finding for report in reports for finding in report.findings)
    suppressed = _merged(finding for report in reports for finding in report.suppressed)
    packages = sorted(
        {package for report in reports for package in report.packages},
        key=lambda p: (p.ecosystem, p.name, p.version, p.location),
    )
    again = sum(len(r.findings) + len(r.suppressed) for r in reports) - len(findings) - len(suppressed)
    stats = _added(report.stats for report in reports)
    formats = sorted({report.target["report"] for report in reports if "report" in report.target})
    return Report(
        findings=findings,
        suppressed=suppressed,
        coverage=Coverage(
            rulesets=tuple(
                sorted({r for report in reports for r in report.coverage.rulesets}, key=lambda r: (r.name, r.version))
            ),
            complete=all(report.coverage.complete for report in reports),
        ),
        errors=tuple(problem for report in reports for problem in report.errors),
        packages=tuple(packages),
        stats=replace(stats, packages=len(packages), suppressed=len(suppressed), merged=stats.merged + again),
        engine=max(report.engine for report in reports),
        target={"report": ", ".join(formats)} if formats else {},
    )


def _merged(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """By fingerprint, in the words of the one that says the worst, at the places of all."""
    found: dict[str, Finding] = {}
    for finding in findings:
        known = found.get(finding.fingerprint)
        if known is None:
            found[finding.fingerprint] = finding
            continue
        worst = max(known, finding, key=lambda f: f.severity.rank)
        places = tuple(sorted({*known.locations, *finding.locations}))
        found[finding.fingerprint] = replace(worst, locations=places)
    return ordered(found.values())


def _added(every: Iterable[Stats]) -> Stats:
    """Counts and times add up."""
    all_stats = tuple(every)
    return Stats(**{part.name: sum(getattr(stats, part.name) for stats in all_stats) for part in fields(Stats)})
