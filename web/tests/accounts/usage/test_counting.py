"""Figures of use as tables and properties: what counts as what, and what may be told of many together."""

from collections import Counter
from uuid import UUID

import pytest
from django.urls import URLPattern, get_resolver
from hypothesis import given
from hypothesis import strategies as st

from vallum_web.accounts.usage import counting, published
from vallum_web.accounts.usage.counting import Line, Requests
from vallum_web.accounts.usage.features import OTHER, feature

ACME, OTHERS, ALICE, BOB = (UUID(int=n) for n in range(1, 5))
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


def requests(**values):
    facts = {"org": ACME, "person": ALICE, "private": False, "route": "findings:worklist", "status_class": 2}
    return Requests(**{**facts, "agent": FIREFOX, "n": 1, **values})


@pytest.mark.policy("PP-1.3b")
@pytest.mark.parametrize(
    ("row", "against", "expected"),
    [
        pytest.param({}, (), {(ALICE, "Findings"): 1}, id="a page viewed"),
        pytest.param({"private": True}, (), {}, id="the browser asked not to be followed"),
        pytest.param({}, (ALICE,), {}, id="who objects"),
        pytest.param({}, (BOB,), {(ALICE, "Findings"): 1}, id="somebody else objects"),
        pytest.param({"person": None}, (), {}, id="a machine's call, or nobody's"),
        pytest.param({"status_class": 4}, (), {}, id="what was refused was not used"),
        pytest.param({"org": None, "route": "profile"}, (), {(ALICE, "Your account"): 1}, id="outside of organizations"),
    ],
)  # fmt: skip
def test_what_is_counted_of_a_person(row, against, expected):
    uses, _ = counting.of_day([requests(**row)], use=against, aggregates=())
    assert uses == Counter(expected)


@pytest.mark.policy("PP-6e")
@pytest.mark.parametrize(
    ("row", "against", "expected"),
    [
        pytest.param({}, (), {ACME: {Line("findings:worklist", 2, "computer"): 1}}, id="of an organization"),
        pytest.param({"private": True}, (), {ACME: {Line("findings:worklist", 2, "computer"): 1}}, id="totals name nobody"),
        pytest.param({}, (ALICE,), {}, id="who objects to totals is in none"),
        pytest.param({"org": None, "agent": "curl/8.5.0"}, (), {None: {Line("findings:worklist", 2, "program"): 1}}, id="of none"),
        pytest.param({"person": None, "agent": "AhrefsBot/7.0"}, (ALICE,), {ACME: {Line("findings:worklist", 2, "bot"): 1}}, id="a bot"),
    ],
)  # fmt: skip
def test_what_is_counted_of_an_organization(row, against, expected):
    assert counting.lines([requests(**row)], against) == expected


@pytest.mark.policy("PP-1.3c")
def test_devices_are_told_in_few_classes_whatever_they_say_of_themselves():
    agents = [FIREFOX, "curl/8.5.0", *(f"made-up-{n}/1" for n in range(500)), *(f"odd {n}" for n in range(500))]
    rows = (requests(agent=agent, org=UUID(int=n)) for n, agent in enumerate(agents))
    _, found = counting.of_day(rows, use=(), aggregates=())
    assert {(row.kind, row.browser, row.system): both for row, both in found.items()} == {
        ("computer", "Firefox", "Linux"): (1, 1),
        ("program", "curl", ""): (1, 1),
        ("program", "Another program", ""): (500, 500),
        ("computer", "Another browser", ""): (500, 500),
    }


def test_every_page_of_an_organization_belongs_to_a_feature():
    """In words that fit their column."""
    named = {name for name in _names(get_resolver()) if ":" in name}
    assert sorted(name for name in named if feature(name) == OTHER or len(feature(name)) > 40) == []
    assert feature("what_nobody_knows:index") == "What nobody knows"
    assert feature("operator_breaches:tell") == feature("operator:index")
    assert len(named) > 100


def _names(resolver, namespace=""):
    for item in resolver.url_patterns:
        if isinstance(item, URLPattern):
            yield f"{namespace}{item.name or ''}"
        else:
            yield from _names(item, f"{item.namespace}:" if item.namespace else namespace)


COUNTS = st.dictionaries(st.uuids(), st.integers(0, 10**7), max_size=30)


@pytest.mark.policy("PP-7c", "PP-Q2")
class TestWhatIsToldOfAllTogether:
    @given(COUNTS)
    def test_never_of_fewer_than_five_and_never_of_nearly_one_alone(self, counts):
        told = published.over_orgs(counts)
        present = [n for n in counts.values() if n]
        if told is None:
            assert len(present) < 5 or max(present) > 0.8 * sum(present)
        else:
            assert 5 <= told.orgs <= len(present)
            assert max(present) <= 0.8 * sum(present)

    @given(COUNTS)
    def test_numbers_are_rounded_and_near(self, counts):
        told = published.over_orgs(counts)
        if told is not None:
            total = sum(counts.values())
            assert told.n % 10 == 0
            assert abs(told.n - total) <= max(5, 0.05 * total)
            assert told.orgs % 5 == 0

    @given(st.dictionaries(st.uuids(), st.integers(1, 1000), min_size=6, max_size=30), st.data())
    def test_two_figures_do_not_give_one_organization_away(self, counts, data):
        """One organization more or less: what the difference of the two says is a multiple of ten, never its own number."""
        gone = data.draw(st.sampled_from(sorted(counts)))
        with_it, without = (published.over_orgs(each) for each in (counts, {**counts, gone: 0}))
        if with_it and without:
            assert (with_it.n - without.n) % 10 == 0
            assert (with_it.orgs - without.orgs) in {0, 5}
