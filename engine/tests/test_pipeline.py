"""scan(): findings merged, failures kept in their place, silence accounted for."""

import random
import time
import tomllib
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from vallum_engine import VERSION
from vallum_engine.detector import Trigger
from vallum_engine.errors import BrokenData, UnreadableSource
from vallum_engine.model.file import File, Skipped
from vallum_engine.model.finding import AdvisoryRef, Confidence, Finding, Kind, Location, Severity
from vallum_engine.model.package import Package
from vallum_engine.model.report import Exclusion, Problem, RuleSet, Verdict
from vallum_engine.pipeline import MOST_MARKS, scan
from vallum_engine.triggers import collect


@dataclass
class Words:
    """Finds each place of a word; fails on files that hold `boom`."""

    name: str = "words"
    word: bytes = b"word"
    severity: Severity = Severity.HIGH
    last: tuple[Finding, ...] = ()
    breaks: str = ""
    triggers: tuple[Trigger, ...] = field(default=())

    def __post_init__(self):
        self.triggers = (Trigger(self.word),)

    def rulesets(self):
        return (RuleSet(name=self.name, version="1", rules=("r",)),)

    def wants(self, path):
        return path.endswith(".always")

    def detect(self, file, hits):
        for hit in hits:
            line = file.data.count(b"\n", 0, hit.end) + 1
            yield finding(Location(path=file.path, line=line, end_line=line), self.name, severity=self.severity)
        if b"boom" in file.data:
            raise ValueError("boom")

    def conclude(self):
        if self.breaks:
            raise BrokenData(self.breaks)
        return self.last

    def exclusions(self):
        return ()

    def packages(self):
        return ()


def finding(location, ruleset="words", *, severity=Severity.HIGH, identity=("w/1", "word")):
    return Finding(
        kind=Kind.WEAKNESS,
        ruleset=ruleset,
        rule="r",
        title="t",
        severity=severity,
        confidence=Confidence.HIGH,
        message="m",
        locations=(location,),
        identity=(*identity, ruleset),
    )


def run(files, *detectors, **options):
    detectors = detectors or (Words(),)
    return scan(iter(files), detectors, triggers=collect(detectors).fallback(), **options)


def places(report):
    return [(p.path, p.line) for f in report.findings for p in f.locations]


def test_one_identity_is_one_finding_with_every_place():
    report = run([File("b", b"word"), File("a", b"x\nword\nword")])
    assert len(report.findings) == 1
    assert places(report) == [("a", 2), ("a", 3), ("b", 1)]
    assert report.findings[0].fingerprint.startswith("w/1:")


def test_the_order_of_files_changes_nothing():
    files = [File(f"f{n}", b"word\n" * (n % 3)) for n in range(30)] + [
        Skipped(f"s{n}", "binary", covered=True) for n in range(5)
    ]
    reports = []
    for seed in range(5):
        random.Random(seed).shuffle(files)
        reports.append(run(files, Words(), Words(name="other", severity=Severity.LOW)))
    assert all(report == reports[0] for report in reports)


def test_the_worst_sighting_speaks_whatever_the_order():
    class ByPlace(Words):
        def detect(self, file, hits):
            yield finding(Location(path=file.path), severity=Severity(file.data.decode().split()[1]))

    files = [File("a", b"word low"), File("c", b"word critical"), File("b", b"word high")]
    for seed in range(5):
        random.Random(seed).shuffle(files)
        report = run(files, ByPlace())
        assert [f.severity for f in report.findings] == [Severity.CRITICAL]
        assert [path for path, _ in places(report)] == ["a", "b", "c"]


def test_of_two_as_bad_the_surer_sighting_speaks_whatever_the_order():
    class ByPlace(Words):
        def detect(self, file, hits):
            sure = Confidence(file.data.decode().split()[1])
            yield replace(finding(Location(path=file.path)), confidence=sure)

    files = [File("docs/x.md", b"word low"), File("src/app.py", b"word high"), File("test.py", b"word medium")]
    for seed in range(5):
        random.Random(seed).shuffle(files)
        assert [f.confidence for f in run(files, ByPlace()).findings] == [Confidence.HIGH]


def test_ten_thousand_places_of_one_finding_cost_no_more_than_of_many():
    started = time.process_time()
    report = run([File(f"{n}", b"word") for n in range(10_000)])
    assert len(report.findings[0].locations) == 10_000
    assert time.process_time() - started < 3


def test_worst_comes_first():
    report = run(
        [File("a", b"word")], Words(name="low", severity=Severity.LOW), Words(name="bad", severity=Severity.CRITICAL)
    )
    assert [f.ruleset for f in report.findings] == ["bad", "low"]


def test_a_detector_sees_files_that_it_wants_or_that_hit():
    seen = []

    class Noting(Words):
        def detect(self, file, hits):
            seen.append((file.path, len(hits)))
            return ()

    run([File("a.always", b""), File("b", b"word word"), File("c", b"nothing")], Noting())
    assert seen == [("a.always", 0), ("b", 2)]


def test_a_binary_file_is_for_who_asks_for_it_and_left_out_by_the_others():
    files = [File("a.always", b"word\0", binary=True), File("b", b"word\0", binary=True)]
    report = run(files, Words(), Words(name="never", word=b"nowhere"))
    assert report.stats.files == 1
    assert not report.findings, "nothing in it is looked at for text"
    assert [(e.path, e.ruleset, e.why, e.covered) for e in report.coverage.exclusions] == [("b", "", "binary", True)]
    only = Words(name="other")
    only.wants = lambda path: False
    report = run(files[:1], Words(), only)
    assert [(e.path, e.ruleset, e.why) for e in report.coverage.exclusions] == [("a.always", "other", "binary")]


class TestAFailingDetector:
    def test_it_covers_nothing_there_and_the_rest_stands(self):
        report = run([File("bad", b"word boom"), File("good", b"word")], Words(), Words(name="other", word=b"good|wor"))
        assert report.incomplete
        assert [(e.path, e.ruleset, e.verdict) for e in report.coverage.gaps] == [
            ("bad", "other", Verdict.FAILED),
            ("bad", "words", Verdict.FAILED),
        ]
        assert ("good", 1) in places(report)
        assert not report.coverage.speaks_for("words", "r", "bad")
        assert report.coverage.speaks_for("words", "r", "good")

    def test_its_reason_is_said(self):
        report = run([File("bad", b"word boom")])
        assert report.errors == (
            Problem(path="bad", what="words: ValueError: boom", todo="The rest of the scan stands."),
        )

    def test_failing_at_the_end_covers_nothing_anywhere(self):
        report = run([File("a", b"word")], Words(breaks="no data"), Words(name="other"))
        assert not report.coverage.speaks_for("words", "r", "a")
        assert report.coverage.speaks_for("other", "r", "a")
        assert report.errors[0].what == "words: no data"


def test_a_source_that_breaks_off_leaves_an_incomplete_walk():
    def source():
        yield File("a", b"word")
        raise UnreadableSource("stopped: the archive ends early.")

    report = run(source())
    assert places(report) == [("a", 1)]
    assert report.incomplete
    assert "the archive ends early" in report.errors[0].what
    assert report.coverage.speaks_for("words", "r", "a")
    assert not report.coverage.speaks_for("words", "r", "b")


def test_what_was_skipped_is_listed_and_only_gaps_make_it_incomplete():
    whole = run([Skipped("a.png", "binary", covered=True)])
    assert not whole.incomplete
    assert whole.stats.skipped == 1
    gap = run([Skipped("big/", "deeper than 100 folders")])
    assert gap.incomplete
    assert gap.coverage.gaps == (
        Exclusion(path="big/", ruleset="", verdict=Verdict.SKIPPED, why="deeper than 100 folders"),
    )


def test_findings_and_packages_of_the_end_are_in_the_report():
    package = Package(ecosystem="npm", name="a", version="1", location=Location(path="l"))

    class Packages(Words):
        def packages(self):
            return (package,)

    report = run([], Packages(last=(finding(Location(path="l")),)))
    assert places(report) == [("l", 1)]
    assert report.packages == (package,)
    assert report.stats.packages == 1


def test_figures_count_what_was_read():
    seen = []
    report = run([File(f"{n}", b"word") for n in range(300)], progress=lambda *counts: seen.append(counts))
    assert (report.stats.files, report.stats.bytes) == (300, 1200)
    assert seen == [(256, 1024, 1), (300, 1200, 1)]


def test_the_target_is_kept_sorted():
    assert list(run([], target={"url": "u", "commit": "c"}).target) == ["commit", "url"]


class TestInlineIgnore:
    @pytest.mark.parametrize(
        ("text", "shown", "hidden"),
        [
            pytest.param("word # vallum:ignore", [], [1], id="same line"),
            pytest.param("# vallum:ignore\nword", [], [2], id="comment above"),
            pytest.param("  // vallum:ignore because\n  word", [], [2], id="comment above, with a reason"),
            pytest.param("x # vallum:ignore\nword", [2], [], id="code above speaks for itself only"),
            pytest.param("word # vallum:ignore[r]", [], [1], id="this rule"),
            pytest.param("word # vallum:ignore[a, r]", [], [1], id="among others"),
            pytest.param("word # vallum:ignore[rr]", [1], [], id="another rule"),
            pytest.param("word # vallum:ignore[]", [1], [], id="no rule"),
            pytest.param("word\n# vallum:ignore", [1], [], id="below does not count"),
            pytest.param("# vallum:ignore\n\nword", [3], [], id="two above does not count"),
            pytest.param("word # vallum:ignore\nx\nword", [3], [1], id="each place for itself"),
            pytest.param("word # vallum:ignore[a] vallum:ignore[r]", [], [1], id="two marks"),
            pytest.param("word # vallum:ignore\r\nword", [2], [1], id="other line ends"),
        ],
    )
    def test_it_hides_its_places_and_never_silently(self, text, shown, hidden):
        report = run([File("f", text.encode())])
        assert [line for _, line in places(report)] == shown
        assert [p.line for f in report.suppressed for p in f.locations] == hidden
        assert report.stats.suppressed == len(report.suppressed)

    def test_it_can_be_switched_off(self):
        report = run([File("f", b"word # vallum:ignore")], honour_ignores=False)
        assert places(report) == [("f", 1)]
        assert report.suppressed == ()

    @pytest.mark.parametrize(
        ("text", "shown"),
        [
            pytest.param("x # vallum:ignore", False, id="every rule"),
            pytest.param("x # vallum:ignore[r]", False, id="this rule"),
            pytest.param("x # vallum:ignore[ADV-1]", False, id="its advisory"),
            pytest.param("x # vallum:ignore[OTHER-NAME-1]", False, id="another name of its advisory"),
            pytest.param("x # vallum:ignore[CVE-0]", True, id="another rule"),
            pytest.param("x\n# vallum:ignore", True, id="another line"),
        ],
    )
    def test_it_hides_what_is_concluded_from_the_whole_tree_too(self, text, shown):
        about = AdvisoryRef(id="ADV-1", aliases=("OTHER-NAME-1",))
        late = replace(finding(Location(path="lock.always")), advisories=(about,))
        report = run([File("lock.always", text.encode()), File("other", b"# vallum:ignore")], Words(last=(late,)))
        assert places(report) == ([("lock.always", 1)] if shown else [])
        assert len(report.suppressed) == (not shown)

    def test_marks_beyond_what_is_kept_hide_nothing_in_the_end(self):
        flood = File("a.always", b"x # vallum:ignore\n" * MOST_MARKS)
        late = finding(Location(path="a.always"))
        assert places(run([flood], Words(last=(late,)))) == [("a.always", 1)]

    def test_a_file_of_marks_costs_no_more_than_another(self):
        data = b"word vallum:ignore[x] " * 40_000 + b"\n" + b"word vallum:ignore\n" * 1_000
        started = time.process_time()
        run([File("f", data)])
        assert time.process_time() - started < 3


def test_the_version_is_that_of_the_distribution():
    project = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text("utf-8"))
    assert project["project"]["version"] == VERSION


def test_what_a_detector_says_of_a_hostile_file_is_cut():
    report = run([File("a", b"word")], Words(breaks="\x1b" + "long \ud800 " * 100_000))
    (problem,) = report.errors
    assert len(problem.what) < 2000
    assert problem.what.isprintable()
