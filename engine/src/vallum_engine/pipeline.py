"""scan(): every detector over every file of a source, and an account of where silence counts."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from vallum_engine import VERSION
from vallum_engine.detector import Detector
from vallum_engine.errors import EngineError
from vallum_engine.identity import fingerprint
from vallum_engine.model.file import File, Skipped
from vallum_engine.model.finding import Finding
from vallum_engine.model.report import Coverage, Exclusion, Problem, Report, Stats, Verdict
from vallum_engine.triggers import Database

IGNORE_MARK = b"vallum:ignore"
PROGRESS_EVERY = 256

Progress = Callable[[int, int, int], None]
"""Called now and then with files, bytes and findings so far."""


def scan(
    source: Iterable[File | Skipped],
    detectors: Sequence[Detector],
    *,
    triggers: Database,
    honour_ignores: bool = True,
    progress: Progress | None = None,
    target: Mapping[str, str] | None = None,
) -> Report:
    """Run every detector over every file; say what was found, and what was looked at.

    `triggers` must have been collected from these `detectors`, in this order. A detector that fails on a file covers
    nothing *there*: elsewhere its word stands. A source that breaks off leaves an incomplete walk. Raises nothing of a
    detector's or a source's; the report says it.
    """
    builder = _Builder(detectors, triggers, honour_ignores=honour_ignores)
    try:
        for item in source:
            if isinstance(item, File):
                builder.file(item)
                if progress and builder.files % PROGRESS_EVERY == 0:
                    progress(builder.files, builder.bytes, len(builder.found))
            else:
                builder.skipped(item)
    except (EngineError, OSError) as error:
        builder.broke_off(error)
    builder.conclude()
    if progress:
        progress(builder.files, builder.bytes, len(builder.found))
    return builder.report(target or {})


class _Builder:
    def __init__(self, detectors: Sequence[Detector], triggers: Database, *, honour_ignores: bool) -> None:
        self.detectors = detectors
        self.triggers = triggers
        self.honour_ignores = honour_ignores
        self.files = 0
        self.bytes = 0
        self.complete = True
        self.paths: list[str] = []
        self.found: dict[str, Finding] = {}
        self.hidden: dict[str, Finding] = {}
        self.exclusions: list[Exclusion] = []
        self.problems: list[Problem] = []
        self.skips = 0
        self.failed: set[str] = set()

    def file(self, file: File) -> None:
        self.files += 1
        self.bytes += len(file.data)
        self.paths.append(file.path)
        hits = self.triggers.hits(file.data)
        for index, detector in enumerate(self.detectors):
            own = hits.get(index, ()) if hits else ()
            if own or detector.wants(file.path):
                try:
                    for finding in detector.detect(file, own):
                        self.add(finding, file)
                except Exception as error:  # noqa: BLE001 - a detector is a plug-in: one bad one must not end the scan
                    self.uncovered(detector.name, file.path, error)

    def add(self, finding: Finding, file: File | None = None) -> None:
        if file and self.honour_ignores and _ignored(finding, file.data):
            _merge(self.hidden, finding)
        else:
            _merge(self.found, finding)

    def skipped(self, item: Skipped) -> None:
        self.skips += 1
        self.exclusions.append(
            Exclusion(path=item.path, ruleset="", verdict=Verdict.SKIPPED, why=item.why, covered=item.covered)
        )

    def uncovered(self, name: str, path: str, error: Exception) -> None:
        why = str(error) if isinstance(error, EngineError) else f"{type(error).__name__}: {error}"
        self.problems.append(Problem(path=path, what=f"{name}: {why}", todo="The rest of the scan stands."))
        self.exclusions.append(Exclusion(path=path, ruleset=name, verdict=Verdict.FAILED, why=why))

    def broke_off(self, error: Exception) -> None:
        self.complete = False
        self.problems.append(
            Problem(path="", what=f"The walk broke off: {error}", todo="Mend the cause and scan again.")
        )

    def conclude(self) -> None:
        for detector in self.detectors:
            try:
                for finding in detector.conclude():
                    self.add(finding)
                self.exclusions.extend(detector.exclusions())
            except Exception as error:  # noqa: BLE001 - a detector is a plug-in: one bad one must not end the scan
                self.uncovered(detector.name, "", error)

    def report(self, target: Mapping[str, str]) -> Report:
        packages = [p for d in self.detectors for p in d.packages()]
        return Report(
            findings=_sorted(self.found),
            suppressed=_sorted(self.hidden),
            coverage=Coverage(
                rulesets=tuple(sorted((r for d in self.detectors for r in d.rulesets()), key=lambda r: r.name)),
                complete=self.complete,
                exclusions=tuple(sorted(set(self.exclusions))),
                paths=tuple(sorted(self.paths)),
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
            target=dict(sorted(target.items())),
        )


def _merge(into: dict[str, Finding], finding: Finding) -> None:
    """Same fingerprint: one finding, one more location."""
    key = fingerprint(finding.identity)
    known = into.get(key)
    if known is None:
        into[key] = replace(finding, fingerprint=key)
    else:
        into[key] = replace(known, locations=tuple(sorted({*known.locations, *finding.locations})))


def _sorted(findings: Mapping[str, Finding]) -> tuple[Finding, ...]:
    return tuple(
        sorted(findings.values(), key=lambda f: (-f.severity.rank, f.locations[0], f.ruleset, f.rule, f.fingerprint))
    )


def _ignored(finding: Finding, data: bytes) -> bool:
    """Whether the finding's line, or the one above it, says `vallum:ignore` (all rules) or `vallum:ignore[rule-id]`."""
    if IGNORE_MARK not in data:
        return False
    lines = data.split(b"\n")
    first = max(finding.locations[0].line - 2, 0)
    for line in lines[first : finding.locations[0].line]:
        _, mark, rest = line.partition(IGNORE_MARK)
        if mark and (not rest.startswith(b"[") or finding.rule.encode() in rest[1:].partition(b"]")[0].split(b",")):
            return True
    return False
