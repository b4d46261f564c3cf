"""Every door by every role: who may, comes in; who may not, is told so; nothing is decided beside matrix.toml.

Doors are found by walking the resolver and the API's own routes, so a new one is covered by being there.
"""

import itertools
import json
from contextlib import contextmanager
from uuid import uuid4

import making
import pytest
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from test_strangers import OF_ORG, filled, people, things

from vallum_web.accounts import matrix, services, tokens
from vallum_web.accounts.matrix import Role
from vallum_web.config.api import api
from vallum_web.findings import services as findings
from vallum_web.findings.filters import Filters
from vallum_web.notify import rules
from vallum_web.repositories import services as repositories

__all__ = ["people", "things"]  # the fixtures

pytestmark = [pytest.mark.django_db, pytest.mark.asvs("8.1.1", "8.2.1", "8.2.2", "8.3.1", "8.4.1")]

# What a call needs to get as far as the check of its role, by method and address.
BODIES = {
    ("POST", "tokens"): {"name": "n", "role": "billing", "scopes": ["tokens.make"]},
    ("POST", "repositories"): {"url": "https://code.example.test/acme/other"},
    ("POST", "exports"): {"format": "csv"},
    ("POST", "scans"): {"asset": "{asset}"},
    ("POST", "gates"): {"name": "n", "policy": {"version": 1, "no_secret": True}},
    ("PUT", "gates/{gate_id}"): {"name": "n", "policy": {"version": 1, "no_secret": True}},
    ("POST", "gates/evaluations"): {"asset": "{asset}"},
    ("POST", "gates/{gate_id}/evaluations"): {"asset": "{asset}"},
    ("POST", "findings/{finding_id}/suppression"): {"reason": "test_data"},
    ("POST", "findings/{finding_id}/comments"): {"text": "t"},
    ("PATCH", "findings/{finding_id}/comments/{comment_id}"): {"text": "t"},
    ("POST", "views"): {"name": "n", "query": "severity=high"},
    ("POST", "views/shared"): {"name": "n"},
    ("PATCH", "due-rules"): {"days": {}},
    ("PATCH", "retention"): {"days": 40},
    ("POST", "due-rules/trial"): {"days": {}},
    ("PUT", "assets/{asset_id}/team"): {"team": None},
    ("PUT", "repositories/{asset_id}/token"): {"token": "t"},
    ("POST", "suppression-rules"): {"kind": "malware", "reason": "test_data"},
    ("POST", "suppression-rules/preview"): {"kind": "malware"},
    ("PUT", "live-checks"): {"on": True},
    ("POST", "plan/subscription"): {"seats": 5, "period": "month", "currency": "EUR"},
    ("PATCH", "plan/subscription"): {"seats": 5},
    ("POST", "webhooks"): {"name": "n", "url": "https://192.0.2.1/", "occasions": ["scan.failed"]},
    ("PUT", "webhooks/{webhook_id}"): {"name": "n", "occasions": ["scan.failed"]},
    ("PUT", "webhooks/{webhook_id}/switch"): {"on": True},
    ("POST", "bulk"): {"query": "kind=malware", "lift": True},
}


def views(resolver=None, prefix=""):
    for item in (resolver or get_resolver()).url_patterns:
        path = prefix + str(item.pattern)
        if isinstance(item, URLResolver):
            yield from views(item, path)
        elif isinstance(item, URLPattern):
            yield path, item.callback


PAGES = {path: getattr(view, "action", None) for path, view in views() if path in OF_ORG}
CALLS = sorted(
    (method, f"{prefix.strip('/')}{path}".strip("/"), getattr(operation.view_func, "action", None))
    for prefix, router in api._routers
    for path, view in router.path_operations.items()
    for operation in view.operations
    for method in operation.methods
)


def test_every_door_names_an_action():
    assert [path for path, action in PAGES.items() if action is None] == []
    assert [call for call in CALLS if call[2] is None and call[1] != "uploads"] == []
    assert len(PAGES) > 30
    assert len(CALLS) > 15


def test_every_action_has_a_door():
    used = {*PAGES.values(), *(action for _, _, action in CALLS)}
    assert sorted(matrix.actions().keys() - used) == []


def test_a_token_is_offered_what_the_api_has_a_door_for():
    used = {action for _, path, action in CALLS if path != "uploads"} | {"scans.start"}
    assert {row.id for row in matrix.actions().values() if row.api} == used


@pytest.fixture(scope="module")
def cast(people, things):
    """A member of Alice's organization for each role, and what there is for them."""
    made = {}
    for role in Role:
        person = making.person(f"{role}@example.test", name=role.label)
        services.join(people.org, person, role)
        made[role] = person, {**things, **own(people, things, person)}
    return made


@pytest.fixture(scope="module")
def narrow(people, cast):
    """A token for each role which may rename the organization, and nothing else."""
    owner, _ = cast[Role.OWNER]
    return {role: token(people, owner, role, ["org.rename"]) for role in Role}


def token(people, person, role, scopes):
    return tokens.make(people.org, person, tokens.Wanted(name="n", role=role, scopes=scopes))[1]


def own(people, things, person):
    """Things that only whoever made them may change."""
    comment = findings.comment(people.org, things["finding"], person.pk, "Mine.")
    view = findings.save_view(people.org, person.pk, "Mine", Filters(), shared=False)
    told = rules.Wanted(name="Mine", occasions=("scan.failed",), way="inbox", rhythm="once")
    rule = rules.make(people.org, person.pk, told, own=True)
    return {"own_rule": rule.pk, "comment": comment.pk, "comment_id": comment.pk, "view": view.pk, "view_id": view.pk}


@contextmanager
def undone():
    """What happens inside has not happened: making one of everything for each role anew would take minutes."""
    point = transaction.savepoint()
    try:
        yield
    finally:
        transaction.savepoint_rollback(point)


@pytest.mark.slow
@pytest.mark.parametrize("route", sorted(PAGES))
def test_a_page_lets_in_whose_role_may(route, people, cast, signed_in):
    row = matrix.action(PAGES[route])
    for role, (person, made) in cast.items():
        with undone():
            browser, held = signed_in(person), dict(made)
            if route.endswith("/archive/"):
                archive = repositories.add_archive(people.org, None, name="zip", archive=uuid4(), archive_name="a.zip")
                held["asset"] = archive.asset_id
            path, form = filled(route, held), {"member": str(held["member"])}
            answers = [answer for answer in (browser.get(path), browser.post(path, form)) if answer.status_code != 405]
            assert answers
            for answer in answers:
                if role in row.roles:
                    assert answer.status_code not in {403, 404, 500, 503}, (role, answer.content[:300])
                else:  # told what they may not do, and not that it is missing
                    assert answer.status_code == 403, role
                    assert f"Your role in Acme is {role.label.lower()}" in answer.content.decode()


@pytest.mark.slow
@pytest.mark.parametrize("call", CALLS, ids=lambda call: f"{call[0]} {call[1]}")
def test_the_api_lets_in_tokens_whose_role_and_scopes_may(call, people, cast, narrow):
    method, path, action = call
    row = matrix.action(action or "scans.start")
    person, held = cast[Role.OWNER]
    address = "/api/v1/" + path.format(**{name: str(value) for name, value in held.items()})
    body = json.dumps(BODIES.get((method, path), {})).replace("{asset}", str(held["asset"]))
    sent = {"path": address, "data": body if method != "GET" else {}, "content_type": "application/json"}
    if path == "uploads":
        sent = {"path": f"{address}?asset=one", "data": b"x", "content_type": "application/octet-stream"}
    for role, scopes in itertools.product(Role, ([row.id], ["org.rename"])):
        with undone():
            text = narrow[role] if scopes == ["org.rename"] else token(people, person, role, scopes)
            answer = getattr(Client(headers={"Authorization": f"Bearer {text}"}), method.lower())(**sent)
            if role in row.roles and row.id in scopes:
                assert answer.status_code not in {401, 403, 404, 500, 503}, (role, answer.content[:300])
            else:
                assert answer.status_code == 403, (role, scopes)
