"""The shortest way from a project to a package: by a table, beside a plain search, and on graphs made to hurt."""

import time
from collections import deque
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vallum_engine.model.graph import FIRST_STEPS, MOST_STEP, MOST_STEPS, Graph, Origin, Ways, joined, rootless

SECONDS = 10


def graph(wants, *, roots=("shop",), dev=None, whole=True, missing=()):
    """Entries go by one word, which is their name; version 1."""
    keys = {*roots, *wants, *(want for own in wants.values() for want in own)} - {*missing}
    keys |= {want for own in (dev or {}).values() for want in own}
    names = {key: (key, "" if key in roots else "1") for key in sorted(keys)}
    return Graph(names=names, wants=wants, roots=roots, dev=dev, whole=whole)


def way(made, name):
    return Ways(made, project="a.lock").of(name, "1")


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        pytest.param(graph({"shop": ["x"]}), Origin(direct=True, path=("shop", "x 1")), id="direct"),
        pytest.param(
            graph({"shop": ["a", "b"], "a": ["c"], "c": ["x"], "b": ["x"]}),
            Origin(direct=False, path=("shop", "b 1", "x 1")),
            id="the shorter of two",
        ),
        pytest.param(
            graph({"shop": ["b", "a"], "a": ["x"], "b": ["x"]}),
            Origin(direct=False, path=("shop", "b 1", "x 1")),
            id="of two as long, the one that stands first",
        ),
        pytest.param(
            graph({"shop": ["a"], "a": ["a", "b"], "b": ["a", "x"], "x": ["b", "x"]}),
            Origin(direct=False, path=("shop", "a 1", "b 1", "x 1")),
            id="cycles and self loops",
        ),
        pytest.param(graph({"shop": ["a"], "b": ["x"], "x": ["b"]}), Origin(), id="nobody leads there"),
        pytest.param(graph({"shop": ["a"], "a": ["x"]}, missing=("a", "x")), Origin(), id="missing entries"),
        pytest.param(graph({"shop": ["x"]}, roots=()), Origin(), id="no project"),
        pytest.param(
            graph({"shop": ["a"], "a": ["x"]}, whole=False),
            Origin(path=("shop", "a 1", "x 1")),
            id="what a project wants is not all told",
        ),
        pytest.param(
            graph({"shop": ["a"], "a": ["x"]}, dev={"shop": ["x"]}),
            Origin(direct=True, dev=False, path=("shop", "a 1", "x 1")),
            id="asked for in development, needed in production",
        ),
        pytest.param(
            graph({"shop": ["a"], "t": ["x"]}, dev={"shop": ["t"]}),
            Origin(direct=False, dev=True, path=("shop", "t 1", "x 1")),
            id="development only",
        ),
        pytest.param(
            graph({"shop": ["x"]}, dev={}), Origin(direct=True, dev=False, path=("shop", "x 1")), id="no development"
        ),
        pytest.param(
            graph({"one": ["two"], "two": ["a"], "a": ["x"]}, roots=("one", "two")),
            Origin(direct=False, path=("two", "a 1", "x 1")),
            id="from the nearest of two projects",
        ),
    ],
)
def test_the_way_to_a_package(made, expected):
    assert way(made, "x") == expected


def test_a_project_without_a_name_goes_by_its_file_and_an_entry_without_one_is_told_as_such():
    made = Graph(names={0: ("", ""), 1: ("", ""), 2: ("x", "1")}, wants={0: [1], 1: [2]}, roots=(0,))
    assert way(made, "x").path == ("a.lock", "(unnamed)", "x 1")


def test_what_nobody_else_wants_the_project_must():
    names = {key: (key, "1") for key in ("a", "b", "c", "self")}
    made = rootless(names, {"a": ["b"], "self": ["self"]}, {}, perhaps=["c"])
    ways = Ways(made, project="yarn.lock")
    assert ways.of("a", "1") == Origin(direct=True, path=("yarn.lock", "a 1"))
    assert ways.of("b", "1") == Origin(path=("yarn.lock", "a 1", "b 1"))
    assert ways.of("c", "1") == Origin()
    assert ways.of("self", "1").direct is True


def chain_of(length):
    return {"shop": ["p0"], **{f"p{n}": [f"p{n + 1}"] for n in range(length - 1)}}


@pytest.mark.parametrize("steps", [MOST_STEPS - 1, MOST_STEPS, MOST_STEPS + 1, 3 * MOST_STEPS])
def test_a_long_way_says_how_much_is_left_out(steps):
    found = way(graph(chain_of(steps - 1)), f"p{steps - 2}")
    whole = ("shop", *(f"p{n} 1" for n in range(steps - 1)))
    assert len(found.path) + found.cut == steps
    assert len(found.path) == min(steps, MOST_STEPS)
    assert found.path[:FIRST_STEPS] == whole[:FIRST_STEPS]
    assert found.path[FIRST_STEPS:] == whole[FIRST_STEPS + found.cut :]


def test_a_hundred_thousand_packages_take_no_time_in_a_chain_and_asked_for_by_one_name():
    started = time.process_time()
    ways = Ways(graph(chain_of(100_000)), project="")
    for number in range(0, 100_000, 2):
        ways.of(f"p{number}", "1")
    assert ways.of("p99999", "1").cut == 100_001 - MOST_STEPS
    keys = range(100_000)
    names = {key: ("same", str(key)) for key in keys}
    crowd = Graph(
        names={-1: ("shop", ""), **names},
        wants={key: ["same"] for key in [-1, *keys]},
        answers={"same": keys},
        roots=(-1,),
    )
    assert Ways(crowd, project="").of("same", "99999").path == ("shop", "same 99999")
    assert time.process_time() - started < SECONDS


def test_what_cannot_be_shown_is_written_out_and_what_is_long_is_cut():
    made = Graph(names={0: ("shop\x1b\u202e", ""), 1: ("x" * 5_000, "1")}, wants={0: [1]}, roots=(0,))
    project, package = way(made, "x" * 5_000).path
    assert project == "shop\\x1b\\u202e"
    assert len(package) == MOST_STEP
    assert package.endswith("…")


WORDS = st.sampled_from([f"p{n}" for n in range(9)])
GRAPHS = st.dictionaries(WORDS | st.just("shop"), st.lists(WORDS, max_size=4), max_size=9)


def depth(wants, target):
    """A search that knows nothing of ours."""
    seen, queue = {"shop"}, deque([("shop", 0)])
    while queue:
        key, far = queue.popleft()
        if key == target:
            return far
        for other in wants.get(key, ()):
            if other not in seen:
                seen.add(other)
                queue.append((other, far + 1))
    return None


@given(wants=GRAPHS, target=WORDS)
def test_every_way_is_a_shortest_one_along_what_is_wanted(wants, target):
    path = way(graph(wants), target).path
    far = depth(wants, target)
    assert len(path) == (0 if far is None else far + 1)
    keys = [step.removesuffix(" 1") for step in path]
    assert all(other in wants[key] for key, other in pairwise(keys))


@pytest.mark.parametrize(
    ("origins", "expected"),
    [
        pytest.param([], Origin(), id="nothing"),
        pytest.param([Origin(direct=False), Origin(direct=True)], Origin(direct=True), id="direct somewhere"),
        pytest.param([Origin(direct=False), Origin()], Origin(), id="transitive here, not said there"),
        pytest.param([Origin(dev=True), Origin(dev=False)], Origin(dev=False), id="in production somewhere"),
        pytest.param([Origin(dev=True), Origin()], Origin(), id="perhaps in production"),
        pytest.param(
            [Origin(dev=True, path=("a", "x")), Origin(dev=False, path=("a", "b", "x"))],
            Origin(dev=False, path=("a", "b", "x")),
            id="the way of production before a shorter one",
        ),
    ],
)
def test_several_places_are_one_origin(origins, expected):
    assert joined(origins) == expected
    assert joined(reversed(origins)) == expected
