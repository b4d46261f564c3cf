"""What became of a bill of materials."""

import pytest

from vallum_engine.sbom.bill import Bill, Component
from vallum_engine.sca.difference import between


def bill(*packages, ecosystem="npm"):
    rows = [row if len(row) == 3 else (*row, ()) for row in packages]
    return Bill(
        subject=None,
        components=tuple(
            Component(
                ref=f"{name} {version}", name=name, version=version, ecosystem=ecosystem, licences=tuple(licences)
            )
            for name, version, licences in rows
        ),
    )


def changes(before, after):
    return [(row.change.value, row.name, row.before, row.after) for row in between(before, after).rows]


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        pytest.param([("a", "1.0.0")], [("a", "1.0.0")], [], id="the same"),
        pytest.param(
            [("a", "1.9.0")], [("a", "1.10.0")], [("upgraded", "a", "1.9.0", "1.10.0")], id="not by its letters"
        ),
        pytest.param(
            [("a", "2.0.0")], [("a", "2.0.0-rc.1")], [("downgraded", "a", "2.0.0", "2.0.0-rc.1")], id="to a candidate"
        ),
        pytest.param([("a", "x")], [("a", "y")], [("changed", "a", "x", "y")], id="versions that nobody can order"),
        pytest.param(
            [("a", "1.0.0")], [("a", "")], [("changed", "a", "1.0.0", "")], id="a version that is no longer said"
        ),
        pytest.param(
            [("a", "1.0.0"), ("a", "2.0.0")],
            [("a", "2.0.0"), ("a", "3.0.0")],
            [("upgraded", "a", "1.0.0", "3.0.0")],
            id="of two the one that both have is the same",
        ),
        pytest.param(
            [("a", "1.0.0"), ("a", "2.0.0")],
            [("a", "1.1.0"), ("a", "2.1.0"), ("a", "3.0.0")],
            [("added", "a", "", "3.0.0"), ("upgraded", "a", "1.0.0", "1.1.0"), ("upgraded", "a", "2.0.0", "2.1.0")],
            id="of several the lowest first",
        ),
        pytest.param(
            [("a", "1.0.0", ["MIT"])],
            [("a", "2.0.0", ["BUSL-1.1"])],
            [("upgraded", "a", "1.0.0", "2.0.0"), ("relicensed", "a", "MIT", "BUSL-1.1")],
            id="risen and relicensed",
        ),
        pytest.param([("a", "1.0.0", ["MIT"])], [("a", "1.0.0")], [], id="a licence that is not said"),
        pytest.param(
            [("a", "1.0.0", ["MIT OR X"])], [("a", "1.0.0", ["(MIT OR X)"])], [], id="parentheses around all of it"
        ),
        pytest.param(
            [("a", "1.0.0", ["(A) OR (B)"])],
            [("a", "1.0.0", ["(A) AND (B)"])],
            [("relicensed", "a", "(A) OR (B)", "(A) AND (B)")],
            id="parentheses around parts of it",
        ),
    ],
)
def test_what_became_of_a_package(before, after, says):
    assert changes(bill(*before), bill(*after)) == says


def test_another_release_of_a_distribution_shows_what_rose_with_it():
    before = bill(("ssl", "3.0.9-1"), ("same", "1-1"), ecosystem="Debian:11")
    after = bill(("ssl", "3.0.11-1"), ("same", "1-1"), ecosystem="Debian:12")
    assert changes(before, after) == [("upgraded", "ssl", "3.0.9-1", "3.0.11-1")]
    assert between(before, after).same == 1


def test_files_and_systems_are_no_packages():
    file = Component(ref="f", name="a.lock", kind="application", facts=(("file", "a.lock"),))
    assert between(Bill(subject=None, components=(file,)), Bill(subject=None)).rows == ()


def test_an_ecosystem_without_an_order_is_told_all_the_same():
    assert changes(bill(("a", "1"), ecosystem="vcpkg"), bill(("a", "2"), ecosystem="vcpkg")) == [
        ("changed", "a", "1", "2")
    ]
