"""A plan's limits where they bite, and the page that shows them."""

from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import making
import pytest
from django.core.management import call_command
from django.test import Client
from providing import provisioner

from vallum_web.accounts import services, tokens
from vallum_web.accounts.models import Membership
from vallum_web.accounts.services import invitations
from vallum_web.assets.models import Asset
from vallum_web.findings import services as findings
from vallum_web.repositories import services as repositories
from vallum_web.scans import services as scans
from vallum_web.tenancy import clock, entitlements
from vallum_web.tenancy.models import Event
from vallum_web.tenancy.plans import Given
from vallum_web.tenancy.scope import scope

PAGE = "/acme/settings/plan/"


@pytest.fixture
def free(people):
    services.set_plan(people.org, "free", None)
    return people.org


def machine(people, role="owner"):
    _, text = tokens.make(people.org, people.alice, tokens.Wanted(name="ci", role=role))
    return Client(headers={"Authorization": f"Bearer {text}"})


def add(org, number):
    return repositories.add_by_url(org, None, url=f"https://code.example.test/acme/r{number}", name=f"r{number}")


def test_a_sixth_repository_is_refused_with_what_to_do(free, people, signed_in):
    added = [add(free, number) for number in range(5)]
    said = (
        "Acme has as many repositories as its plan Free allows (5): retire one, or have an owner move to a larger plan"
    )
    form = {"url": "https://code.example.test/acme/r9", "branch": "", "name": "r9"}
    page = signed_in(people.alice).post("/acme/assets/add/", form)
    assert page.status_code == 422
    assert said in page.content.decode()
    answer = machine(people).post("/api/v1/repositories", form, content_type="application/json")
    assert answer.status_code == 402
    assert answer.json()["code"] == "plan_full"
    assert answer.json()["limit"] == "repositories"
    assert said in answer.json()["detail"]
    upload = {"data": b"{}", "content_type": "application/octet-stream"}
    assert machine(people).post("/api/v1/uploads?asset=new", **upload).status_code == 402
    assert machine(people).post("/api/v1/uploads?asset=r1", **upload).status_code == 202  # one that is there
    with scope(free.pk):
        assert Asset.objects.of(free).count() == 5
        Asset.objects.of(free).filter(pk=added[0].asset_id).update(retired_at=clock.now())
    assert add(free, 9).asset.name == "r9"


def test_a_grant_holds_until_its_day_and_seats_are_those_agreed(free, people):
    until = clock.now() + timedelta(days=10)
    call_command("set_plan", "acme", "pro", "--seats", "4", "--until", f"{until:%Y-%m-%d}")
    for name in ("dana", "erin"):
        services.join(free, making.person(f"{name}@example.test"), Membership.Role.DEVELOPER)
    with pytest.raises(entitlements.PlanFullError, match="Acme has as many members as its plan Pro allows"):
        services.join(free, making.person("frank@example.test"), Membership.Role.DEVELOPER)
    with scope(free.pk), clock.travelled(timedelta(days=12)):
        assert entitlements.of(free).plan.id == "free"
    with scope(free.pk):
        told = Event.objects.of(free).filter(kind="org.plan").latest("id").data
    assert (told["source"], told["plan"], told["seats"]) == ("grant", "pro", 4)


def test_the_page_and_the_api_say_the_same(free, people, signed_in):
    add(free, 1)
    page = signed_in(people.alice).get(PAGE).content.decode()
    assert '<meter min="0" max="5" value="1" aria-label="Repositories used of 5">' in page
    assert '<meter min="0" max="3" value="2" aria-label="Members used of 3">' in page
    told = machine(people, "billing").get("/api/v1/plan").json()
    assert told["plan"] == "free"
    assert told["findings_days"] == 30
    assert told["meters"] == [
        {"what": "members", "used": 2, "most": 3},
        {"what": "repositories", "used": 1, "most": 5},
    ]


def test_what_a_smaller_plan_would_not_hold_is_shown_before(people, signed_in):
    org = people.org
    kept = [add(org, number) for number in range(7)]
    for name in ("dana", "erin"):
        services.join(org, making.person(f"{name}@example.test"), Membership.Role.DEVELOPER)
    browser = signed_in(people.alice)
    assert "that no scan saw" not in browser.get(f"{PAGE}smaller/free/").content.decode()
    findings.digest(scans.uploaded(kept[0].asset, None), making.report(making.secret("a"), making.secret("b", line=9)))
    with clock.travelled(timedelta(days=31)):
        page = signed_in(people.alice).get(f"{PAGE}smaller/free/").content.decode()
    assert "<b>7 repositories</b>, of which Free includes 5" in page
    assert "<b>4 members</b>, of which Free includes 3" in page
    assert "<b>2 findings</b> that no scan saw within 30 days" in page
    assert browser.get(f"{PAGE}smaller/pro/").status_code == 200
    assert browser.get(f"{PAGE}smaller/none/").status_code == 404


def test_read_only_stops_changes_and_nothing_that_keeps_safe(people, signed_in):
    org = people.org
    services.set_plan(org, "free", None)
    entitlements.give(org, Given(source="stripe", plan="pro", read_only_from=clock.now()))
    browser = signed_in(people.alice)
    assert browser.get("/acme/findings/").status_code == 200
    refused = browser.post("/acme/assets/add/", {"url": "https://code.example.test/acme/x"})
    assert refused.status_code == 402
    assert "nothing is changed until it is paid" in refused.content.decode()
    answer = machine(people).post("/api/v1/uploads?asset=n", data=b"{}", content_type="application/octet-stream")
    assert (answer.status_code, answer.json()["code"]) == (402, "payment_due")
    call = machine(people).post(
        "/api/v1/repositories", {"url": "https://code.example.test/a/b"}, content_type="application/json"
    )
    assert (call.status_code, call.json()["code"]) == (402, "payment_due")
    with scope(org.pk):
        bob = Membership.objects.of(org).get(user=people.bob).pk
    assert browser.post(f"/acme/settings/members/{bob}/remove/").status_code == 302
    assert browser.post("/acme/settings/security/two-step/", {}).status_code != 402
    switch = browser.post("/acme/settings/live-checks/switch/", {"switch": "off"})
    assert switch.status_code == 302, "what is sent to others can always be stopped"
    assert browser.post(f"/acme/settings/webhooks/{uuid4()}/delete/").status_code == 404
    choice = machine(people).put("/api/v1/mail-choices", {"wanted": {}}, content_type="application/json")
    assert choice.status_code == 200


def test_while_read_only_nothing_and_nobody_joins_by_another_door(people):
    """Those doors have no action of the matrix: an invitation's link, a sign-in by a provider, its sync, a folder."""
    org, dora = people.org, making.person("dora@acme.test")
    services.set_plan(org, "free", None)
    provider, _ = provisioner(org, people.alice)
    bob = provider.person(people.bob.email)["id"]
    with scope(org.pk):
        alice = Membership.objects.of(org).get(user=people.alice)
    invited = invitations.invite(org, alice, email=dora.email, role="developer")
    entitlements.give(org, Given(source="subscription", plan="pro", read_only_from=clock.now()))
    said = "Acme is read-only until its open invoice is paid: an owner finds it under Settings, Plan."
    with pytest.raises(entitlements.PlanFullError, match=said):
        invitations.accept(org, invited.pk, dora, verified=True)
    with pytest.raises(entitlements.PlanFullError, match=said):
        services.join(org, dora, "developer", how="sso")
    with pytest.raises(entitlements.PlanFullError, match=said):
        repositories.add_folder(org, name="code", folder=Path("/nowhere"))
    active = {"op": "replace", "value": {"active": True}}
    assert provider.patch(f"/Users/{bob}", {"op": "replace", "value": {"active": False}}).status == 200
    refused = provider.patch(f"/Users/{bob}", active)
    assert (refused.status, refused.json["detail"]) == (403, said)
    entitlements.give(org, Given(source="subscription", plan="pro"))
    assert provider.patch(f"/Users/{bob}", active).status == 200
