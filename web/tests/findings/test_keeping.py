"""The page that says for how long findings are kept, and what goes when."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from making import report, secret

from vallum_web.accounts import tokens
from vallum_web.findings import services
from vallum_web.findings.models import Finding
from vallum_web.findings.services import expiring
from vallum_web.repositories import services as repositories
from vallum_web.scans import services as scans
from vallum_web.tenancy import clock
from vallum_web.tenancy.retention import holds, windows
from vallum_web.tenancy.retention.models import Keeping
from vallum_web.tenancy.scope import scope

pytestmark = pytest.mark.policy("PP-4b")
PAGE = "/acme/settings/retention/"


@pytest.fixture
def seen(people):
    """Three findings, last seen twenty days ago."""
    asset = repositories.add_by_url(people.org, people.alice.pk, url="https://code.example.test/acme/shop").asset
    with clock.travelled(timedelta(days=-20)):
        found = report(*(secret(name) for name in ("one", "two", "three")))
        row = scans.uploaded(asset, None)
        services.digest(row, found)
        scans.finish(row, found, engine="0.1.0", outcome={})
    expiring.prune(people.org.pk)
    return people.org


def kept(org):
    with scope(org.pk):
        return windows.chosen(org), Finding.objects.count()


def test_a_shorter_time_is_shown_first_and_holds_when_what_it_costs_was_seen(seen, signed_in, alice):
    browser = signed_in(alice)
    assert (
        "180 days" not in browser.get(PAGE).content.decode()
    )  # the plan's bounds are said, and the field has what holds
    asked = browser.post(f"{PAGE}change/", {"days": 10}).content.decode()
    assert "<b>Up to 3 findings</b> would go within the hour" in asked
    assert kept(seen) == (None, 3)
    again = dict(re.findall(r'name="(days|seen)" value="(\d+)"', asked.partition('id="tried"')[2]))
    assert again == {"days": "10", "seen": "3"}
    assert browser.post(f"{PAGE}change/", again).status_code == 302
    assert kept(seen) == (10, 3)
    assert expiring.prune(seen.pk) == 3
    assert kept(seen) == (10, 0)


def test_more_than_was_seen_is_shown_once_more(seen, signed_in, alice):
    answer = signed_in(alice).post(f"{PAGE}change/", {"days": 10, "seen": 2})
    assert answer.status_code == 200
    assert kept(seen) == (None, 3)


def test_what_costs_nothing_holds_at_once_and_trying_saves_nothing(seen, signed_in, alice):
    browser = signed_in(alice)
    tried = browser.post(f"{PAGE}change/", {"days": 40, "try": "yes"}).content.decode()
    assert "Nothing would go at once, up to 3 within 30 days" in tried
    assert kept(seen)[0] is None
    assert browser.post(f"{PAGE}change/", {"days": 40}).status_code == 302
    assert kept(seen)[0] == 40


def test_it_says_on_which_day_how_much_goes_and_what_holds_it(seen, signed_in, alice):
    windows.choose(seen, alice.pk, 30)
    day = f"{clock.now() + timedelta(days=10):%Y-%m-%d}"
    holds.hold(seen.pk, "An order", None, silent=True)
    page = signed_in(alice).get(PAGE).content.decode()
    assert re.search(rf"{day}</td><td[^>]*>3</td>", page)
    assert "legal hold" not in page
    holds.hold(seen.pk, "Another order", None)
    assert "legal hold" in signed_in(alice).get(PAGE).content.decode()


@pytest.fixture
def machine(people):
    wanted = tokens.Wanted(name="ci", role="owner", scopes=["findings.read", "keeping.change"])
    return Client(headers={"Authorization": f"Bearer {tokens.make(people.org, people.alice, wanted)[1]}"})


def test_over_the_api_nothing_goes_that_was_not_counted(seen, machine):
    asked = machine.patch("/api/v1/retention", {"days": 10}, content_type="application/json")
    assert asked.status_code == 409
    assert "Up to 3 findings" in asked.json()["detail"]
    told = machine.patch("/api/v1/retention", {"days": 10, "seen": 3}, content_type="application/json").json()
    assert (told["days"], sum(line["findings"] for line in told["going"])) == (10, 3)
    assert machine.get("/api/v1/retention").json() == told
    refused = machine.patch("/api/v1/retention", {"days": 3650, "seen": 3}, content_type="application/json")
    assert refused.status_code == 200
    assert kept(seen)[0] == 3650


def test_outside_of_the_plan_and_by_others_nothing_changes(seen, signed_in, alice, bob):
    browser = signed_in(alice)
    assert browser.post(f"{PAGE}change/", {"days": 4000}).status_code == 422
    assert signed_in(bob).post(f"{PAGE}change/", {"days": 40}).status_code == 403
    with scope(seen.pk):
        assert not Keeping.objects.exists()
