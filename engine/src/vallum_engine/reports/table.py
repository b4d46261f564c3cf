"""The report for a terminal: worst first, then what was scanned, what was not, and what to do."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from vallum_engine.model.finding import (
    BY_VEX,
    IGNORED,
    IN_BASELINE,
    UNFIXED,
    Commit,
    Finding,
    History,
    Location,
    PackageRef,
    Severity,
)
from vallum_engine.model.graph import FIRST_STEPS
from vallum_engine.model.report import Exclusion, Report, Stats
from vallum_engine.model.text import size
from vallum_engine.model.verification import Liveness, Verification

_INDENT = "   "
_HIDERS = (
    (IN_BASELINE, "by the baseline"),
    (IGNORED, "by ignores of advisories"),
    (BY_VEX, "by VEX documents"),
    (UNFIXED, "by --ignore-unfixed"),
)
_HIDDEN = (
    ("by vallum:ignore", " (--no-ignore shows them)"),
    ("by ignores of advisories", " (--no-ignore shows them)"),
    ("by VEX documents", ""),
    ("by the baseline", ""),
    ("by --ignore-unfixed", ""),
)
_PLACES = 5
_STEPS = 3
_COLOUR = {
    Severity.CRITICAL: "1;97;41",
    Severity.HIGH: "1;31",
    Severity.MEDIUM: "33",
    Severity.LOW: "36",
    Severity.INFO: "2",
}


def render(report: Report, *, width: int = 100, colour: bool = False) -> bytes:
    """The whole report, nothing left out but further places of one finding, which are counted."""
    table = _Table(report, max(width, 40), colour=colour)
    lines = [*table.findings(report.findings), *table.summary(report)]
    return ("\n".join(lines) + "\n").encode("utf-8", "backslashreplace")


_RESULTS = {
    Liveness.LIVE: "Live",
    Liveness.REVOKED: "Revoked",
    Liveness.UNKNOWN: "Unknown whether it is live",
}
_WORKS = {Liveness.LIVE: "1;31"}


class _Table:
    def __init__(self, report: Report, width: int, *, colour: bool) -> None:
        self.width = min(width, 120)
        self.colour = colour
        self.layers = {layer.name: layer.number for layer in report.layers}

    def findings(self, findings: Sequence[Finding]) -> Iterator[str]:
        for severity, group in groupby(findings, key=_severity):
            members = tuple(group)
            yield self.painted(f" {severity.value[0].upper()} ", _COLOUR[severity]) + self.painted(
                f" {severity.value} ({len(members)})", "1"
            )
            for same in _alike(members):
                yield from self.block(same)
            yield ""

    def block(self, same: Sequence[Finding]) -> Iterator[str]:
        """Findings that say the same of several places: said once."""
        finding = same[0]
        yield from self.wrapped(f"{_subject(finding)}  [{finding.rule}]", style="1")
        for each in same:
            yield from self.places(each)
            if each.history:
                yield from self.wrapped(f"  {_past(each.history)}")
            if told := each.verification:
                yield from self.wrapped(f"  {_verified(told)}", style=_WORKS.get(told.result, ""))
        exploited = finding.exploitation.sentence if finding.exploitation else ""
        reached = finding.reachability.sentence if finding.reachability else ""
        for said in (exploited, _came(finding.package), reached, *sorted({each.lapsed for each in same})):
            if said:
                yield from self.wrapped(f"  {said}")
        if remedy := finding.remediation:
            for step in remedy.steps[:_STEPS]:
                yield from self.wrapped(f"  > {step}")
            if remedy.revoke:
                yield from self.wrapped(f"  > Revoke it at {remedy.revoke}")

    def places(self, finding: Finding) -> Iterator[str]:
        for location in finding.locations[:_PLACES]:
            evidence = self.painted(f"  {_shown(finding.evidence)}", "2") if finding.evidence else ""
            layer = self.painted(self.layer(location), "2")
            yield f"{_INDENT}  " + self.painted(_shown(_place(location)), "4") + layer + evidence
        if len(finding.locations) > _PLACES:
            yield f"{_INDENT}  and {len(finding.locations) - _PLACES:,} more places"

    def layer(self, location: Location) -> str:
        """Which layer of an image a place is in, by its number."""
        number = self.layers.get(location.layer)
        if number is None:
            return ""
        return f"  (layer {number} only, hidden by a later one)" if location.lower else f"  (layer {number})"

    def named_layers(self, report: Report) -> Iterator[str]:
        """The layers that findings are in, lowest first."""
        named = {layer.name for finding in report.findings for layer in finding.layers}
        for layer in report.layers:
            if layer.name in named:
                base = ", of the base image" if layer.base else ""
                made = f": {layer.created_by}" if layer.created_by else ""
                yield from self.wrapped(
                    f"Layer {layer.number} ({layer.digest[:19] or 'no digest'}{base}){made}", indent=""
                )

    def summary(self, report: Report) -> Iterator[str]:
        stats = report.stats
        yield from self.named_layers(report)
        yield self.painted(_counted(report.findings), "1")
        packages = f", {_number(stats.packages, 'package')}" if stats.packages else ""
        seconds = f" in {stats.seconds:.1f} s" if stats.seconds else ""
        foreign = "report" in report.target
        verb = f"Read as {report.target['report']}:" if foreign else "Scanned"
        yield from self.wrapped(
            f"{verb} {_number(stats.files, 'file')}, {size(stats.bytes)}{packages}{seconds}.", indent=""
        )
        if foreign:
            yield _account(stats)
        if report.advisories and stats.packages and (age := report.advisories.sentence):
            yield from self.wrapped(age, indent="")
        if stats.commits:
            versions = _number(stats.versions, "content")
            yield f"Looked back over {_number(stats.commits, 'commit')}, {versions}."
        if report.suppressed:
            yield _hidden(report.suppressed, foreign=foreign)
        yield from self.wrapped(_left_out(report.coverage.exclusions), indent="")
        yield from self.gaps(report)

    def gaps(self, report: Report) -> Iterator[str]:
        foreign = "report" in report.target
        # Of a foreign report, a part without errors is what it was meant to be.
        if not report.incomplete or (foreign and not report.errors):
            return
        yield ""
        what = "imported" if foreign else "scanned: nothing found there proves nothing"
        yield self.painted(f"Not everything was {what}.", "1;33")
        said = {(error.path, error.what.partition(": ")[2]) for error in report.errors}
        for error in report.errors:
            where = f"{error.path}: " if error.path else ""
            yield from self.wrapped(f"! {where}{_sentence(error.what)} {error.todo}".rstrip(), indent="")
        for gap in report.coverage.gaps:
            if (gap.path, gap.why) not in said:
                rules = f" ({gap.ruleset})" if gap.ruleset else ""
                yield from self.wrapped(f"! {gap.path or 'everything'}{rules}: {gap.why}", indent="")

    def wrapped(self, text: str, *, style: str = "", indent: str = _INDENT) -> Iterator[str]:
        """`text` over as many lines as it needs; paths and ids are never cut, so that they can be copied."""
        lead = text[: len(text) - len(text.lstrip())]
        from textwrap import wrap  # noqa: PLC0415 - 1 ms that a scan without findings must not pay

        lines = wrap(
            _shown(text.strip()),
            self.width,
            initial_indent=indent + lead,
            subsequent_indent=indent + lead + "  ",
            break_long_words=False,
            break_on_hyphens=False,
        )
        return (self.painted(line, style) for line in lines)

    def painted(self, text: str, style: str) -> str:
        return f"\x1b[{style}m{text}\x1b[0m" if self.colour and style else text


def _alike(findings: Sequence[Finding]) -> Iterable[list[Finding]]:
    """Findings of one rule, package and remedy together, in the order in which the first of each came."""
    groups: dict[object, list[Finding]] = {}
    for finding in findings:
        groups.setdefault((finding.rule, finding.title, finding.package, finding.remediation), []).append(finding)
    return groups.values()


def _severity(finding: Finding) -> Severity:
    return finding.severity


def _shown(text: str) -> str:
    """Without control characters: a scanned file must not speak to the terminal."""
    return text if text.isprintable() else "".join(char if char.isprintable() else " " for char in text)


def _subject(finding: Finding) -> str:
    package = finding.package
    if package is None:
        return finding.title
    return f"{package.name} {package.version}: {finding.title.removeprefix(f'{package.name}: ')}"


def _came(package: PackageRef | None) -> str:
    """How a package came in, where that is more than being asked for: the way to it, and that it is for development."""
    if package is None:
        return ""
    path = list(package.path)
    if package.cut:
        path.insert(FIRST_STEPS, f"… {package.cut:,} more …")
    way = f"By {' → '.join(path)}" if len(path) > 2 else ""
    if not package.dev:
        return way
    return f"{way} (development only)" if way else "Development only"


def _verified(told: Verification) -> str:
    return f"{_RESULTS[told.result]}: {told.host} {told.reason} ({told.at})"


def _past(history: History) -> str:
    first, last = _written(history.first), _written(history.last)
    span = f"written by {first}" if first == last else f"first by {first}, last by {last}"
    return f"In HEAD, {span}" if history.in_head else f"Only in history, {span}"


def _written(commit: Commit) -> str:
    return f"{commit.id[:12]} ({commit.date[:10] or 'no date'})"


def _place(location: Location) -> str:
    return f"{location.path}:{location.line}"


def _number(count: int, noun: str) -> str:
    return f"{count:,} {noun}" + ("" if count == 1 else "s")


def _counted(findings: Sequence[Finding]) -> str:
    if not findings:
        return "No findings."
    counts = Counter(finding.severity for finding in findings)
    parts = ", ".join(f"{counts[severity]:,} {severity.value}" for severity in Severity if counts[severity])
    return f"{_number(len(findings), 'finding')}: {parts}."


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?", "…")) else f"{text}."


def _account(stats: Stats) -> str:
    """What became of the records of a foreign report."""
    others = {
        "the same again": stats.merged,
        "with nothing wrong": stats.passed,
        "hidden": stats.suppressed,
        "that could not be read": stats.rejected,
    }
    rest = "".join(f", {count:,} {what}" for what, count in others.items() if count)
    found = stats.records - sum(others.values())
    return f"{_number(stats.records, 'record')}: {_number(found, 'finding')}{rest}."


def _hidden(suppressed: Sequence[Finding], *, foreign: bool) -> str:
    if foreign:
        return f"Hidden by who ran the tool: {_number(len(suppressed), 'finding')}."
    counts = Counter(_hidden_by(finding.reason) for finding in suppressed)
    parts = (f"{by}: {_number(counts[by], 'finding')}{more}" for by, more in _HIDDEN if counts[by])
    return f"Hidden {', '.join(parts)}."


def _hidden_by(reason: str) -> str:
    return next((by for start, by in _HIDERS if reason.startswith(start)), "by vallum:ignore")


def _left_out(exclusions: Iterable[Exclusion]) -> str:
    counts = Counter(_reason(item) for item in exclusions if item.covered)
    if not counts:
        return ""
    parts = ", ".join(f"{count:,} {why}" for why, count in sorted(counts.items()))
    return f"Left out on purpose: {parts}."


def _reason(item: Exclusion) -> str:
    """The kind of a reason: `.vallumignore:3` and `.vallumignore:9` are one, and a detector's own notes are another."""
    if item.ruleset:
        return f"noted by {item.ruleset} (listed in --format json)"
    for mark in (".vallumignore", ".gitignore", ".git/info/exclude"):
        if mark + ":" in item.why:
            return f"by {mark}"
    return item.why
