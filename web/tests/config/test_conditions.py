"""Conditional calls: what the caller has already is not sent again, and what it does not know is not overwritten."""

import json

import pytest
from django.test import Client
from test_strangers import people, things

from vallum_web.accounts import conditions, matrix, tokens
from vallum_web.assets import services as assets
from vallum_web.assets.worth import Importance
from vallum_web.config.api import api

__all__ = ["people", "things"]  # the fixtures

pytestmark = pytest.mark.django_db

DESCRIBED = api.get_openapi_schema()["paths"]
SINGLE = sorted(path for path, operations in DESCRIBED.items() if path.endswith("}") and "get" in operations)
LISTS = sorted(path for path, operations in DESCRIBED.items() if "{" not in path and "get" in operations)


@pytest.fixture
def machine(people):
    wanted = tokens.Wanted(name="n", role="owner", scopes=sorted(matrix.actions()))
    return Client(headers={"Authorization": f"Bearer {tokens.make(people.org, people.alice, wanted)[1]}"})


def test_there_are_such_objects():
    named = {path.rsplit("/", 2)[1] for path in SINGLE}
    assert named == {
        "assets",
        "bulk",
        "comments",
        "exports",
        "findings",
        "gates",
        "repositories",
        "scans",
        "suppression-rules",
        "tokens",
        "uploads",
        "views",
        "webhook-deliveries",
        "webhooks",
    }


@pytest.mark.parametrize("path", SINGLE)
def test_an_object_has_a_strong_tag_and_is_not_sent_twice(path, machine, things):
    address = path.format(**{name: str(value) for name, value in things.items()})
    first = machine.get(address)
    assert first.status_code == 200, first.content
    tag = first.headers["ETag"]
    assert tag.startswith('"')
    assert first.headers["Cache-Control"] == "no-store"
    for known in (tag, f'"x", W/{tag}', "*"):
        again = machine.get(address, headers={"If-None-Match": known})
        assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", tag)
        assert "Content-Type" not in again.headers
    assert machine.get(address, headers={"If-None-Match": '"x"'}).status_code == 200


@pytest.mark.parametrize("path", LISTS)
def test_a_list_has_a_weak_tag(path, machine):
    first = machine.get(path)
    assert first.headers["ETag"].startswith('W/"')
    again = machine.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


def patch(client, address, tag, **body):
    return client.patch(address, json.dumps(body), content_type="application/json", headers={"If-Match": tag})


def test_what_somebody_else_changed_is_not_overwritten(machine, things, people):
    address = f"/api/v1/assets/{things['asset']}"
    known = machine.get(address).headers["ETag"]
    assets.change(people.org, things["asset"], people.bob.pk, importance=Importance.HIGH)
    late = patch(machine, address, known, importance="low")
    assert late.status_code == 412
    assert "no longer what you have" in late.json()["detail"]
    now = machine.get(address)
    assert now.json()["importance"] == "high"
    done = patch(machine, address, now.headers["ETag"], importance="low")
    assert (done.status_code, done.json()["importance"]) == (200, "low")
    assert done.headers["ETag"] == machine.get(address).headers["ETag"] != known


def test_a_weak_tag_proves_nothing_and_a_star_only_that_it_is_there(machine, things, people):
    address = f"/api/v1/assets/{things['asset']}"
    tag = machine.get(address).headers["ETag"]
    assert patch(machine, address, f"W/{tag}", importance="low").status_code == 412
    assert patch(machine, address, '"other", ' + tag, importance="low").status_code == 200
    assert patch(machine, address, "*", importance="high").status_code == 200
    assert patch(machine, f"/api/v1/assets/{people.org.pk}", "*", importance="high").status_code == 404


CHANGES = sorted(
    (method, path)
    for path, operations in DESCRIBED.items()
    for method, operation in operations.items()
    if "If-Match" in {each["name"] for each in operation["parameters"]}
)
BODIES = {
    "assets/{asset_id}": {"importance": "low"},
    "assets/{asset_id}/team": {"team": None},
    "repositories/{asset_id}/token": {"token": "t"},
    "gates/{gate_id}": {"name": "n", "policy": {"version": 1, "no_secret": True}},
    "findings/{finding_id}/comments/{comment_id}": {"text": "t"},
    "findings/{finding_id}/suppression": {"reason": "test_data"},
    "webhooks/{webhook_id}": {"name": "n", "occasions": ["finding.opened"]},
    "webhooks/{webhook_id}/switch": {"on": False},
}


@pytest.mark.parametrize(("method", "path"), CHANGES, ids=lambda value: value)
def test_nothing_is_changed_under_a_tag_that_is_not_its(method, path, machine, things):
    address = path.format(**{name: str(value) for name, value in things.items()})
    body = json.dumps(BODIES.get(path.removeprefix("/api/v1/"), {}))
    answer = getattr(machine, method)(address, body, content_type="application/json", headers={"If-Match": '"x"'})
    assert answer.status_code == 412, answer.content


def test_what_has_no_tag_takes_no_condition(machine, things):
    answer = machine.delete(f"/api/v1/views/shared/{things['shared']}", headers={"If-Match": "*"})
    assert answer.status_code == 400
    answer = machine.post(
        "/api/v1/views", json.dumps({"name": "n"}), content_type="application/json", headers={"If-Match": "*"}
    )
    assert answer.status_code == 400


@pytest.mark.parametrize(
    ("header", "strong", "weak"),
    [
        pytest.param('"a"', True, True, id="itself"),
        pytest.param('W/"a"', False, True, id="weak"),
        pytest.param('"b" , "a"', True, True, id="one of several"),
        pytest.param("", False, False, id="nothing"),
        pytest.param("a", False, False, id="without quotation marks"),
        pytest.param("*", True, True, id="any"),
        pytest.param('"b', False, False, id="broken off"),
    ],
)
def test_a_tag_is_looked_for_in_a_list(header, strong, weak):
    assert conditions.among('"a"', header, weak=False) == strong
    assert conditions.among('"a"', header, weak=True) == weak
