"""The decision: what passes, what fails, and what nobody can say."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vallum_engine.gate.decide import Doubt, Facts, Standing, Verdict, counts, decide, offends
from vallum_engine.gate.policy import Baseline, Policy, Since, WhenUnsure
from vallum_engine.model.finding import Confidence, Kind, Severity

PREVIOUS = Baseline(since=Since.PREVIOUS)
SOUND = Standing(age_days=0)
NO_CRITICAL = Policy(max_severity=Severity.HIGH)
NO_NEW_CRITICAL = Policy(max_severity=Severity.HIGH, new_since=PREVIOUS)
NONE_EXPLOITED = Policy(no_exploited=True)


def one(**more):
    values = {"kind": Kind.VULNERABILITY, "severity": Severity.CRITICAL, "confidence": Confidence.HIGH}
    return Facts(**{**values, **more})


@pytest.mark.parametrize(
    ("policy", "facts", "expected", "codes"),
    [
        pytest.param(NO_CRITICAL, [], "pass", ["clear"], id="nothing there"),
        pytest.param(NO_CRITICAL, [one()], "fail", ["max_severity"], id="worse than allowed"),
        pytest.param(NO_CRITICAL, [one(severity=Severity.HIGH)], "pass", ["clear"], id="as bad as allowed"),
        pytest.param(NO_CRITICAL, [one(suppressed=True)], "pass", ["clear"], id="suppressed"),
        pytest.param(
            Policy(max_severity=Severity.HIGH, count_suppressed=True),
            [one(suppressed=True)],
            "fail",
            ["max_severity"],
            id="suppressed ones count where the gate says so",
        ),
        pytest.param(Policy(no_secret=True), [one()], "pass", ["clear"], id="no secret among them"),
        pytest.param(Policy(no_secret=True), [one(kind=Kind.SECRET)], "fail", ["no_secret"], id="a secret"),
        pytest.param(NONE_EXPLOITED, [one(exploited=False)], "pass", ["clear"], id="known, and not exploited"),
        pytest.param(NONE_EXPLOITED, [one(exploited=True)], "fail", ["no_exploited"], id="exploited"),
        pytest.param(NONE_EXPLOITED, [one()], "cannot_say", ["exploited"], id="nobody knows what is exploited"),
        pytest.param(NONE_EXPLOITED, [one(kind=Kind.SECRET)], "pass", ["clear"], id="no catalogue speaks of secrets"),
        pytest.param(Policy(max_count=1), [one()], "pass", ["clear"], id="as many as allowed"),
        pytest.param(Policy(max_count=1), [one(), one()], "fail", ["max_count"], id="one too many"),
        pytest.param(
            Policy(max_severity=Severity.LOW, no_secret=True, max_count=0),
            [one(kind=Kind.SECRET)],
            "fail",
            ["max_severity", "no_secret", "max_count"],
            id="every limit that is broken is named",
        ),
        pytest.param(
            Policy(max_count=0, kinds=frozenset({Kind.MALWARE})), [one()], "pass", ["clear"], id="of another kind"
        ),
        pytest.param(
            Policy(max_count=0, min_confidence=Confidence.MEDIUM),
            [one(confidence=Confidence.LOW)],
            "pass",
            ["clear"],
            id="not sure enough",
        ),
        pytest.param(
            Policy(max_count=0, min_confidence=Confidence.MEDIUM),
            [one(confidence=Confidence.MEDIUM)],
            "fail",
            ["max_count"],
            id="sure enough",
        ),
        pytest.param(Policy(max_count=0, fixable_only=True), [one(fixable=False)], "pass", ["clear"], id="no fix yet"),
        pytest.param(Policy(max_count=0, min_risk=70), [one(risk=69)], "pass", ["clear"], id="below the risk"),
        pytest.param(Policy(max_count=0, min_risk=70), [one(risk=70)], "fail", ["max_count"], id="at the risk"),
        pytest.param(Policy(max_count=0, min_risk=70), [one()], "cannot_say", ["risk"], id="risk unknown"),
        pytest.param(Policy(max_count=0, min_days=7), [one(days=6)], "pass", ["clear"], id="within the time of grace"),
        pytest.param(Policy(max_count=0, min_days=7), [one(days=7)], "fail", ["max_count"], id="past it"),
        pytest.param(Policy(max_count=0, min_days=7), [one()], "cannot_say", ["days"], id="age unknown"),
        pytest.param(NO_NEW_CRITICAL, [one(new=False)], "pass", ["clear"], id="there before"),
        pytest.param(NO_NEW_CRITICAL, [one(new=True)], "fail", ["max_severity"], id="new"),
        pytest.param(NO_NEW_CRITICAL, [one()], "cannot_say", ["new"], id="nothing to compare with"),
        pytest.param(
            NO_NEW_CRITICAL,
            [one(severity=Severity.LOW)],
            "pass",
            ["clear"],
            id="nothing to compare with, and nothing that could break it",
        ),
        pytest.param(
            NO_NEW_CRITICAL,
            [one(), one(new=True)],
            "fail",
            ["max_severity", "new"],
            id="what is sure fails, whatever else is unknown",
        ),
        pytest.param(
            Policy(max_count=1, min_risk=70),
            [one(risk=80), one()],
            "cannot_say",
            ["risk"],
            id="the unknown one would be the one too many",
        ),
        pytest.param(
            Policy(max_count=2, min_risk=70),
            [one(risk=80), one()],
            "pass",
            ["clear"],
            id="even it would not be too many",
        ),
        pytest.param(
            Policy(max_count=0, min_risk=70, when_unsure=WhenUnsure.FAIL), [one()], "fail", ["risk"], id="unsure fails"
        ),
    ],
)
def test_decisions(policy, facts, expected, codes):
    answer = decide(policy, [(each, 1) for each in facts], SOUND)
    assert (answer.verdict, [reason.code for reason in answer.reasons]) == (expected, codes)


@pytest.mark.parametrize(
    ("standing", "policy", "facts", "expected", "codes"),
    [
        pytest.param(
            Standing(doubts={Doubt.GAPS: "It has gaps."}), NO_CRITICAL, [], "cannot_say", ["scan_has_gaps"], id="gaps"
        ),
        pytest.param(
            Standing(doubts={Doubt.GAPS: "It has gaps."}),
            NO_CRITICAL,
            [one()],
            "fail",
            ["max_severity", "scan_has_gaps"],
            id="what is there is there, gaps or not",
        ),
        pytest.param(
            Standing(doubts={Doubt.FAILED: "It failed."}),
            Policy(max_severity=Severity.HIGH, when_unsure=WhenUnsure.FAIL),
            [],
            "fail",
            ["scan_failed"],
            id="a gate that fails when it cannot say",
        ),
        pytest.param(Standing(age_days=7), NO_CRITICAL, [], "pass", ["clear"], id="a week old"),
        pytest.param(Standing(age_days=8), NO_CRITICAL, [], "cannot_say", ["scan_too_old"], id="older than a week"),
        pytest.param(
            Standing(age_days=800),
            Policy(max_severity=Severity.HIGH, max_age_days=None),
            [],
            "pass",
            ["clear"],
            id="age does not matter",
        ),
        pytest.param(Standing(), NO_CRITICAL, [], "pass", ["clear"], id="no clock"),
    ],
)
def test_how_far_the_scan_can_speak(standing, policy, facts, expected, codes):
    answer = decide(policy, [(each, 1) for each in facts], standing)
    assert (answer.verdict, [reason.code for reason in answer.reasons]) == (expected, codes)


def test_an_answer_counts_everything_even_what_does_not_count():
    policy = Policy(max_severity=Severity.HIGH, min_risk=10)
    groups = [
        (one(risk=90), 3),
        (one(risk=90, suppressed=True), 4),
        (one(risk=5, suppressed=True), 5),
        (one(), 6),
        (one(severity=Severity.LOW, risk=20), 7),
        (one(severity=Severity.LOW, risk=1), 8),
    ]
    answer = decide(policy, groups, SOUND)
    assert answer.counts == {"present": 33, "counted": 10, "unsure": 6, "offending": 3, "suppressed": 4}
    assert answer.reasons[0].text == "3 findings worse than high."
    assert [facts.risk for facts, _ in groups if offends(policy, facts, answer)] == [90, None]


def test_too_many_means_that_each_of_them_offends():
    answer = decide(Policy(max_count=1), [(one(severity=Severity.INFO), 2)], SOUND)
    assert (answer.counts["offending"], answer.reasons[0].text) == (2, "2 findings count, and at most 1 may.")
    assert offends(Policy(max_count=1), one(severity=Severity.INFO), answer)


SOME = st.builds(
    Facts,
    kind=st.sampled_from(Kind),
    severity=st.sampled_from(Severity),
    confidence=st.sampled_from(Confidence),
    fixable=st.booleans(),
    suppressed=st.booleans(),
    risk=st.none() | st.integers(0, 100),
    exploited=st.none() | st.booleans(),
    new=st.none() | st.booleans(),
    days=st.none() | st.integers(0, 60),
)
POLICIES = st.builds(
    Policy,
    max_severity=st.none() | st.sampled_from(Severity),
    no_secret=st.booleans(),
    no_exploited=st.booleans(),
    max_count=st.none() | st.integers(0, 5),
    kinds=st.frozensets(st.sampled_from(Kind)),
    min_confidence=st.sampled_from(Confidence),
    min_risk=st.integers(0, 100),
    fixable_only=st.booleans(),
    new_since=st.none() | st.just(PREVIOUS),
    min_days=st.integers(0, 60),
    count_suppressed=st.booleans(),
)
KNOWN = {"risk": [0, 50, 100], "exploited": [False, True], "new": [False, True], "days": [0, 60]}


def _possible(facts):
    """Every way in which what is unknown may turn out."""
    ways = [facts]
    for name, values in KNOWN.items():
        if getattr(facts, name) is None:
            ways = [replace(way, **{name: value}) for way in ways for value in values]
    return ways


@given(policy=POLICIES, facts=SOME)
def test_what_is_said_for_sure_stays_true_whatever_the_unknown_turns_out_to_be(policy, facts):
    said = decide(policy, [(facts, 1)], SOUND).verdict
    turned_out = {decide(policy, [(way, 1)], SOUND).verdict for way in _possible(facts)}
    assert Verdict.CANNOT_SAY not in turned_out
    if said is not Verdict.CANNOT_SAY:
        assert turned_out == {said}


@given(policy=POLICIES, facts=st.lists(SOME, max_size=6))
def test_one_by_one_is_as_all_at_once(policy, facts):
    once = decide(policy, [(each, 1) for each in facts], SOUND)
    twice = decide(policy, [(each, 2) for each in facts], SOUND)
    for name in ("present", "counted", "unsure", "suppressed"):
        assert twice.counts[name] == 2 * once.counts[name]
    assert once.counts["present"] == len(facts)
    assert sum(counts(policy, each) is True for each in facts) == once.counts["counted"]
