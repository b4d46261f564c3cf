"""Which version ends the most: by hand-made spans, with one letter for a version."""

from vallum_engine.sca.planning.targets import Target, target
from vallum_engine.sca.spans import Span


def key(version):
    return version.encode()


def span(low, fixed):
    return [Span(low.encode(), fixed.encode() if fixed else None, closed=False, fixed=fixed)]


def test_the_lowest_that_ends_all():
    spans = {1: span("a", "c"), 2: span("a", "e")}
    assert target(spans, b"b", key) == Target(version="e", held=frozenset())


def test_an_advisory_that_begins_later_is_not_walked_into():
    spans = {1: span("a", "c"), 2: span("c", "d")}
    assert target(spans, b"b", key) == Target(version="d", held=frozenset())


def test_of_two_that_are_free_the_one_that_the_ranges_let_in():
    spans = {1: [*span("a", "c"), *span("d", "f")]}
    assert target(spans, b"b", key).version == "c"
    assert target(spans, b"b", key, admitted=lambda version: version == "f").version == "f"


def test_where_one_has_no_fix_the_others_are_ended():
    spans = {1: span("a", "c"), 2: span("a", ""), 3: span("a", "d")}
    assert target(spans, b"b", key) == Target(version="d", held=frozenset({2}))


def test_a_version_that_ends_nothing_is_no_target():
    assert target({1: span("a", "")}, b"b", key) is None
    assert target({1: span("a", ""), 2: span("x", "z")}, b"b", key) is None
    assert target({}, b"b", key) is None
