"""One database for everybody's triggers: who is told, where, how often, and from which bytes it will load."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vallum_engine.detector import Hit, Trigger
from vallum_engine.errors import BrokenData
from vallum_engine.model.file import File
from vallum_engine.model.finding import Finding
from vallum_engine.model.package import Package
from vallum_engine.model.report import Exclusion, RuleSet
from vallum_engine.triggers import EMPTY, HITS_PER_TRIGGER, Database, Plan, collect, joined


@dataclass
class Quiet:
    triggers: Sequence[Trigger] = ()
    name: str = "quiet"
    seen: list[str] = field(default_factory=list)

    def rulesets(self) -> tuple[RuleSet, ...]:
        return ()

    def wants(self, path: str) -> bool:
        return False

    def detect(self, file: File, hits: Sequence[Hit]) -> Iterable[Finding]:
        return ()

    def conclude(self) -> Iterable[Finding]:
        return ()

    def exclusions(self) -> Sequence[Exclusion]:
        return ()

    def packages(self) -> Sequence[Package]:
        return ()


def plan(*patterns: bytes) -> Plan:
    return collect([Quiet([Trigger(pattern) for pattern in patterns])])


def both(made: Plan) -> list[Database]:
    return [made.load(made.compile()), made.fallback()]


def test_each_detector_is_told_its_own_places_in_order() -> None:
    made = collect([Quiet([Trigger(b"cat")]), Quiet(), Quiet([Trigger(b"dog"), Trigger(b"c[au]t")])])
    for database in both(made):
        assert database.hits(b"a dog, a cat, a cut") == {0: [Hit(0, 12)], 2: [Hit(0, 5), Hit(1, 12), Hit(1, 19)]}
        assert not database.hits(b"nothing here")
        assert not database.hits(b"")


def test_flags_hold() -> None:
    made = collect([Quiet([Trigger(b"Key", caseless=True), Trigger(b"a.b", dotall=False), Trigger(b"c.d")])])
    for database in both(made):
        assert database.hits(b"KEY a\nb c\nd")[0] == [Hit(0, 3), Hit(2, 11)]


def test_places_may_overlap() -> None:
    for database in both(plan(b"aba")):
        assert database.hits(b"ababa")[0] == [Hit(0, 3), Hit(0, 5)]


def test_a_storm_is_bounded_per_trigger() -> None:
    for database in both(plan(b"x", b"y")):
        hits = database.hits(b"x" * (HITS_PER_TRIGGER + 100) + b"y")[0]
        assert len(hits) == HITS_PER_TRIGGER + 1
        assert hits[-1].trigger == 1


def test_no_triggers_need_no_library() -> None:
    assert collect([Quiet()]).load(b"") is EMPTY
    assert collect([]).fallback() is EMPTY
    assert not EMPTY.hits(b"anything")


def test_whoever_looks_for_it_the_compiled_form_is_the_same() -> None:
    assert collect([Quiet([Trigger(b"a")]), Quiet([Trigger(b"b")])]).key == plan(b"a", b"b").key


def test_own_triggers_are_compiled_apart_and_answer_as_one() -> None:
    own = Trigger(b"own", own=True)
    whole = collect([Quiet([own, Trigger(b"one")]), Quiet([Trigger(b"two"), own])])
    packaged, brought = whole.parts()
    assert packaged.key == plan(b"one", b"two").key
    both = joined([(part, part.load(part.compile())) for part in (packaged, brought)])
    data = b"own two one own"
    expected = {0: [Hit(0, 3), Hit(1, 11), Hit(0, 15)], 1: [Hit(1, 3), Hit(0, 7), Hit(1, 15)]}
    assert {position: list(hits) for position, hits in both.hits(data).items()} == expected
    assert not both.hits(b"nothing")
    assert both.hits(b"one") == {0: [Hit(1, 3)]}


@pytest.mark.parametrize("compiled", [True, False])
def test_what_is_for_files_read_by_their_format_is_left_out_elsewhere(*, compiled: bool) -> None:
    whole = collect([Quiet([Trigger(b"one"), Trigger(b"two", structured=True)])])
    parts = whole.parts()
    assert [part.structured for part in parts] == [False, True]
    both = joined([(part, part.load(part.compile())) for part in parts]) if compiled else whole.fallback()
    assert both.hits(b"two one") == {0: [Hit(1, 3), Hit(0, 7)]}
    assert both.hits(b"two one", structured=False) == {0: [Hit(0, 7)]}
    assert not both.hits(b"two", structured=False)


def test_the_key_knows_expressions_flags_and_order() -> None:
    plans = [plan(b"a", b"b"), plan(b"b", b"a"), plan(b"ab")]
    plans.append(collect([Quiet([Trigger(b"a", caseless=True), Trigger(b"b")])]))
    assert len({made.key for made in plans}) == len(plans)
    assert plan(b"a", b"b").key == plans[0].key


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda data: b"", id="empty"),
        pytest.param(lambda data: data[:-1], id="cut off"),
        pytest.param(lambda data: data[:200] + b"!" + data[201:], id="one byte changed"),
        pytest.param(lambda data: b"{}", id="something else"),
    ],
)
def test_bytes_that_do_not_fit_are_refused(spoil) -> None:
    made = plan(b"cat")
    with pytest.raises(BrokenData, match="Compile them again"):
        made.load(spoil(made.compile()))


def test_an_expression_that_vectorscan_refuses_is_named() -> None:
    with pytest.raises(BrokenData, match="cannot be compiled"):
        plan(b"(?=a)b").compile()


@given(st.lists(st.sampled_from([b"cat", b"dog", b"c", b"at", b"\n", b"x9", b"do"]), max_size=30))
def test_re_sees_what_vectorscan_sees(parts: list[bytes]) -> None:
    data = b"".join(parts)
    compiled, slow = PAIR
    assert compiled.hits(data) == slow.hits(data)


@given(st.text("cat9\n", max_size=40))
def test_of_many_ends_re_names_at_least_one(text: str) -> None:
    fast, slow = (database.hits(text.encode()).get(0, ()) for database in ENDS)
    assert set(slow) <= set(fast)
    assert bool(slow) == bool(fast)


PAIR = both(plan(rb"\bcat\b", rb"d[a-z]{2}", rb"c\w{3}9", rb"(?i:CAT|DOG)x"))
ENDS = both(plan(rb"c\w{0,3}9"))
