"""What is sent reaches no log: not the request log, not a line of the processes, not the database's own log."""

import io
import json
import logging
from itertools import count

import pytest
from django.test import Client

from vallum_web.accounts import tokens
from vallum_web.accounts.models import Membership
from vallum_web.mail import services as mails
from vallum_web.repositories import services as repositories
from vallum_web.tenancy.requestlog.buffer import BUFFER
from vallum_web.tenancy.requestlog.lines import Lines

CANARY = "canary-"
_number = count(1)

pytestmark = pytest.mark.asvs("16.2.5", "14.2.1")


def canary():
    return f"{CANARY}{next(_number):06}"


@pytest.fixture
def lines():
    """Everything that this process logs, as its own log has it."""
    out = io.StringIO()
    handler = logging.StreamHandler(out)
    handler.setFormatter(Lines("%(levelname)s %(name)s %(request_id)s%(message)s"))
    root, quiet = logging.getLogger(), logging.getLogger("django.request")
    level, before = root.level, quiet.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    quiet.setLevel(logging.DEBUG)
    yield out
    root.removeHandler(handler)
    root.setLevel(level)
    quiet.setLevel(before)


def headers():
    return {
        "X-Custom": canary(),
        "Cookie": f"other={canary()}",
        "Referer": f"https://{canary()}.example/",
        "X-Forwarded-For": canary(),
    }


def everywhere(browser, path, *, form=None, body=None):
    """One request with a canary wherever one can be put, but for what the caller says."""
    query = {canary(): canary(), "q": canary(), "next": f"/{canary()}/"}
    if body is not None:
        return browser.post(
            path, json.dumps(body), content_type="application/json", query_params=query, headers=headers()
        )
    if form is not None:
        return browser.post(path, form, query_params=query, headers=headers())
    return browser.get(path, query, headers=headers())


def kept():
    return " ".join(repr(vars(row)) for row in BUFFER._rows)


def checked(lines):
    text = lines.getvalue()
    assert CANARY not in text, next(line for line in text.splitlines() if CANARY in line)
    assert CANARY not in kept()
    return text


@pytest.fixture
def doors(people, signed_in):
    _, text = tokens.make(people.org, people.bob, tokens.Wanted(name="ci", role=Membership.Role.DEVELOPER))
    BUFFER._rows.clear()
    return [
        signed_in(people.alice),
        Client(),
        Client(headers={"Authorization": f"Bearer {text}"}),
        Client(headers={"Authorization": f"Bearer {canary()}"}),
        Client(headers={"Authorization": f"Basic {canary()}"}, enforce_csrf_checks=True),
    ]


PATHS = (
    "/acme/",
    "/acme/findings/",
    "/acme/assets/",
    "/acme/assets/add/",
    "/accounts/login/",
    "/accounts/signup/",
    "/accounts/password/reset/",
    "/accounts/confirm-email/{}/",
    "/accounts/password/reset/key/{}-{}/",
    "/invite/{}/",
    "/security/leaked-token/",
    "/api/v1/findings",
    "/api/v1/findings/{}",
    "/api/v1/tokens",
    "/scim/v2/Users/{}",
    "/{}/findings/",
    "/{}/",
)


@pytest.mark.policy("PP-1.3d")
def test_whatever_is_asked_for(doors, lines):
    form = {
        "login": f"{canary()}@example.test",
        "password": canary(),
        "email": f"{canary()}@example.test",
        "token": canary(),
    }
    for path in PATHS:
        for browser in doors:
            for more in ({}, {"form": {name: f"{value}{canary()}" for name, value in form.items()}}, {"body": form}):
                everywhere(browser, path.format(canary(), canary()), **more)
    assert len(BUFFER._rows) == len(PATHS) * len(doors) * 3
    checked(lines)


def test_what_fails_in_the_middle(people, lines, monkeypatch, settings):
    """A traceback holds the text of what was raised, and databases like to quote."""
    settings.EMAIL_BACKEND = "vallum_web.mail.backend.OutboxBackend"

    def broken(*, to, letter, **_):
        raise ValueError(f"{to.address} cannot be written to: {letter.text}")

    monkeypatch.setattr(mails, "queue", broken)
    browser = Client(raise_request_exception=False)
    answer = everywhere(browser, "/accounts/password/reset/", form={"email": f"{canary()}@example.test"})
    assert answer.status_code == 500
    text = checked(lines)
    assert "Traceback" in text
    assert "ValueError: [left out] cannot be written to" in text
    assert answer.headers["X-Request-Id"] in text


def test_what_fails_over_a_body_or_a_path(people, lines, monkeypatch, signed_in):
    _, text = tokens.make(people.org, people.bob, tokens.Wanted(name="ci", role=Membership.Role.DEVELOPER))
    machine = Client(headers={"Authorization": f"Bearer {text}"}, raise_request_exception=False)

    def broken(*args, **kwargs):
        raise KeyError(args, kwargs)

    monkeypatch.setattr(repositories, "add_by_url", broken)
    body = {"url": f"https://{canary()}.example.test/{canary()}", "name": canary()}
    # The API takes no parameter that it does not know, and says so without repeating it to the log.
    assert everywhere(machine, "/api/v1/repositories", body=body).status_code == 422
    checked(lines)
    failed = machine.post("/api/v1/repositories", json.dumps(body), content_type="application/json", headers=headers())
    assert failed.status_code == 500
    said = checked(lines)
    assert "KeyError" in said


def test_a_line_of_ours_says_which_request_it_is_about(lines, db):
    log = logging.getLogger("vallum_web.test")
    log.info("Outside of any request")
    assert "INFO vallum_web.test Outside" in lines.getvalue()
