"""Which version ends the most: by hand-made spans, with one letter for a version."""

import pytest

from vallum_engine.sca.fix import lowest_fix
from vallum_engine.sca.planning.targets import Target, target
from vallum_engine.sca.spans import Span
from vallum_engine.sca.versions import early, order


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


@pytest.mark.parametrize(
    ("ecosystem", "ours", "fixed", "chosen"),
    [
        pytest.param("npm", "1.8.1", ["1.8.2-beta.4", "1.8.4", "2.0.0"], "1.8.4", id="a release of the line"),
        pytest.param("npm", "1.8.1", ["1.8.2-beta.4", "2.0.0"], "1.8.2-beta.4", id="no release of the line"),
        pytest.param("npm", "1.8.2-beta.1", ["1.8.2-beta.4", "1.8.4"], "1.8.2-beta.4", id="ours is none either"),
        pytest.param("npm", "1.8.1", ["1.8.4+build-7", "1.9.0"], "1.8.4+build-7", id="a build is a release"),
        pytest.param("PyPI", "1.6.0", ["1.7b4", "1.7.1"], "1.7.1", id="Python: a beta"),
        pytest.param("PyPI", "1.6.0", ["1.7.dev1", "1.7.post1"], "1.7.post1", id="Python: of development"),
        pytest.param("RubyGems", "6.0.0", ["6.1.0.rc2", "6.1.4.2"], "6.1.4.2", id="Ruby"),
        pytest.param("Maven", "9.0.0", ["9.0.1.M18", "9.0.2"], "9.0.2", id="Maven: a milestone"),
        pytest.param("Maven", "4.1.0", ["4.1.42.Final", "4.2"], "4.1.42.Final", id="Maven: final"),
        pytest.param("Maven", "27.0-jre", ["29.0-android", "29.1-jre"], "29.0-android", id="Maven: a variant"),
        pytest.param(
            "Go",
            "v0.1.0",
            ["v0.1.1-0.20200622213623-75b288015ac9", "v0.2.0"],
            "v0.1.1-0.20200622213623-75b288015ac9",
            id="Go: a commit",
        ),
        pytest.param("Packagist", "v1.0.0", ["1.0.1-RC1", "1.0.1"], "1.0.1", id="Composer"),
        pytest.param("Packagist", "v1.0.0", ["1.0.1-patch1", "1.0.2"], "1.0.1-patch1", id="Composer: a patch"),
    ],
)
def test_what_is_no_release_yet_comes_behind_a_release(ecosystem, ours, fixed, chosen):
    by = order(ecosystem)
    spans = {number: [Span(b"", by(each), closed=False, fixed=each)] for number, each in enumerate(fixed[:1])}
    spans[0] += [Span(by(each), by(each), closed=False, fixed=each) for each in fixed[1:]]
    assert target(spans, by(ours), by, is_early=early(ecosystem, ours)).version == chosen
    assert lowest_fix(spans[0], by(ours), by, early(ecosystem, ours)) == chosen
