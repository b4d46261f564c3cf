from datetime import UTC, datetime, timedelta

import pytest

from vallum_web.tenancy.figures import declared
from vallum_web.trust import evidence
from vallum_web.trust.badge import drawn
from vallum_web.trust.clauses import BrokenClausesError, Claim, Clause, clauses, read
from vallum_web.trust.evidence import BrokenEvidenceError, Evidence, Proof
from vallum_web.trust.verdicts import Measured, State, gaps, judge

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
GOOD = Proof(passed=("t::one",))
BAD = Proof(passed=("t::one",), failed=("t::two",))


def clause(claim=Claim.PROVEN, **more):
    return Clause(id="PP-4e", says="s", claim=claim, control="c", **more)


def measured(*, holds=True, ago=0.5, error=""):
    at = NOW - timedelta(hours=ago)
    return Measured(
        words="days", bound="at most 1", unit="", value=1.0, at=at, since=at, milliseconds=1, holds=holds, error=error
    )


@pytest.mark.parametrize(
    ("claim", "tests", "figures", "stated", "state"),
    [
        pytest.param("proven", GOOD, [measured()], {}, "proven", id="tests passed, figures in bounds"),
        pytest.param("proven", GOOD, [], {}, "open", id="no figure"),
        pytest.param("proven", GOOD, [measured(ago=4)], {}, "open", id="an old figure"),
        pytest.param("proven", GOOD, [measured(holds=None, error="E")], {}, "open", id="a figure that could not be read"),
        pytest.param("proven", Proof(), [measured()], {}, "open", id="no run is known"),
        pytest.param("proven", BAD, [measured()], {}, "failing", id="a test failed"),
        pytest.param("proven", GOOD, [measured(), measured(holds=False)], {}, "failing", id="a figure out of bounds"),
        pytest.param("proven", GOOD, [measured(holds=False, ago=9)], {}, "failing", id="an old figure out of bounds"),
        pytest.param("absent", GOOD, [], {}, "absent", id="absent, and tested to be"),
        pytest.param("absent", Proof(skipped=("t::one",)), [], {}, "open", id="absent, its test skipped"),
        pytest.param("attested", Proof(), [], {"HOSTING": "OVH"}, "attested", id="stated"),
        pytest.param("attested", Proof(), [], {"HOSTING": ""}, "open", id="not stated"),
    ],
)  # fmt: skip
def test_a_clause_is_judged(claim, tests, figures, stated, state):
    settings = ("HOSTING",) if claim == "attested" else ()
    found = judge(clause(Claim(claim), settings=settings), tests, figures, stated, now=NOW)
    assert found.state == State(state)
    assert bool(found.why) is (found.state in {State.OPEN, State.FAILING})


@pytest.mark.parametrize(
    ("claim", "tests", "said"),
    [
        pytest.param("proven", {}, ["PP-4e: no test bears it"], id="no test"),
        pytest.param("proven", {"PP-4e": Proof(skipped=("t",))}, ["PP-4e: its tests were skipped"], id="skipped"),
        pytest.param("absent", {"PP-4e": BAD}, ["PP-4e: a test of it failed"], id="failed"),
        pytest.param("proven", {"PP-4e": GOOD}, [], id="proven"),
        pytest.param("attested", {}, [], id="nothing that a test could see"),
    ],
)
def test_a_full_run_fails_where_a_clause_is_not_what_it_claims(claim, tests, said):
    settings = ("HOSTING",) if claim == "attested" else ()
    assert gaps({"PP-4e": clause(Claim(claim), settings=settings)}, tests) == said


def test_what_is_claimed_proven_has_a_live_figure():
    measured_by = {name for figure in declared() for name in figure.clauses}
    claimed = {each.id for each in clauses().values() if each.claim is Claim.PROVEN}
    assert sorted(claimed - measured_by) == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("[[clause]]\nid = 'A'", "missing", id="not whole"),
        pytest.param(
            "[[clause]]\nid='A'\nsays='s'\ncontrol='c'\nclaim='true'", "not a valid Claim", id="no claim that there is"
        ),
        pytest.param("[[clause]]\nid='A'\nsays='s'\ncontrol='c'\nclaim='attested'", "attests", id="attested by nobody"),
        pytest.param("[[clause]]\nid='A'\nsays='s'\ncontrol='c'\nclaim='proven'\n" * 2, "twice", id="twice"),
        pytest.param("clause", "cannot be read", id="no TOML"),
    ],
)
def test_a_broken_entry_is_named(text, said):
    with pytest.raises(BrokenClausesError, match=said):
        read(text)


def test_evidence_is_read_as_it_was_written():
    seen = Evidence(commit="c0ffee", changed=False, at=NOW, clauses={"PP-4e": BAD}, asvs={"Level 1": {"test": 3}})
    assert evidence.read(evidence.written(seen)) == seen


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"commit": "c", "changed": false, "at": "x", "clauses": {}, "asvs": {}}']
)
def test_what_no_run_wrote_is_refused(text):
    with pytest.raises(BrokenEvidenceError):
        evidence.read(text)


@pytest.mark.parametrize(
    ("counts", "said"),
    [
        pytest.param({State.PROVEN: 50, State.ABSENT: 7}, "✓ 57 of 57 hold", id="all"),
        pytest.param({State.PROVEN: 50, State.OPEN: 7}, "○ 50 of 57 hold", id="some open"),
        pytest.param({State.PROVEN: 56, State.FAILING: 1}, "✕ 1 failing", id="one failing"),
    ],
)
def test_the_badge_says_in_words_what_its_colour_does(counts, said):
    picture = drawn({state: counts.get(state, 0) for state in State})
    assert picture.count(said) == 3
    assert "<script" not in picture
    assert "http" not in picture.replace("http://www.w3.org/2000/svg", "")
