"""Secrets in the history of a repository: what was found there, joined with what a scan of the files found.

A secret is the same finding wherever it stands, so its identity says nothing of the history. What a file holds today is
reported there, with the commits that wrote it; what only the history holds is reported by the rule set `secrets/history`,
of which the silence of a scan without history proves nothing.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from vallum_engine.detector import Hit
from vallum_engine.errors import EngineError
from vallum_engine.identity import fingerprint
from vallum_engine.marks import hidden, marks
from vallum_engine.model.file import File
from vallum_engine.model.finding import Commit, Finding, History, Remediation
from vallum_engine.model.report import Coverage, Exclusion, Report, RuleSet, Verdict, ordered
from vallum_engine.model.text import printable
from vallum_engine.secrets.detector import NAME, SecretsDetector
from vallum_engine.values import immutable, mutable, replace

PAST = f"{NAME}/history"
MOST_ROWS = 10_000
"""Versions that were not looked at, named one by one; the rest is counted."""
_GONE = ("Taking it out of the history needs every clone to be made anew: what ends the danger is the revocation.",)
_MOST_WHY = 500

Hits = Callable[[bytes], Sequence[Hit]]
Told = Callable[[int, str], Commit]
"""The commit of a number, as the one that wrote at a path."""


@immutable
class Sighting:
    """One content of the history: a version of a file, a message. Commits by their numbers, 0 the newest."""

    newest: int
    oldest: int
    newest_path: str
    oldest_path: str
    in_head: bool = False


@mutable
class _Trace:
    """One secret, from all the contents that hold it."""

    speaker: Finding
    last: int
    last_path: str
    first: int
    first_path: str
    in_head: bool

    def more(self, finding: Finding, seen: Sighting) -> None:
        if (seen.newest, seen.newest_path) < (self.last, self.last_path):
            self.last, self.last_path, self.speaker = seen.newest, seen.newest_path, finding
        if (-seen.oldest, seen.oldest_path) < (-self.first, self.first_path):
            self.first, self.first_path = seen.oldest, seen.oldest_path
        self.in_head = self.in_head or seen.in_head


@dataclass(kw_only=True)
class Past:
    """Takes contents in any order; the same contents give the same findings."""

    detector: SecretsDetector
    hits: Hits
    honour_ignores: bool = True
    ruleset: str = PAST
    contents: int = 0
    length: int = 0
    """Bytes that were read."""
    binary: int = 0
    _found: dict[str, _Trace] = field(default_factory=dict)
    _hidden: dict[str, _Trace] = field(default_factory=dict)
    _rows: list[Exclusion] = field(default_factory=list)
    _more_rows: int = 0
    _asked: int = 0

    def __post_init__(self) -> None:
        self.detector.see_with(self.hits)
        self._asked = len(self.detector.exclusions())

    def content(self, data: bytes, seen: Sighting) -> bool:
        """Look at one content; whether any rule had a look: where none had, none will at another path."""
        self.contents += 1
        self.length += len(data)
        hits = self.hits(data)
        if not hits and not self.detector.wants(seen.newest_path):
            return False
        told = marks(data) if self.honour_ignores else {}
        try:
            for finding in self.detector.detect(File(seen.newest_path, data), hits):
                self._add(finding, seen, told)
        except Exception as error:  # noqa: BLE001 - a detector is a plug-in: one bad one must not end the scan
            why = str(error) if isinstance(error, EngineError) else f"{type(error).__name__}: {error}"
            self.unread(seen.newest_path, why, failed=True)
        return True

    @property
    def findings(self) -> int:
        return len(self._found)

    def _add(self, finding: Finding, seen: Sighting, told: Mapping[int, Mapping[bytes, bytes]]) -> None:
        reasons = [hidden(finding, told.get(place.line, {})) for place in finding.locations]
        shown = tuple(place for place, why in zip(finding.locations, reasons, strict=True) if why is None)
        into = self._found if shown else self._hidden
        one = replace(
            finding,
            locations=shown or finding.locations,
            reason="" if shown else next((why for why in reasons if why), ""),
        )
        key = fingerprint(finding.identity)
        known = into.get(key)
        if known is None:
            into[key] = _Trace(one, seen.newest, seen.newest_path, seen.oldest, seen.oldest_path, seen.in_head)
        else:
            known.more(one, seen)

    def unread(self, path: str, why: str, *, failed: bool = False, covered: bool = False, hidden: bool = False) -> None:
        """Say that a content, or with an empty path something of the whole, was not looked at."""
        if path and len(self._rows) >= MOST_ROWS:
            self._more_rows += not covered
            return
        self._rows.append(
            Exclusion(
                path=path,
                ruleset=self.ruleset,
                verdict=Verdict.FAILED if failed else Verdict.SKIPPED,
                why=printable(why[:_MOST_WHY]),
                covered=covered,
                hidden=hidden,
            )
        )

    def joined(self, report: Report, commit: Told, *, commits: int) -> Report:
        """The report with the history of its findings, and with those that only the history holds."""
        present = {finding.fingerprint for finding in report.findings}
        settled = {finding.fingerprint for finding in report.suppressed} - present
        findings = [self._with_history(finding, commit) for finding in report.findings]
        suppressed = [self._with_history(finding, commit) for finding in report.suppressed]
        for key, trace in self._found.items():
            if key not in present and key not in settled:
                findings.append(self._gone(key, trace, commit))
        for key, trace in self._hidden.items():
            if key not in present and key not in settled and key not in self._found:
                suppressed.append(self._gone(key, trace, commit))
        return replace(
            report,
            findings=ordered(findings),
            suppressed=ordered(suppressed),
            coverage=self._coverage(report.coverage),
            stats=replace(
                report.stats,
                suppressed=len(suppressed),
                commits=commits,
                versions=self.contents,
            ),
        )

    def _with_history(self, finding: Finding, commit: Told) -> Finding:
        history = self._history(finding.fingerprint, commit)
        return replace(finding, history=history) if history else finding

    def _history(self, key: str, commit: Told) -> History | None:
        """From all that hold it, hidden or not."""
        traces = [trace for trace in (self._found.get(key), self._hidden.get(key)) if trace]
        if not traces:
            return None
        last = min(traces, key=lambda trace: (trace.last, trace.last_path))
        first = min(traces, key=lambda trace: (-trace.first, trace.first_path))
        return History(
            first=commit(first.first, first.first_path),
            last=commit(last.last, last.last_path),
            in_head=any(trace.in_head for trace in traces),
        )

    def _gone(self, key: str, trace: _Trace, commit: Told) -> Finding:
        finding = trace.speaker
        where = "still in HEAD" if trace.in_head else "only in history"
        steps = finding.remediation.steps[:-1] if finding.remediation else ()
        return replace(
            finding,
            fingerprint=key,
            ruleset=self.ruleset,
            message=f"{finding.title}, {where}: whoever can read the repository can use it.",
            remediation=finding.remediation if trace.in_head else Remediation(steps=(*steps, *_GONE)),
            history=self._history(key, commit),
        )

    def _coverage(self, coverage: Coverage) -> Coverage:
        if self._more_rows:
            self.unread("", f"{self._more_rows:,} more versions were not looked at")
        if self.binary:
            self._rows.append(
                Exclusion(
                    path=".git/",
                    ruleset=self.ruleset,
                    verdict=Verdict.SKIPPED,
                    why=f"{self.binary:,} binary versions",
                    covered=True,
                )
            )
        own = [replace(row, ruleset=self.ruleset) for row in self.detector.exclusions()[self._asked :]]
        rules = self.detector.rulesets()[0]
        spoken = RuleSet(name=self.ruleset, version=rules.version, rules=rules.rules)
        return replace(
            coverage,
            rulesets=tuple(sorted((*coverage.rulesets, spoken), key=lambda r: r.name)),
            exclusions=tuple(sorted({*coverage.exclusions, *self._rows, *own})),
        )
