"""Rules of due dates, an asset's team and a repository's token, for machines."""

import json

import pytest
from django.test import Client

from vallum_web.accounts import matrix, tokens
from vallum_web.accounts.services import teams
from vallum_web.assets.models import Asset
from vallum_web.findings.models import DueRule
from vallum_web.repositories import services as repositories
from vallum_web.tenancy.models import Event
from vallum_web.tenancy.scope import scope

RULES = "/api/v1/due-rules"


@pytest.fixture
def machine(people):
    wanted = tokens.Wanted(name="n", role="security", scopes=sorted(matrix.actions()))
    client = Client(headers={"Authorization": f"Bearer {tokens.make(people.org, people.alice, wanted)[1]}"})

    def send(method, path, **body):
        return (
            getattr(client, method)(path, json.dumps(body), content_type="application/json")
            if method != "get"
            else client.get(path)
        )

    return send


def test_the_rules_are_a_table_of_which_a_part_may_be_said(machine, people):
    before = machine("get", RULES).json()["days"]
    assert (before["critical"]["normal"], before["info"]["normal"]) == (7, None)
    answer = machine("patch", RULES, days={"critical": {"normal": 2, "low": None}})
    assert answer.status_code == 200
    assert answer.json()["days"] == {**before, "critical": {**before["critical"], "normal": 2, "low": None}}
    assert machine("get", RULES).json() == answer.json()
    with scope(people.org.pk):
        assert Event.objects.of(people.org).filter(kind="due.changed").count() == 1


@pytest.mark.parametrize(
    "days",
    [
        pytest.param({"dire": {"normal": 1}}, id="no such severity"),
        pytest.param({"high": {"huge": 1}}, id="no such importance"),
        pytest.param({"high": {"normal": 0}}, id="no day at all"),
        pytest.param({"high": {"normal": 3651}}, id="more than ten years"),
    ],
)
def test_what_is_no_rule_is_refused(machine, people, days):
    assert machine("patch", RULES, days=days).status_code == 422
    with scope(people.org.pk):
        assert not DueRule.objects.of(people.org).exists()


def test_rules_are_tried_without_holding(machine, people):
    answer = machine("post", f"{RULES}/trial", days={"critical": {"normal": 1}})
    assert (answer.status_code, answer.json()) == (200, [])
    with scope(people.org.pk):
        assert not DueRule.objects.of(people.org).exists()


def test_an_asset_is_given_to_a_team_of_the_organization(machine, people):
    team = teams.make(people.org, people.alice.pk, "Platform")
    foreign = teams.make(people.elsewhere, people.charlie.pk, "Theirs")
    asset = repositories.add_by_url(people.org, people.alice.pk, url="https://code.example.test/acme/shop").asset
    (listed,) = machine("get", "/api/v1/teams").json()["items"]
    assert listed == {"id": str(team.pk), "name": "Platform"}
    path = f"/api/v1/assets/{asset.pk}/team"
    assert machine("put", path, team=listed["id"]).json()["team"] == str(team.pk)
    assert machine("put", path, team=str(foreign.pk)).status_code == 422
    with scope(people.org.pk):
        assert Asset.objects.of(people.org).get(pk=asset.pk).team_id == team.pk
    assert machine("put", path, team=None).json()["team"] is None


def test_a_repository_s_token_is_given_and_forgotten_and_in_no_answer(machine, people):
    asset = repositories.add_by_url(people.org, people.alice.pk, url="https://code.example.test/acme/shop").asset
    path = f"/api/v1/repositories/{asset.pk}"
    assert machine("get", path).json()["token"] == ""
    given = machine("put", f"{path}/token", token="a-very-own-token")
    assert given.status_code == 200
    assert given.json()["token"]
    assert b"a-very-own-token" not in given.content
    assert machine("get", path).json() == given.json()
    assert machine("put", f"{path}/token", token="two words").status_code == 422
    assert machine("delete", f"{path}/token").json()["token"] == ""
    assert machine("get", f"/api/v1/repositories/{people.org.pk}").status_code == 404
