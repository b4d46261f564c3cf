"""The formula of risk: worked examples, what may never lower it, and the same in the database."""

import itertools
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from django.db import connection
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from vallum_engine.model.finding import Confidence, Severity
from vallum_engine.model.verification import Liveness
from vallum_web.assets.worth import Exposure, Importance
from vallum_web.findings.risk import Inputs, Reachability, score, sentence

SINCE = date(2026, 3, 3)
DOCUMENT = Path(__file__).parents[3] / "docs/risk.md"
EXAMPLES = [
    {"severity": Severity.HIGH},
    {"severity": Severity.HIGH, "confidence": Confidence.MEDIUM},
    {"severity": Severity.HIGH, "liveness": Liveness.LIVE, "exposure": Exposure.INTERNET},
    {"severity": Severity.INFO, "exposure": Exposure.INTERNET, "importance": Importance.CRITICAL},
    {"cvss": 9.8, "epss": 0.00043},
    {"cvss": 9.8, "epss": 0.00043, "reachability": Reachability.NOT_REACHABLE},
    {"cvss": 5.3, "epss": 0.94},
    {"cvss": 8.1, "kev_since": SINCE, "exposure": Exposure.INTERNET, "importance": Importance.HIGH},
    {"cvss": 8.1, "kev_since": SINCE, "exposure": Exposure.INTERNAL, "importance": Importance.LOW},
]


def inputs(**facts):
    return Inputs(**{"severity": Severity.HIGH, "confidence": Confidence.HIGH, **facts})


def test_the_document_says_what_the_formula_says():
    rows = [
        line.rstrip(" |").rpartition("| ")[2]
        for line in DOCUMENT.read_text("utf-8").partition("## Worked examples")[2].splitlines()
        if line.startswith("|")
    ]
    said = [sentence(inputs(**facts)) for facts in EXAMPLES]
    assert rows[2:] == said


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        pytest.param({"severity": Severity.CRITICAL}, "86: critical severity", id="by severity alone"),
        pytest.param({"severity": Severity.LOW, "cvss": 9.8}, "89: critical (CVSS 9.8)", id="a vector goes first"),
        pytest.param(
            {"cvss": 0.0, "kev_since": SINCE}, "0: info (CVSS 0.0), known exploited since 3 March 2026", id="none"
        ),
        pytest.param({"epss": 0.0}, "57: high severity, under 1% likely to be exploited within 30 days", id="EPSS 0"),
        pytest.param({"epss": 1.0}, "94: high severity, over 99% likely to be exploited within 30 days", id="EPSS 1"),
        pytest.param(
            {"epss": 0.2, "kev_since": SINCE}, "94: high severity, known exploited since 3 March 2026", id="KEV"
        ),
        pytest.param({"reachability": Reachability.REACHABLE}, "84: high severity, the code calls it", id="called"),
        pytest.param(
            {"liveness": Liveness.LIVE, "exposure": Exposure.INTERNET},
            "96: high severity, live: its issuer says that it works, reachable from the internet",
            id="a live secret",
        ),
        pytest.param(
            {"liveness": Liveness.REVOKED},
            "25: high severity, revoked: its issuer does not take it",
            id="a revoked one",
        ),
        pytest.param(
            {"confidence": Confidence.LOW}, "47: high severity; the detector's confidence is low", id="not sure"
        ),
    ],
)
def test_sentences(facts, said):
    assert sentence(inputs(**facts)) == said


@pytest.mark.parametrize(
    "wrong", [{"cvss": 10.1}, {"cvss": -0.1}, {"cvss": float("nan")}, {"epss": 1.1}, {"epss": -1.0}]
)
def test_what_is_no_score_is_refused(wrong):
    with pytest.raises(ValueError, match="they go from 0 to"):
        inputs(**wrong)


SCORES = st.integers(0, 100).map(lambda tenths: tenths / 10)
SHARES = st.integers(0, 100_000).map(lambda share: share / 100_000)
ANY = st.builds(
    Inputs,
    severity=st.sampled_from(Severity),
    confidence=st.sampled_from(Confidence),
    cvss=st.none() | SCORES,
    epss=st.none() | SHARES,
    kev_since=st.none() | st.just(SINCE),
    exposure=st.sampled_from(Exposure),
    reachability=st.sampled_from(Reachability),
    importance=st.sampled_from(Importance),
    liveness=st.sampled_from(Liveness),
)
WORSE = {
    "severity": sorted(Severity, key=lambda severity: severity.rank),
    "confidence": sorted(Confidence, key=lambda confidence: confidence.rank),
    "exposure": sorted(Exposure),
    "reachability": sorted(Reachability),
    "importance": sorted(Importance),
    "kev_since": [None, SINCE],
    "liveness": [Liveness.REVOKED, Liveness.UNKNOWN, Liveness.LIVE],
}


@given(ANY)
def test_risk_is_a_whole_number_up_to_a_hundred_and_begins_its_sentence(facts):
    assert 0 <= score(facts) <= 100
    assert sentence(facts).startswith(f"{score(facts)}: ")


@pytest.mark.parametrize("name", WORSE)
@given(facts=ANY)
def test_what_is_worse_or_surer_never_lowers_it(name, facts):
    numbers = [score(replace(facts, **{name: value})) for value in WORSE[name]]
    assert numbers == sorted(numbers)


@given(ANY, SCORES, SCORES)
def test_a_higher_base_score_never_lowers_it(facts, one, other):
    assert score(replace(facts, cvss=min(one, other))) <= score(replace(facts, cvss=max(one, other)))


@given(ANY, SHARES, SHARES)
def test_a_likelier_exploitation_never_lowers_it(facts, one, other):
    assert score(replace(facts, epss=min(one, other))) <= score(replace(facts, epss=max(one, other)))


@given(ANY, SHARES)
def test_no_estimate_counts_like_nine_percent(facts, share):
    unknown, known = score(replace(facts, epss=None)), score(replace(facts, epss=share))
    assert known <= unknown if share < 1 / 11 else known >= unknown


@given(ANY)
@example(inputs(cvss=0.0))
def test_each_fact_tells_for_what_could_be_worse(facts):
    """Between odds of one to ten and ten to one nothing is lost to rounding: the worst of a fact is above its best."""
    if not 10 <= score(facts) <= 90:
        return
    for name in set(WORSE) - {"severity"}:
        best, *_, worst = (score(replace(facts, **{name: value})) for value in WORSE[name])
        assert best < worst or (name == "kev_since" and facts.epss is not None and facts.epss > 0.9)


def in_database(rows):
    """What `vallum_risk` says of each."""
    columns = [
        [row.base for row in rows],
        [row.epss for row in rows],
        [row.kev_since is not None for row in rows],
        [row.exposure.value for row in rows],
        [row.importance.value for row in rows],
        [row.reachability.value for row in rows],
        [row.confidence.rank for row in rows],
        [row.liveness.value for row in rows],
    ]
    with connection.cursor() as cursor:
        cursor.execute(
            "select vallum_risk(a, b, c, d, e, f, g, h) from unnest(%s::real[], %s::real[], %s::boolean[], %s::smallint[], "
            "%s::smallint[], %s::smallint[], %s::smallint[], %s::text[]) with ordinality as given(a, b, c, d, e, f, g, h, n) order by n",
            columns,
        )
        return [row[0] for row in cursor.fetchall()]


def test_the_database_agrees_on_every_rank_and_base_score(db):
    ranks = itertools.product(
        Exposure, Reachability, Importance, Confidence, Liveness, range(0, 101, 5), (None, 0.0, 0.09091, 1.0)
    )
    rows = [
        inputs(
            exposure=a,
            reachability=b,
            importance=c,
            confidence=d,
            liveness=g,
            cvss=e / 10,
            epss=f,
            kev_since=None if f else SINCE,
        )
        for a, b, c, d, g, e, f in ranks
    ]
    assert len(rows) > 9000
    assert in_database(rows) == [score(row) for row in rows]


# Lists of two hundred take long to make on a busy machine, which says nothing of the formula.
@pytest.mark.slow
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(rows=st.lists(ANY, min_size=100, max_size=200))
def test_the_database_agrees_on_anything(rows, django_db_blocker, django_db_setup):
    with django_db_blocker.unblock():
        assert in_database(rows) == [score(row) for row in rows]


def test_in_the_database_what_is_unknown_is_null(db):
    with connection.cursor() as cursor:
        cursor.execute(
            "select vallum_risk(8.0, null, null, null, null, null, null, null), provolatile from pg_proc where proname = 'vallum_risk'"
        )
        assert cursor.fetchone() == (score(inputs()), "i")
