"""scan(): every detector over every file of a source, and an account of where silence counts."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial

from vallum_engine import VERSION
from vallum_engine.detector import (
    Again,
    Detector,
    Hit,
    LooksAgain,
    LooksBelow,
    MatchesAdvisories,
    ReadsFormats,
    ReadsText,
    ReadTwice,
    TellsOfPackages,
    Tree,
    Unwraps,
    joining,
)
from vallum_engine.errors import EngineError
from vallum_engine.marks import Marks, hidden, marks
from vallum_engine.merging import Merged, in_order, merge
from vallum_engine.model.file import File, Skipped
from vallum_engine.model.finding import Finding
from vallum_engine.model.layer import Layer
from vallum_engine.model.package import Package
from vallum_engine.model.placement import Placement, named, without_secrets
from vallum_engine.model.report import Coverage, Exclusion, Problem, Report, RuleSet, Stats, Verdict
from vallum_engine.model.text import printable
from vallum_engine.recall import NOTHING, Asked, Known, Outcome, Share, Unrecorded
from vallum_engine.triggers import Database, Hits
from vallum_engine.values import replace

MOST_MARKS = 100_000
"""Ids kept until the end of a scan, for what detectors conclude: beyond, marks are not honoured and findings show."""
PROGRESS_EVERY = 256
_BINARY = "binary"
MOST_WHY = 500
"""Letters of a reason: it may quote the file, and the file may be hostile."""

Item = File | Skipped | Layer | Known | Share
Progress = Callable[[int, int, int], None]
"""Called now and then with files, bytes and findings so far."""


def scan(  # noqa: PLR0913 - what is scanned, by what, and how, each asked by one caller or another
    source: Iterable[Item],
    detectors: Sequence[Detector],
    *,
    triggers: Database,
    honour_ignores: bool = True,
    progress: Progress | None = None,
    target: Mapping[str, str] | None = None,
    recall: Unrecorded = NOTHING,
) -> Report:
    """Run every detector over every file; say what was found, and what was looked at.

    `triggers` must have been collected from these `detectors`, in this order. A detector that fails on a file covers
    nothing *there*: elsewhere its word stands. A source that breaks off leaves an incomplete walk. Raises nothing of a
    detector's or a source's; the report says it. `recall` is told what came of each file, and stands for those that the source
    says are Known. What else a source or a `recall` raises is for the caller of both.
    """
    make = partial(_Builder, detectors, triggers, recall, honour_ignores=honour_ignores)
    builder = make()
    recall.works_by(partial(_share, make))
    try:
        builder.take(source, progress)
    except (EngineError, OSError) as error:
        builder.broke_off(error)
    if isinstance(source, ReadTwice) and builder.complete:
        builder.look_again(source.again)
    builder.conclude()
    if progress:
        progress(builder.files, builder.bytes, len(builder.found))
    return builder.report(target or {})


class _Builder:
    def __init__(
        self, detectors: Sequence[Detector], triggers: Database, recall: Unrecorded, *, honour_ignores: bool
    ) -> None:
        self.detectors = detectors
        self.recall = recall
        self.triggers = triggers
        self.honour_ignores = honour_ignores
        self.files = 0
        self.bytes = 0
        self.complete = True
        self.paths: list[str] = []
        self.found: dict[str, Merged] = {}
        self.hidden: dict[str, Merged] = {}
        self.exclusions: list[Exclusion] = []
        self.problems: list[Problem] = []
        self.skips = 0
        self.marks: dict[str, Marks] = {}
        self.kept_marks = 0
        for position, detector in enumerate(detectors):
            if isinstance(detector, Unwraps):
                detector.see_with(partial(_own_hits, triggers, position))
        self.layers: list[Layer] = []
        self.packages: Sequence[Package] = ()
        self.placement = Placement()
        self.lower_paths: set[str] = set()
        self.wants = [detector.wants for detector in detectors]
        self.reads = [detector.reads for detector in detectors if isinstance(detector, ReadsFormats)]
        self.joining = joining(detectors)
        self.textual = [d for d in detectors if isinstance(d, ReadsText) and d.reads_text]
        self.below = [d for d in detectors if isinstance(d, LooksBelow) and d.looks_below]

    def take(self, source: Iterable[Item], progress: Progress | None = None) -> None:
        for item in source:
            if isinstance(item, File):
                self.file(item)
                if not progress or self.files % PROGRESS_EVERY:
                    continue
            elif isinstance(item, Skipped):
                self.skipped(item)
                continue
            elif isinstance(item, Known):
                self.known(item)
            elif isinstance(item, Share):
                self.shared(item)
            else:
                self.layers.append(item)
            if progress:
                progress(self.files, self.bytes, len(self.found))

    def file(self, file: File) -> None:
        asked = self.asked(file)
        if self.recall.again:
            self.remember(file, self.detect(file, asked))
            return
        if file.binary and not self.looked_into(file, [detector for detector, _ in asked]):
            return
        self.files += 1
        self.bytes += len(file.data)
        self.recall.read(file)
        if file.lower:
            self.lower_paths.add(file.path)
        else:
            self.paths.append(file.path)
            if file.layer:
                self.placement.note(file)
        if not asked:
            return
        self.recall.asked(detector for detector, _ in asked)
        self.remember(file, self.detect(file, asked))

    def asked(self, file: File) -> Asked:
        """The detectors that have something to look for in a file, each with its hits."""
        hits = None if file.binary else self.hits(file)
        asked: Asked = []
        for index, wants in enumerate(self.wants):
            own = hits.get(index, ()) if hits else ()
            if own or wants(file.path):
                asked.append((self.detectors[index], own))
        return [pair for pair in asked if pair[0] in self.below] if file.lower else asked

    def detect(self, file: File, asked: Asked) -> Marks:
        """What the detectors find in a file, and the marks that hide some of it."""
        own_marks = marks(file.data) if asked and self.honour_ignores and not file.binary else {}
        if own_marks:
            self.recall.void()
        for detector, own in self.recall.chosen(asked):
            try:
                for finding in detector.detect(file, own):
                    self.recall.found(detector, file.path, finding)
                    self.add(self.placement.at_once(finding, file), {file.path: own_marks})
            except Exception as error:  # noqa: BLE001 - a detector is a plug-in: one bad one must not end the scan
                self.uncovered(detector.name, file.path, error)
        return own_marks

    def known(self, item: Known) -> None:
        """Files that are what they were: what was said of them is said again."""
        self.files += len(item.paths)
        self.bytes += item.size
        self.paths += item.paths
        for path in item.binary:
            self.skipped(Skipped(path, _BINARY, covered=True))
        for said in item.said:
            self.files += len(said.files)
            for path, size in said.files:
                self.bytes += size
                self.paths.append(path)
            for left in said.skips:
                self.skipped(left)
            self.exclusions += said.exclusions
            for finding in said.findings:
                self.add(finding, {})

    def shared(self, share: Share) -> None:
        """What another process has to say of its files."""
        self.files += share.files
        self.bytes += share.bytes
        self.skips += share.skips
        self.paths += share.paths
        self.exclusions += share.exclusions
        self.problems += share.problems
        for into, findings in ((self.found, share.found), (self.hidden, share.hidden)):
            for speaker, places in findings:
                merge(into, speaker, places)

    def share(self, rows: Sequence[Exclusion]) -> Share:
        """What there is to say so far. `rows`: what the detectors left out."""
        found, hidden = (
            [(one.speaker, tuple(sorted(one.places))) for one in into.values()] for into in (self.found, self.hidden)
        )
        exclusions = [*self.exclusions, *rows]
        return Share(self.files, self.bytes, self.skips, self.paths, found, hidden, exclusions, self.problems)

    def hits(self, file: File) -> Hits:
        structured = False
        for reads in self.reads:
            structured = structured or reads(file.path)
        return self.triggers.hits(file.data, structured=structured)

    def looked_into(self, file: File, asked: Sequence[Detector]) -> bool:
        """Whether anybody asks for a binary file. For the others leaving it out is the answer, as it is for a source."""
        if not asked:
            self.skipped(Skipped(file.path, _BINARY, covered=True))
            return False
        rows = [
            Exclusion(path=file.path, ruleset=d.name, verdict=Verdict.SKIPPED, why=_BINARY, covered=True)
            for d in self.detectors
            if d not in asked
        ]
        self.recall.excluded(rows)
        self.exclusions += rows
        return True

    def remember(self, file: File, told: Marks) -> None:
        """Keep the marks of a file that a detector asked for by name, if it may speak of its lines in the end."""
        if not told or file.lower or not any(detector.wants(file.path) for detector in self.joining):
            return
        size = sum(1 + len(rules) for rules in told.values())
        if file.path not in self.marks and self.kept_marks + size <= MOST_MARKS:
            self.kept_marks += size
            self.marks[file.path] = told

    def add(self, finding: Finding, told: Mapping[str, Marks]) -> None:
        """With a reason the detector itself sets it aside, as its own exceptions ask."""
        reasons = {
            place: why
            for place in finding.locations
            if (why := hidden(finding, told.get(place.path, {}).get(place.line, {}))) is not None
        }
        if not reasons:
            merge(self.hidden if finding.reason else self.found, finding)
            return
        reason = next(filter(None, reasons.values()), "")
        merge(self.hidden, replace(finding, locations=tuple(reasons), reason=reason))
        shown = tuple(place for place in finding.locations if place not in reasons)
        if shown:
            merge(self.found, replace(finding, locations=shown))

    def skipped(self, item: Skipped) -> None:
        if self.recall.again:
            return
        self.recall.left(item)
        self.skips += 1
        if item.why == _BINARY and self.textual:
            for detector in self.textual:
                if detector.wants(item.path):
                    self.failed(detector.name, item.path, "no text: it holds NUL bytes. Write it anew.")
        self.exclusions.append(
            Exclusion(
                path=item.path,
                ruleset="",
                verdict=Verdict.SKIPPED,
                why=item.why,
                covered=item.covered,
                hidden=item.hidden,
            )
        )

    def uncovered(self, name: str, path: str, error: Exception) -> None:
        why = _short(str(error) if isinstance(error, EngineError) else f"{type(error).__name__}: {error}")
        self.recall.failed(name, path, why)
        self.failed(name, path, why)

    def failed(self, name: str, path: str, why: str) -> None:
        self.problems.append(Problem(path=path, what=f"{name}: {why}", todo="The rest of the scan stands."))
        self.exclusions.append(Exclusion(path=path, ruleset=name, verdict=Verdict.FAILED, why=why))

    def broke_off(self, error: Exception) -> None:
        self.complete = False
        self.recall.broke_off()
        self.problems.append(
            Problem(path="", what=_short(f"The walk broke off: {error}"), todo="Mend the cause and scan again.")
        )

    def look_again(self, again: Again) -> None:
        unread = [e.path for e in self.exclusions if not e.covered]
        for detector in self.detectors:
            if isinstance(detector, LooksAgain) and not self.recall.outcome(detector):
                detector.look_again(Tree(sorted(self.paths), sorted(unread), again))

    def conclude(self) -> None:
        """Who tells more of packages comes last: it needs what the others met."""
        for detector in sorted(self.detectors, key=lambda one: isinstance(one, TellsOfPackages)):
            if outcome := self.recall.outcome(detector):
                self.concluded_before(detector, outcome)
                continue
            try:
                if isinstance(detector, TellsOfPackages):
                    self.packages = detector.told(self.packages)
                found = list(detector.conclude())
                for finding in found:
                    self.add(self.placement.later(finding), self.marks)
                rows, packages = detector.exclusions(), detector.packages()
                self.exclusions.extend(rows)
                self.packages = [*self.packages, *packages]
                self.recall.concluded(detector, found, rows, packages)
            except Exception as error:  # noqa: BLE001 - a detector is a plug-in: one bad one must not end the scan
                self.uncovered(detector.name, "", error)
                self.recall.broke_off()

    def concluded_before(self, detector: Detector, outcome: Outcome) -> None:
        """What a detector concluded from files that are what they were."""
        for path, finding in outcome.sightings:
            self.add(finding, {} if path else self.marks)
        for path, why in outcome.failures:
            self.failed(detector.name, path, why)
        self.exclusions.extend(outcome.exclusions)
        self.packages = [*self.packages, *outcome.packages]

    def rulesets(self) -> Iterator[RuleSet]:
        for detector in self.detectors:
            outcome = self.recall.outcome(detector)
            own = outcome.rulesets if outcome else detector.rulesets()
            self.recall.took_part(detector, own)
            yield from own

    def report(self, target: Mapping[str, str]) -> Report:
        packages = [self.placement.package(package) for package in self.packages]
        findings, suppressed = in_order(self.found), in_order(self.hidden)
        layers = without_secrets(self.layers, (*findings, *suppressed))
        return Report(
            findings=tuple(named(finding, layers) for finding in findings),
            suppressed=tuple(named(finding, layers) for finding in suppressed),
            layers=layers,
            coverage=Coverage(
                rulesets=tuple(sorted(self.rulesets(), key=lambda r: r.name)),
                complete=self.complete,
                exclusions=tuple(sorted(set(self.exclusions))),
                paths=tuple(sorted(self.lower_paths.union(self.paths) if self.lower_paths else self.paths)),
            ),
            errors=tuple(sorted(set(self.problems))),
            stats=Stats(
                files=self.files,
                bytes=self.bytes,
                skipped=self.skips,
                packages=len(packages),
                suppressed=len(self.hidden),
            ),
            packages=tuple(sorted(packages, key=lambda p: (p.ecosystem, p.name, p.version, p.location))),
            engine=VERSION,
            advisories=next((d.known() for d in self.detectors if isinstance(d, MatchesAdvisories)), None),
            target=dict(sorted(target.items())),
        )


def _share(make: Callable[[], _Builder], items: Iterable[Item]) -> Share:
    """What is said of these files alone."""
    builder = make()
    alone = [detector for detector in builder.detectors if detector not in builder.joining]
    before = [len(detector.exclusions()) for detector in alone]
    builder.take(items)
    rows = [row for detector, start in zip(alone, before, strict=True) for row in detector.exclusions()[start:]]
    return builder.share(rows)


def _own_hits(triggers: Database, position: int, data: bytes) -> Sequence[Hit]:
    return triggers.hits(data).get(position, ())


def _short(text: str) -> str:
    return printable(text if len(text) <= MOST_WHY else text[: MOST_WHY - 1] + "…")
