"""Having the issuer of a found secret asked again: by hand on the panel and over the API, and when the secret came back."""

import io

import pytest
from django.test import Client
from making import report, secret

from vallum_engine import wire
from vallum_engine.model.verification import Liveness, Verification
from vallum_web.accounts import services as accounts
from vallum_web.accounts import tokens
from vallum_web.accounts.models import Membership
from vallum_web.assets import services as assets
from vallum_web.findings import services
from vallum_web.findings.models import Finding
from vallum_web.ingest import services as ingest
from vallum_web.ingest import tasks
from vallum_web.repositories import services as repositories
from vallum_web.scans import asking
from vallum_web.scans import services as scans
from vallum_web.scans.models import Scan
from vallum_web.tenancy.scope import scope

RULE = "github-personal-access-token"
PANEL = {"HX-Request": "true", "HX-Target": "panel"}


@pytest.fixture
def asset(org, alice):
    return repositories.add_by_url(org, alice.pk, url="https://code.example.test/acme/shop", name="shop").asset


@pytest.fixture
def seen(org, asset):
    """Return a function that has a report say what is there; returns the finding of the first secret."""

    def digest(*findings, of=None):
        services.digest(scans.uploaded(of or asset, None), report(*findings))
        with scope(org.pk):
            return Finding.objects.of(org).get(asset=of or asset)

    return digest


@pytest.fixture
def finding(seen):
    return seen(secret("one", rule=RULE))


@pytest.fixture
def on(org, alice):
    asking.switch(org, alice.pk, on=True)


def requested(org):
    with scope(org.pk):
        return list(Scan.objects.of(org).filter(origin="requested"))


def url(finding):
    return f"/acme/findings/{finding.pk}/"


def test_the_panel_has_it_asked_and_leads_to_the_scan(on, org, finding, signed_in, bob):
    browser = signed_in(bob)
    page = browser.get(url(finding)).content.decode()
    assert "Nobody was asked yet" in page
    assert f'action="{url(finding)}check/"' in page
    panel = browser.post(f"{url(finding)}check/", headers=PANEL).content.decode()
    [scan] = requested(org)
    assert (scan.asset_id, scan.by) == (finding.asset_id, bob.pk)
    assert f'<a href="/acme/scans/{scan.pk}/">a scan that waits</a>' in panel
    assert "Check now" not in panel
    browser.post(f"{url(finding)}check/", headers=PANEL)
    assert len(requested(org)) == 1, "one that waits is the answer"


def test_without_scripts_the_page_comes_again(on, org, finding, signed_in, bob):
    answer = signed_in(bob).post(f"{url(finding)}check/", follow=True)
    assert answer.redirect_chain == [(url(finding), 302)]
    assert "a scan that waits" in answer.content.decode()


def test_whoever_only_reads_is_shown_what_was_said_and_no_button(on, org, finding, signed_in, alice, bob):
    with scope(org.pk):
        Membership.objects.of(org).filter(user=bob).update(role=Membership.Role.AUDITOR)
    browser = signed_in(bob)
    assert "Check now" not in browser.get(url(finding)).content.decode()
    assert browser.post(f"{url(finding)}check/").status_code == 403
    assert requested(org) == []


def refused(signed_in, person, finding):
    browser = signed_in(person)
    assert "Check now" not in browser.get(url(finding)).content.decode()
    answer = browser.post(f"{url(finding)}check/", headers=PANEL)
    assert answer.status_code == 422
    return answer


def test_while_the_switch_is_off_nobody_is_asked(org, finding, signed_in, bob):
    assert "Live checks are off" in refused(signed_in, bob, finding).content.decode()
    assert requested(org) == []


@pytest.mark.parametrize("rule", ["example-token", "generic-secret"])
def test_what_no_rule_has_an_issuer_for_is_not_asked_about(on, org, seen, signed_in, bob, rule):
    refused(signed_in, bob, seen(secret("one", rule=rule)))
    assert requested(org) == []


def test_code_that_is_elsewhere_is_asked_about_there(on, org, seen, signed_in, alice, bob):
    elsewhere = assets.add(org, "repository", "built elsewhere", alice.pk)
    finding = seen(secret("one", rule=RULE), of=elsewhere)
    told = Verification(result=Liveness.LIVE, host="api.github.com", reason="answered 200", at="2026-03-01T12:00:00Z")
    seen(secret("one", rule=RULE, verification=told), of=elsewhere)
    page = refused(signed_in, bob, finding).content.decode()
    assert "vallum scan --verify --upload" in page


def test_the_api_has_it_asked_or_says_why_not(org, alice, finding):
    wanted = tokens.Wanted(name="robot", role="developer", scopes=["scans.start"])
    client = Client(headers={"Authorization": f"Bearer {tokens.make(org, alice, wanted)[1]}"})
    at = f"/api/v1/findings/{finding.pk}/check"
    refused = client.post(at)
    assert (refused.status_code, "Live checks are off" in refused.json()["detail"]) == (422, True)
    asking.switch(org, alice.pk, on=True)
    answer = client.post(at)
    assert answer.status_code == 202
    assert [str(scan.pk) for scan in requested(org)] == [answer.json()["scan"]]


@pytest.fixture
def upload(org, alice):
    """Return a function that takes a report in through its own door."""

    def run(*findings, asset="shop"):
        packed = io.BytesIO()
        wire.write(report(*findings), packed)
        kept = ingest.accept(org.pk, alice.pk, asset_name=asset, chunks=[packed.getvalue()])
        tasks.digest_upload(org.pk, upload=str(kept.pk))

    return run


ONE = secret("one", rule=RULE)
TOLD = Verification(result=Liveness.LIVE, host="api.github.com", reason="answered 200", at="2026-03-01T12:00:00Z")


@pytest.mark.parametrize(
    ("last", "name", "switched", "count"),
    [
        pytest.param(ONE, "shop", True, 1, id="came back"),
        pytest.param(secret("one", rule=RULE, verification=TOLD), "shop", True, 0, id="asked where it was scanned"),
        pytest.param(ONE, "shop", False, 0, id="switched off"),
        pytest.param(ONE, "built elsewhere", True, 0, id="the code is not here"),
    ],
)
def test_what_a_report_brings_back_is_asked_about_again(org, asset, alice, upload, last, name, switched, count):
    asking.switch(org, alice.pk, on=switched)
    upload(ONE, asset=name)
    upload(asset=name)
    assert requested(org) == []
    upload(last, asset=name)
    with scope(org.pk):
        assert Finding.objects.of(org).get().reopened_at
    assert len(requested(org)) == count


def test_nothing_is_scanned_for_what_no_issuer_could_be_asked_about(on, org, asset, upload):
    plain = secret("one", rule="generic-secret")
    for there in ([plain], [], [plain]):
        upload(*there)
    with scope(org.pk):
        assert Finding.objects.of(org).get().reopened_at
    assert requested(org) == []


def test_what_is_new_or_still_there_needs_no_scan_of_its_own(on, org, asset, upload):
    upload(ONE)
    upload(ONE)
    assert requested(org) == []


def test_a_stranger_s_finding_is_missing(on, org, finding, signed_in, charlie, people, alice):
    accounts.join(people.elsewhere, alice, Membership.Role.OWNER)
    assert signed_in(charlie).post(f"/elsewhere/findings/{finding.pk}/check/").status_code == 404
    assert signed_in(alice).post(f"/elsewhere/findings/{finding.pk}/check/").status_code == 404
    assert requested(org) == []
