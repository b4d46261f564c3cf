"""For which assets a gate holds, and what is no scope."""

from types import SimpleNamespace
from uuid import UUID

import pytest

from vallum_engine.gate.policy import BadPolicy
from vallum_web.assets.worth import Importance
from vallum_web.gates.reach import parse, plain, sentence

ONE, TWO, TEAM = UUID(int=1), UUID(int=2), UUID(int=3)


def asset(pk=ONE, team=None, importance=Importance.NORMAL):
    return SimpleNamespace(pk=pk, team_id=team, importance=int(importance))


@pytest.mark.parametrize(
    ("data", "inside", "outside", "says"),
    [
        pytest.param({"over": "all"}, asset(), None, "All assets", id="all"),
        pytest.param({"over": "assets", "assets": [str(ONE)]}, asset(), asset(TWO), "shop", id="named"),
        pytest.param({"over": "team", "team": str(TEAM)}, asset(team=TEAM), asset(), "Assets of Core", id="of a team"),
        pytest.param(
            {"over": "importance", "importance": "high"},
            asset(importance=Importance.CRITICAL),
            asset(),
            "Assets of high importance or higher",
            id="important",
        ),
        pytest.param(
            {"over": "importance", "importance": "low"},
            asset(importance=Importance.LOW),
            None,
            "Assets of low importance or higher",
            id="of any importance",
        ),
    ],
)
def test_a_scope_holds_for_some(data, inside, outside, says):
    reach = parse(data)
    assert plain(reach) == data
    assert reach.holds(inside)
    assert outside is None or not reach.holds(outside)
    assert sentence(reach, {ONE: "shop", TEAM: "Core"}) == says


def test_what_is_gone_is_said():
    assert sentence(parse({"over": "assets", "assets": [str(ONE), str(TWO)]}), {ONE: "shop"}) == "shop, 1 that is gone"
    assert sentence(parse({"over": "team", "team": str(TEAM)}), {}) == "Assets of a team that is gone: none"


@pytest.mark.parametrize(
    ("data", "says"),
    [
        pytest.param({}, "scope.over: None", id="nothing"),
        pytest.param({"over": []}, "is none of all", id="no text"),
        pytest.param({"over": "all", "team": str(TEAM)}, "and nothing else", id="too much"),
        pytest.param({"over": "team"}, "takes over and team", id="too little"),
        pytest.param({"over": "team", "team": "core"}, "is no id", id="a name for an id"),
        pytest.param({"over": "assets", "assets": []}, "name 1 to 200 assets", id="no asset"),
        pytest.param({"over": "assets", "assets": "x"}, "name 1 to 200 assets", id="a text for a list"),
        pytest.param({"over": "importance", "importance": "huge"}, "is none of low", id="no importance"),
    ],
)
def test_what_is_no_scope_is_refused_with_its_part(data, says):
    with pytest.raises(BadPolicy, match=says):
        parse(data)
