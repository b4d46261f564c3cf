"""What one scan has to say: what it found, and where its silence counts."""

from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum

from vallum_engine.model.file import MIGHT_HOLD
from vallum_engine.model.finding import Finding
from vallum_engine.model.known import Known
from vallum_engine.model.layer import Layer
from vallum_engine.model.package import Package
from vallum_engine.values import immutable, made, replace


class Verdict(StrEnum):
    """What became of a rule set over a path."""

    RAN = "ran"
    FAILED = "failed"
    SKIPPED = "skipped"


@immutable
class RuleSet:
    """A set of rules that took part in a scan, at one version of rules and data.

    `rules` lists the rule ids it speaks for. `None` means every rule its name covers: an advisory database knows all
    advisories of its date, so a vulnerability that it no longer reports has ended.
    """

    name: str
    version: str
    rules: tuple[str, ...] | None


@immutable(order=True)
class Exclusion:
    """A path (a folder ends in `/`, the whole tree is `""`) that a rule set did not look at.

    `ruleset` is empty when it holds for all of them, and `packages` also stands for `packages/npm`. Only `covered`
    exclusions (binary files, ignored paths) leave coverage whole, and of these the `hidden` ones (ignored paths) say
    nothing about whether a problem there has ended.
    """

    path: str
    ruleset: str
    verdict: Verdict
    why: str
    covered: bool = False
    hidden: bool = False


@immutable
class Coverage:
    """Where a scan looked, by rule set.

    A rule set covers every path of a complete walk but its uncovered or hidden exclusions; a path that a complete walk did not
    meet is gone. An incomplete walk covers just the `paths` it names.
    """

    rulesets: tuple[RuleSet, ...] = ()
    complete: bool = True
    exclusions: tuple[Exclusion, ...] = ()
    paths: tuple[str, ...] = ()
    """The files that were read, sorted."""

    def speaks_for(self, ruleset: str, rule: str, path: str) -> bool:
        """Whether this scan's silence about `rule` at `path` means that the problem is not there."""
        if not any(s.name == ruleset and (s.rules is None or rule in s.rules) for s in self.rulesets):
            return False
        if not self.complete and path not in self.paths:
            return False
        return not any(
            (e.path in ("", path) or (e.path.endswith("/") and path.startswith(e.path)))
            and (e.ruleset in ("", ruleset) or ruleset.startswith(e.ruleset + "/"))
            for e in self.blind
        )

    @property
    def blind(self) -> tuple[Exclusion, ...]:
        """The exclusions under which a problem may still be: gaps, and what somebody chose to hide.

        A file stands here with what it might tell if it is a program (`bin/tool/go.buildinfo`), and with what it might hold if it
        is an archive (`lib/a.jar!/`).
        """
        own = [e for e in self.exclusions if e.hidden or not e.covered]
        files = [e for e in own if e.path and not e.path.endswith("/")]
        return (*own, *(replace(e, path=e.path + name) for e in files for name in MIGHT_HOLD))

    @property
    def gaps(self) -> tuple[Exclusion, ...]:
        """The exclusions that leave something unchecked."""
        return tuple(e for e in self.exclusions if not e.covered)


@immutable(order=True)
class Problem:
    """Something that went wrong or was cut short, in words for a person: what, where, what to do."""

    path: str
    what: str
    todo: str = ""


@immutable
class Stats:
    """Figures of a scan. Bytes are those read; seconds are wall time, told by the caller, who has the clock."""

    files: int = 0
    bytes: int = 0
    skipped: int = 0
    packages: int = 0
    suppressed: int = 0
    """Findings that somebody hid: by a comment, an ignore file, a baseline, an option; never silent."""
    commits: int = 0
    """Of a history: how many were looked through."""
    versions: int = 0
    """Of a history: contents that were read, each once."""
    records: int = 0
    """Of a foreign report: all that it holds, which is findings + suppressed + the three below."""
    merged: int = 0
    """Records that are another place of a finding, or the same one again."""
    passed: int = 0
    """Records by which all is well."""
    rejected: int = 0
    """Records that could not be taken; each is listed among the errors."""
    seconds: float = 0.0


Parts = tuple[Finding | None, Finding | None]
"""Of a finding what is still shown, and what is hidden with its reason."""


def ordered(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """As they stand in a report: the worst first, then by place, and the same for the same findings."""
    return tuple(sorted(findings, key=lambda f: (-f.severity.rank, f.locations[0], f.ruleset, f.rule, f.fingerprint)))


@immutable
class Report:
    """The outcome of one scan, sorted, so that equal scans give equal bytes."""

    findings: tuple[Finding, ...] = ()
    coverage: Coverage = made(factory=Coverage)
    errors: tuple[Problem, ...] = ()
    stats: Stats = made(factory=Stats)
    suppressed: tuple[Finding, ...] = ()
    """What somebody hid: counted and listed, never silent."""
    packages: tuple[Package, ...] = ()
    layers: tuple[Layer, ...] = ()
    """Of an image, from the lowest: what its locations name."""
    engine: str = ""
    """The version of the engine that made it; a reader of the wire fills it in."""
    advisories: Known | None = None
    """What packages were matched against; None where they were not."""
    target: Mapping[str, str] = made(factory=dict)
    """Facts about what was scanned that the caller knows: `name`, `url`, `branch`, `commit`."""

    @property
    def incomplete(self) -> bool:
        """Whether something that should have been looked at was not: absence of findings then proves nothing there."""
        return not self.coverage.complete or bool(self.coverage.gaps) or bool(self.errors)

    def hiding(self, why: Callable[[Finding], str]) -> "Report":
        """The report with the findings for which `why` has words among the suppressed, each with these for its reason."""

        def part(finding: Finding) -> Parts:
            reason = why(finding)
            return (None, replace(finding, reason=reason)) if reason else (finding, None)

        return self.parted(part)

    def parted(self, part: Callable[[Finding], Parts]) -> "Report":
        """The report with what `part` leaves of each finding, and what it hides of it among the suppressed."""
        shown: list[Finding] = []
        hidden = list(self.suppressed)
        for finding in self.findings:
            left, gone = part(finding)
            shown += [left] if left else []
            hidden += [gone] if gone else []
        return replace(
            self,
            findings=ordered(shown),
            suppressed=ordered(hidden),
            stats=replace(self.stats, suppressed=len(hidden)),
        )
