"""What is new in a report, what can be fixed, and how far reports can speak."""

import pytest

from vallum_engine.gate.compare import fixable, judged, standing
from vallum_engine.model.finding import AdvisoryRef, Confidence, Finding, Kind, Location, Remediation, Severity
from vallum_engine.model.report import Coverage, Exclusion, Problem, Report, Verdict

GAP = Exclusion(path="a", ruleset="", verdict=Verdict.SKIPPED, why="too large")


def found(fingerprint="f:1", **more):
    values = {
        "kind": Kind.SECRET,
        "ruleset": "secrets",
        "rule": "token",
        "title": "Token",
        "severity": Severity.HIGH,
        "confidence": Confidence.HIGH,
        "message": "A token.",
        "locations": (Location(path="a.py"),),
        "identity": (),
    }
    return Finding(fingerprint=fingerprint, **{**values, **more})


def report(*findings, **more):
    return Report(findings=findings, **more)


def new(now, before):
    return [facts.new for _, facts in judged(now, before)]


@pytest.mark.parametrize(
    ("now", "before", "expected"),
    [
        pytest.param([found()], [], True, id="not there before"),
        pytest.param([found()], [found()], False, id="the same"),
        pytest.param([found("f:2", aliases=("f:1",))], [found("f:1")], False, id="known by its old name"),
        pytest.param([found("f:1")], [found("f:2", aliases=("f:1",))], False, id="its name was an alias"),
        pytest.param([found("f:2", aliases=("x",))], [found("f:1", aliases=("x",))], False, id="an alias in common"),
        pytest.param([found("f:2", content="c")], [found("f:1", content="c")], False, id="its file was renamed"),
        pytest.param([found("f:2", content="c")], [found("f:1", content="d")], True, id="other content elsewhere"),
    ],
)
def test_what_is_new(now, before, expected):
    assert new(report(*now), report(*before))[0] is expected


def test_a_copy_is_new_while_its_original_is_still_there():
    before = report(found("f:1", content="c"))
    assert new(report(found("f:1", content="c"), found("f:2", content="c")), before) == [False, True]


def test_one_rename_excuses_one_finding():
    before = report(found("f:1", content="c"))
    assert new(report(found("f:2", content="c"), found("f:3", content="c")), before) == [False, True]


def test_what_was_suppressed_before_is_not_new():
    assert new(report(found()), report(suppressed=(found(),))) == [False]


def test_without_a_baseline_nobody_knows():
    assert new(report(found()), None) == [None]


def test_what_a_baseline_with_gaps_does_not_list_may_have_been_there():
    before = report(found("f:1"), coverage=Coverage(exclusions=(GAP,)))
    assert new(report(found("f:1"), found("f:2")), before) == [False, None]


def test_suppressed_findings_are_judged_too():
    assert [facts.suppressed for _, facts in judged(report(found(), suppressed=(found("f:2"),)), None)] == [False, True]


@pytest.mark.parametrize(
    ("finding", "expected"),
    [
        pytest.param(found(), True, id="a secret: its owner can"),
        pytest.param(found(kind=Kind.VULNERABILITY), False, id="no version without it"),
        pytest.param(
            found(kind=Kind.VULNERABILITY, remediation=Remediation(steps=("Wait.",))), False, id="steps and no version"
        ),
        pytest.param(
            found(kind=Kind.VULNERABILITY, remediation=Remediation(steps=(), upgrade_to="2")), True, id="an upgrade"
        ),
        pytest.param(
            found(kind=Kind.VULNERABILITY, advisories=(AdvisoryRef(id="A", fixed=("2",)),)), True, id="a fixed version"
        ),
    ],
)
def test_what_can_be_fixed(finding, expected):
    assert fixable(finding) is expected


def test_how_far_reports_can_speak():
    assert standing(report(), report(), asked_for_new=True).doubts == {}
    broken = report(coverage=Coverage(complete=False, exclusions=(GAP,)), errors=(Problem(path="", what="x"),))
    (text,) = standing(broken, None, asked_for_new=False).doubts.values()
    assert "(1 gap, 1 error, a walk that broke off)" in text
    assert "No baseline was given" in standing(report(), None, asked_for_new=True).no_baseline
    assert "did not look everywhere" in standing(report(), broken, asked_for_new=True).no_baseline
    assert standing(report(), None, asked_for_new=False).no_baseline == ""
