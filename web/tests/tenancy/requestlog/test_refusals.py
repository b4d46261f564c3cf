"""Refusals leave a row as well; and no caller writes a line, or a row, of their own into the log."""

import io
import logging

import pytest
from django.conf import settings as configured
from django.test import Client

from vallum_web.accounts import tokens
from vallum_web.tenancy.requestlog.buffer import BUFFER
from vallum_web.tenancy.requestlog.lines import Lines


@pytest.fixture(autouse=True)
def _nothing_waits():
    BUFFER._rows.clear()
    yield
    BUFFER._rows.clear()


def logged():
    return [(row.route, row.status) for row in BUFFER._rows]


@pytest.mark.asvs("16.3.2", "16.3.3")
def test_whoever_is_turned_away_is_in_it(people, signed_in):
    _, reader = tokens.make(people.org, people.bob, tokens.Wanted(name="ci", role="auditor"))
    signed_in(people.charlie).get("/acme/findings/")
    signed_in(people.bob).post("/acme/settings/invite/", {"email": "x@example.test", "role": "owner"})
    signed_in(people.alice).post("/acme/settings/invite/", {"email": "none", "role": "owner"})
    Client(enforce_csrf_checks=True).post("/accounts/login/", {"login": "alice@example.test", "password": "x"})
    Client().get("/api/v1/findings")
    machine = Client(headers={"Authorization": f"Bearer {reader}"})
    machine.post("/api/v1/scans", b"{", content_type="application/json")
    machine.post("/api/v1/repositories", {"url": "https://code.example.test/a/b"}, content_type="application/json")
    assert logged() == [
        ("findings:worklist", 404),
        ("accounts:invite", 403),
        ("accounts:invite", 422),
        ("account_login", 403),
        ("api:findings_list", 401),
        ("api:scans_list", 400),
        ("api:repository_add", 403),
    ]


@pytest.mark.asvs("16.3.3")
def test_what_a_limit_refuses_is_in_it(people):
    guesser = Client(headers={"Authorization": "Bearer vlm_api_guess"})
    guesses = [guesser.get("/api/v1/findings").status_code for _ in range(40)]
    assert guesses[-1] == 429
    assert logged()[-1][1] == 429


@pytest.mark.asvs("16.4.1")
@pytest.mark.parametrize("forged", ["\r\n", "\n", "\x1b[2K", "\u2028", "\x00"], ids=ascii)
def test_nobody_forges_a_line(forged, people, monkeypatch):
    entry = "2026-01-01 00:00:00 INFO vallum_web.accounts alice signed in"
    agent = f"Firefox{forged}{entry}"
    Client().get("/accounts/login/", HTTP_USER_AGENT=agent)
    row = BUFFER._rows[-1]
    assert row.agent.isprintable()
    assert forged not in row.agent
    out = io.StringIO()
    handler = logging.StreamHandler(out)
    handler.setFormatter(Lines(configured.LOGGING["formatters"]["line"]["fmt"]))
    logger = logging.getLogger("django")
    logger.addHandler(handler)
    try:
        Client().get(f"/{forged}{entry}/", HTTP_USER_AGENT=agent, HTTP_HOST=f"localhost:{forged}")
    finally:
        logger.removeHandler(handler)
    lines = out.getvalue().splitlines()
    assert [line for line in lines if line.startswith("2026-01-01")] == []
