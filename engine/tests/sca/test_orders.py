"""Version order by ecosystem, held to what the ecosystems' own programs say.

The tables in `orders/` hold what each program answered (`dev/orders` asks and writes them): versions from the earliest to the
latest, equal ones on one line. Where the program itself is here, it is asked again, about others.
"""

import re
from itertools import pairwise
from pathlib import Path

import pytest

from dev.orders import samples
from dev.orders.oracles import ORACLES
from vallum_engine.sca.versions import ORDERS, order

TABLES = Path(__file__).parent / "orders"
KNOWN = [oracle for oracle in ORACLES if oracle.ecosystem in ORDERS]
WIDER = {"composer", "elixir", "npm"}
"""Where more is read than the program reads: advisories write `1.2` for `1.2.0`, and newer Composers read more dates."""

STEPS = re.compile(r"(?<=[0-9])(?=[^0-9])|(?<=[^0-9])(?=[0-9])|[.-]")
PAIRS, SLOW_PAIRS = 6_000, 400


def table(name):
    lines = (TABLES / f"{name}.txt").read_text("utf-8").splitlines()
    rows = [line.split("\t") for line in lines if not line.startswith("#")]
    return [row for row in rows if row[0] != "!"], [row[1] for row in rows if row[0] == "!"]


@pytest.mark.parametrize("oracle", KNOWN, ids=lambda oracle: oracle.name)
def test_any_two_versions_are_ordered_as_the_program_ordered_them(oracle):
    key = order(oracle.ecosystem)
    groups, refused = table(oracle.name)
    assert sum(map(len, groups)) > 100
    for group in groups:
        assert len({key(version) for version in group}) == 1, group
        assert key(group[0]) is not None, group
    for (low, *_), (high, *_) in pairwise(groups):
        assert key(low) < key(high), (low, high)
    if oracle.name not in WIDER:
        assert [version for version in refused if key(version) is not None] == []


@pytest.mark.slow
@pytest.mark.parametrize("oracle", KNOWN, ids=lambda oracle: oracle.name)
def test_the_program_itself_agrees_about_thousands_of_pairs(oracle):
    if not oracle.ready():
        pytest.skip(f"{oracle.name} is not on this machine; its table was tested")
    key = order(oracle.ecosystem)
    asked = samples.pairs(oracle.name, SLOW_PAIRS if oracle.slow else PAIRS, seed=20_26)
    compared = 0
    disputed = []
    for (one, other), expected in zip(asked, oracle.compare(asked), strict=True):
        left, right = key(one), key(other)
        if expected is None:
            assert oracle.name in WIDER or left is None or right is None, (one, other)
            continue
        assert left is not None, one
        assert right is not None, other
        if (left > right) - (left < right) != expected:
            disputed.append((one, other, expected))
        compared += 1
    assert compared > (80 if oracle.slow else 1_000)
    assert len(disputed) < compared / 100
    assert straight(oracle, disputed) == []


def straight(oracle, disputed):
    """The pairs about which the program does not contradict itself; where it does, a third version turns the two round.

    Maven's comparison does where words stand among numbers; a beginning of one of the two is always such a third.
    """
    legs = [
        (pair, leg)
        for pair in disputed
        for third in sorted(
            {text[: step.start()] for text in pair[:2] for step in STEPS.finditer(text) if step.start()}
        )
        for leg in ((pair[0], third), (third, pair[1]))
    ]
    said = oracle.compare([leg for _, leg in legs])  # in one question: some programs take a second to start
    circles = {
        pair
        for (pair, _), there, back in zip(legs[::2], said[::2], said[1::2], strict=True)
        if there * pair[2] <= 0 and back * pair[2] <= 0
    }
    return [pair for pair in disputed if pair not in circles]
