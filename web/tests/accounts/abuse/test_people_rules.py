"""The rules over exports and over what people do one after the other, and how often they speak where nobody does harm."""

import random
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from vallum_web.accounts.abuse import sequences, taking
from vallum_web.accounts.abuse.sequences import Act
from vallum_web.accounts.abuse.taking import Export

pytestmark = pytest.mark.policy("PP-2d")
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
ALICE, BOB, EVE = UUID(int=1), UUID(int=2), UUID(int=3)
USUAL = {"rows": 400, "own": [400] * 5, "everybody": [], "owner_for": None, "shortened": False}


@pytest.mark.parametrize(
    ("seen", "rule"),
    [
        pytest.param({}, None, id="as usual"),
        pytest.param({"rows": 5_000}, None, id="as many as anybody may"),
        pytest.param({"rows": 5_001}, "export_many", id="one more, where 400 are usual"),
        pytest.param({"rows": 8_000, "own": [800] * 5}, None, id="ten times the median"),
        pytest.param({"rows": 8_001, "own": [800] * 5}, "export_many", id="more than that"),
        pytest.param(
            {"rows": 8_001, "own": [800, 10, 10, 900, 850]}, "export_many", id="few small ones move no median"
        ),
        pytest.param({"rows": 90_000, "own": [9_000] * 3}, None, id="it was always much"),
        pytest.param({"rows": 90_000, "own": [400] * 2}, None, id="no habits, and nobody else's either"),
        pytest.param({"rows": 90_000, "own": [], "everybody": [400] * 10}, "export_many", id="no habits: everybody's"),
        pytest.param({"rows": 90_000, "own": [], "everybody": [400] * 9}, None, id="too few of everybody's"),
        pytest.param(
            {"rows": 90_000, "own": [], "everybody": [400] * 9 + [45_000]}, None, id="no habits: twice the most"
        ),
        pytest.param(
            {"rows": 90_001, "own": [], "everybody": [400] * 9 + [45_000]},
            "export_many",
            id="no habits: more than twice",
        ),
        pytest.param({"rows": 90_000, "own": [9_000] * 3, "everybody": [4] * 10}, None, id="own habits before others'"),
        pytest.param({"owner_for": HOUR}, None, id="a new owner's small list"),
        pytest.param({"owner_for": HOUR, "rows": 1_001}, "export_new", id="a new owner's large one"),
        pytest.param({"owner_for": 25 * HOUR, "rows": 1_001}, None, id="an owner since yesterday"),
        pytest.param({"owner_for": HOUR, "rows": None}, "export_new", id="a new owner takes everything"),
        pytest.param({"rows": None}, None, id="an owner takes everything"),
        pytest.param({"shortened": True}, "export_delete", id="after having findings deleted"),
    ],
)
def test_what_is_unusual_of_an_export(seen, rule):
    found = taking.judge(Export(**{**USUAL, **seen}))
    assert (found.rule if found else None) == rule
    if found and "bound" in found.figures:
        assert f"{found.figures['bound']:,}" in found.words


def test_hours_are_sums():
    taken = [(1, NOON, 3), (2, NOON, 9), (1, NOON + 59 * MINUTE, 4), (1, NOON + HOUR, 5)]
    assert taking.hours(taken) == {1: [7, 5], 2: [9]}


def weeks_of(dice, *, whole):
    """300 people of 60 organizations for 26 weeks, a list each a week; `whole`: how often it is all there is instead of their own."""
    for _ in range(60):
        size, everybody = int(400 * dice.paretovariate(0.7)), []
        people = [(dice.choice((0.01, 0.05, 0.2, 0.5, 1.0)), []) for _ in range(5)]
        for _ in range(26):
            for share, own in people:
                asks = size if dice.random() < whole else share * size * dice.lognormvariate(0, 0.3)
                rows = min(size, int(asks) + 1)
                yield taking.judge(Export(**{**USUAL, "rows": rows, "own": own, "everybody": everybody}))
                own.append(rows)
                everybody.append(rows)


@pytest.mark.parametrize(
    ("whole", "at_most"), [(0.0, 0), (0.02, 20)], ids=["own lists", "one of fifty is of everything"]
)
def test_how_often_an_export_that_does_no_harm_is_held(whole, at_most):
    asked = list(weeks_of(random.Random(5), whole=whole))
    held = sum(found is not None for found in asked)
    assert len(asked) == 7_800
    assert held <= at_most, f"{held} of {len(asked)}"


def act(kind, subject, actor, *, after=timedelta(), **facts):
    return Act(kind=kind, at=NOON + after, subject=subject, actor=actor, facts=facts)


def rise(person, by, *, after=timedelta(), role="owner", before="developer"):
    return act("member.role", person, by, after=after, role=role, before=before)


def token(by, after):
    return act("token.made", UUID(int=9), by, after=after)


def keeping(by, after, days=30, before=365):
    return act("org.keeping", UUID(int=8), by, after=after, days=days, before=before)


GONE = act("member.removed", ALICE, EVE, after=HOUR, how="removed", role="owner")


@pytest.mark.parametrize(
    ("acts", "owners", "rules"),
    [
        pytest.param([rise(EVE, ALICE), GONE], [EVE], ["owners_replaced"], id="the new owner removes the old one"),
        pytest.param([rise(EVE, ALICE), GONE], [BOB, EVE], [], id="another old owner is left"),
        pytest.param([GONE], [EVE], [], id="an owner of long standing removes one"),
        pytest.param(
            [rise(EVE, ALICE), act("member.removed", ALICE, ALICE, role="owner")], [EVE], [], id="by own hand"
        ),
        pytest.param(
            [rise(EVE, ALICE), rise(ALICE, EVE, role="billing", before="owner")],
            [EVE],
            ["owners_replaced"],
            id="lowered",
        ),
        pytest.param([rise(EVE, ALICE), act("member.removed", BOB, EVE, role="developer")], [EVE], [], id="no owner"),
        pytest.param([rise(BOB, ALICE, role="admin"), token(BOB, HOUR)], [ALICE], ["escalated"], id="an hour later"),
        pytest.param([rise(BOB, ALICE, role="admin"), token(BOB, HOUR + MINUTE)], [ALICE], [], id="later than that"),
        pytest.param([rise(BOB, ALICE, role="admin"), token(ALICE, MINUTE)], [ALICE], [], id="somebody else's"),
        pytest.param([token(BOB, -MINUTE), rise(BOB, ALICE, role="admin")], [ALICE], [], id="before"),
        pytest.param([rise(BOB, ALICE, role="auditor"), token(BOB, MINUTE)], [ALICE], [], id="a lower role"),
        pytest.param([act("org.transferred", BOB, ALICE), token(BOB, MINUTE)], [BOB], ["escalated"], id="handed over"),
        pytest.param(
            [act("export.made", EVE, BOB), keeping(BOB, 24 * HOUR)],
            [ALICE],
            ["export_delete"],
            id="export, then delete",
        ),
        pytest.param([act("export.made", EVE, BOB), keeping(BOB, 25 * HOUR)], [ALICE], [], id="a day later"),
        pytest.param([act("export.made", EVE, BOB), keeping(ALICE, HOUR)], [ALICE], [], id="two people"),
        pytest.param([act("export.made", EVE, BOB), keeping(BOB, HOUR, 400)], [ALICE], [], id="kept for longer"),
    ],
)
def test_one_after_the_other(acts, owners, rules):
    seen = sequences.judge(acts, owners)
    assert [each.found.rule for each in seen] == rules
    for each in seen:
        assert all(
            str(each.found.figures[name]) in each.found.words for name in ("hours",) if name in each.found.figures
        )


def test_how_often_people_are_told_of_where_nobody_does_harm():
    """200 organizations of 20 people for a year: roles rise, owners go by themselves, everybody exports and makes tokens."""
    dice, spoke, acts_made = random.Random(3), [], 0
    for _ in range(200):
        year = []
        for person in (UUID(int=n) for n in range(10, 30)):
            times = {"export.made": 20, "token.made": 4, "webhook.made": 1}
            for kind, often in times.items():
                year += [act(kind, UUID(int=9), person, after=dice.random() * 365 * DAY) for _ in range(often)]
            if dice.random() < 0.3:
                year.append(rise(person, ALICE, role="admin", after=dice.random() * 365 * DAY))
        left = dice.random() * 300 * DAY
        year += [rise(BOB, ALICE, after=left), act("member.removed", ALICE, ALICE, after=left + DAY / 2, role="owner")]
        year.append(keeping(BOB, dice.random() * 365 * DAY))
        year.sort(key=lambda each: each.at)
        acts_made += len(year)
        spoke += sequences.judge(year, [BOB])
    assert acts_made > 100_000
    assert len(spoke) / 200 <= 0.05, f"{[each.found.rule for each in spoke]} in 200 years"
