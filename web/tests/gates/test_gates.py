"""Gates are made, changed and deleted, by whose role may, and every change is on record."""

from uuid import uuid4

import pytest
from making import secret

from vallum_web.accounts.services import teams
from vallum_web.assets import services as assets
from vallum_web.gates import services
from vallum_web.gates.models import Evaluation, Gate
from vallum_web.tenancy.models import Event
from vallum_web.tenancy.scope import scope

POLICY = {"version": 1, "max_severity": "high", "new_since": {"since": "previous"}}


def test_a_gate_is_made_changed_and_deleted(security, people):
    answer = security.send("post", "gates", {"name": "No new critical", "policy": POLICY})
    assert answer.status_code == 201, answer.content
    made = answer.json()
    assert made["policy"]["max_severity"] == "high"
    assert made["policy"]["max_age_days"] == 7
    assert made["scope"] == {"over": "all"}
    assert made["sentences"][0] == "Fails on anything worse than high."
    assert security.get(f"gates/{made['id']}").json() == made
    body = {"name": "No new high", "policy": {**POLICY, "max_severity": "medium"}}
    changed = security.send("put", f"gates/{made['id']}", body).json()
    assert (changed["name"], changed["revision"], changed["policy"]["max_severity"]) == ("No new high", 2, "medium")
    assert security.send("put", f"gates/{made['id']}", body).json()["revision"] == 2
    assert [each["name"] for each in security.get("gates").json()["items"]] == ["No new high"]
    assert security.send("delete", f"gates/{made['id']}").status_code == 204
    assert security.get(f"gates/{made['id']}").status_code == 404
    with scope(people.org.pk):
        events = list(Event.objects.of(people.org).filter(kind__startswith="gate.").order_by("id"))
    assert [event.kind for event in events] == ["gate.made", "gate.changed", "gate.deleted"]
    assert events[1].data["was"]["policy"]["max_severity"] == "high"
    assert events[1].data["policy"]["max_severity"] == "medium"


@pytest.mark.parametrize(
    ("body", "status", "says"),
    [
        pytest.param({"name": "x", "policy": {"version": 1}}, 422, "forbids nothing", id="nothing forbidden"),
        pytest.param({"name": "x", "policy": {**POLICY, "version": 2}}, 422, "version", id="a later version"),
        pytest.param({"name": "x", "policy": {**POLICY, "no_secrets": True}}, 422, "no_secrets", id="misspelt"),
        pytest.param({"name": "x", "policy": {**POLICY, "max_count": -1}}, 422, "max_count", id="fewer than none"),
        pytest.param(
            {"name": "x", "policy": {**POLICY, "new_since": {"since": "scan"}}}, 422, "scan's id", id="no scan"
        ),
        pytest.param({"name": " ", "policy": POLICY}, 422, "name", id="no name"),
        pytest.param({"name": "x\u202ey", "policy": POLICY}, 422, "direction", id="a name that deceives"),
        pytest.param({"name": "x", "policy": POLICY, "scope": {"over": "team"}}, 422, "scope", id="no team"),
        pytest.param(
            {"name": "x", "policy": POLICY, "scope": {"over": "team", "team": str(uuid4())}},
            422,
            "no team",
            id="nobody's team",
        ),
        pytest.param(
            {"name": "x", "policy": POLICY, "scope": {"over": "assets", "assets": [str(uuid4())]}},
            422,
            "no asset",
            id="nobody's asset",
        ),
        pytest.param({"name": "Taken", "policy": POLICY}, 409, "choose another name", id="a name that is taken"),
    ],
)
def test_what_is_no_gate_is_refused_with_its_part(security, gate, body, status, says):
    gate("Taken", no_secret=True)
    other = gate("Other", no_secret=True)
    for answer in (security.send("post", "gates", body), security.send("put", f"gates/{other.pk}", body)):
        assert (answer.status_code, says in answer.content.decode()) == (status, True), answer.content


def test_an_asset_of_somebody_else_is_none(security, people):
    theirs = assets.add(people.elsewhere, "repository", "theirs", people.charlie.pk)
    team = teams.make(people.elsewhere, people.charlie.pk, "Theirs")
    for over in ({"over": "assets", "assets": [str(theirs.pk)]}, {"over": "team", "team": str(team.pk)}):
        answer = security.send("post", "gates", {"name": "x", "policy": POLICY, "scope": over})
        assert answer.status_code == 422


def test_a_gate_holds_for_the_assets_of_a_team_until_the_team_is_gone(security, machine, people, scanned, gate):
    shop = scanned(secret()).asset
    team = teams.make(people.org, people.alice.pk, "Core")
    body = {
        "name": "Core",
        "policy": {"version": 1, "no_secret": True},
        "scope": {"over": "team", "team": str(team.pk)},
    }
    made = security.send("post", "gates", body).json()
    assert made["sentences"][-1] == "Assets of Core."
    assert machine.ask().json()["evaluations"] == []
    assets.give_to(shop, team, people.alice.pk)
    assert machine.ask().json()["verdict"] == "fail"
    teams.delete(team, people.alice.pk)
    assert machine.ask().json()["verdict"] == "cannot_say"
    assert "a team that is gone" in security.get(f"gates/{made['id']}").json()["sentences"][-1]


def test_there_are_not_more_gates_than_a_pipeline_can_ask(security, people, gate, monkeypatch):
    monkeypatch.setattr(services, "MOST_GATES", 1)
    gate("One", no_secret=True)
    answer = security.send("post", "gates", {"name": "Two", "policy": POLICY})
    assert (answer.status_code, "already" in answer.json()["detail"]) == (422, True)


def test_a_deleted_gate_takes_its_answers_along(machine, security, people, scanned, gate):
    made = gate(no_secret=True)
    scanned(secret())
    machine.ask()
    security.send("delete", f"gates/{made.pk}")
    with scope(people.org.pk):
        assert not Evaluation.objects.of(people.org).exists()
        assert not Gate.objects.of(people.org).exists()


def test_a_developer_asks_and_changes_nothing(machine, people, scanned, gate):
    made = gate(no_secret=True)
    scanned(secret())
    assert machine.send("post", "gates", {"name": "x", "policy": POLICY}).status_code == 403
    assert machine.send("put", f"gates/{made.pk}", {"name": "x", "policy": POLICY}).status_code == 403
    assert machine.send("delete", f"gates/{made.pk}").status_code == 403
    assert machine.ask().status_code == 200
