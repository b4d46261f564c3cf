"""The doors of suppression rules: pages, the ways to them from a finding and a list, and the API."""

import re

import pytest
from django.test import Client
from making import report, secret, vulnerability

from vallum_engine.model.finding import Severity
from vallum_web.accounts import tokens
from vallum_web.accounts.models import Membership
from vallum_web.assets import services as assets
from vallum_web.findings import services, suppression_queries
from vallum_web.findings.models import Bulk, Decision, Finding, SuppressionRule
from vallum_web.scans import services as scans
from vallum_web.tenancy.scope import scope

PAGE = "/acme/settings/suppression-rules/"
FORM = {"severity": "3", "reason": "test_data"}


@pytest.fixture
def asset(org, alice):
    return assets.add(org, "repository", "shop", alice.pk)


@pytest.fixture
def found(org, asset):
    """The findings of a scan, by their paths; a vulnerability is in the lock file."""
    services.digest(
        scans.uploaded(asset, None),
        report(
            secret("a", path="tests/unit/a.py"),
            secret("b", path="tests/unit/b.py"),
            secret("c", path="src/c.py", severity=Severity.CRITICAL),
            vulnerability("lodash", "CVE-2026-0002"),
        ),
    )
    with scope(org.pk):
        return dict(Finding.objects.of(org).values_list("path", "pk"))


def run(org):
    """What the worker does."""
    with scope(org.pk):
        waiting = list(Bulk.objects.of(org).filter(status="queued").values_list("pk", flat=True))
    for key in waiting:
        services.run_bulk(org.pk, key)


def text(answer):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", answer.content.decode()))


def test_a_rule_is_tried_made_watched_and_lifted(org, alice, found, signed_in):
    browser = signed_in(alice)
    assert "No suppression rules" in browser.get(PAGE).content.decode()
    tried = browser.post(f"{PAGE}new/", {**FORM, "path": "tests/**", "try": "yes"})
    assert "It would hide 2 open findings" in text(tried)
    assert "Findings in tests/**, up to severity high." in text(tried)
    assert f"/acme/findings/{found['tests/unit/a.py']}/" in tried.content.decode()
    assert f"/acme/findings/{found['src/c.py']}/" not in tried.content.decode()
    with scope(org.pk):
        assert not SuppressionRule.objects.of(org).exists()
    made = browser.post(f"{PAGE}new/", {**FORM, "path": "tests/**", "note": "fixtures"})
    assert "Waiting for its turn" in text(browser.get(made.url))
    run(org)
    assert "Done: 2 of 2 changed" in text(browser.get(made.url))
    listed = browser.get(PAGE)
    assert "Test or example data: fixtures; made by Alice" in text(listed)
    panel = text(browser.get(f"/acme/findings/{found['tests/unit/a.py']}/"))
    assert "By a suppression rule: Findings in tests/**, up to severity high" in panel
    assert "Suppressed by a rule: test or example data by Alice" in panel
    lifted = browser.post(re.search(r'action="([^"]+/lift/)"', listed.content.decode())[1])
    run(org)
    assert "Done: 2 of 2 changed" in text(browser.get(lifted.url))
    assert "lifted by Alice" in text(browser.get(PAGE))
    assert "Suppression rule lifted by Alice" in text(browser.get(f"/acme/findings/{found['tests/unit/a.py']}/"))


def test_a_form_that_says_too_little_is_refused(org, alice, found, signed_in):
    answer = signed_in(alice).post(f"{PAGE}new/", FORM)
    assert answer.status_code == 422
    assert "That would hide everything" in text(answer)
    assert signed_in(alice).post(f"{PAGE}new/", {**FORM, "kind": "secret", "until": "2020-01-01"}).status_code == 422


def test_a_finding_leads_to_a_rule_like_it(org, alice, bob, found, signed_in):
    browser = signed_in(alice)

    def link(path):
        return re.search(r'href="([^"]+/suppression-rules/new/[^"]*)"', browser.get(path).content.decode())

    of_package = link(f"/acme/findings/{found['package-lock.json']}/")[1].replace("&amp;", "&")
    assert of_package.endswith("?kind=vulnerability&rule=CVE-2026-0002&package=lodash")
    form = browser.get(of_package).content.decode()
    assert 'value="lodash"' in form
    assert 'value="CVE-2026-0002"' in form
    assert "path=src%2Fc.py" in link(f"/acme/findings/{found['src/c.py']}/")[1]
    developers = signed_in(bob).get(f"/acme/findings/{found['src/c.py']}/").content.decode()
    assert "suppression-rules/new/" not in developers


def test_a_list_leads_to_a_rule_about_what_its_findings_share(org, alice, asset, found, signed_in):
    browser = signed_in(alice)
    chosen = {"verb": "rule", "finding": [str(found["tests/unit/a.py"]), str(found["tests/unit/b.py"])]}
    answer = browser.post("/acme/findings/bulk/", chosen)
    shared = f"kind=secret&rule=example-token&asset={asset.pk}&path=tests%2Funit%2F%2A%2A"
    assert answer.url == f"{PAGE}new/?{shared}"
    assert browser.get(answer.url).status_code == 200
    everything = {"verb": "rule", "all": "yes", "query": "?kind=secret&rule=example-token"}
    assert browser.post("/acme/findings/bulk/", everything).url == f"{PAGE}new/?kind=secret&rule=example-token"
    assert browser.post("/acme/findings/bulk/", {"verb": "unrule", "all": "yes"}).status_code == 400


def test_what_lies_in_no_folder_together_shares_none(org, asset):
    for paths, folder in (
        (("/etc/a", "etc/b"), None),
        (("/etc/a", "/usr/b"), None),
        (("/etc/a", "/etc/b"), "/etc/**"),
        (("", "/etc/b"), None),
    ):
        found = [secret(path, path=path) for path in paths]
        services.digest(scans.uploaded(asset, None), report(*found))
        with scope(org.pk):
            keys = list(Finding.objects.of(org).filter(path__in=paths).values_list("pk", flat=True))
            assert len(keys) == 2
            assert suppression_queries.alike(org, keys).get("path") == folder


@pytest.fixture
def api(people):
    def call(method, path, body=None, *, role=Membership.Role.OWNER):
        _, token = tokens.make(people.org, people.alice, tokens.Wanted(name="ci", role=role))
        client = Client(headers={"Authorization": f"Bearer {token}"})
        sent = {"data": body, "content_type": "application/json"} if body is not None else {}
        return getattr(client, method)(f"/api/v1/suppression-rules{path}", **sent)

    return call


def test_the_api_hides_nothing_until_a_day_that_has_passed(people, found):
    _, token = tokens.make(people.org, people.alice, tokens.Wanted(name="ci", role=Membership.Role.OWNER))
    client = Client(headers={"Authorization": f"Bearer {token}"})
    key, why = str(found["src/c.py"]), {"reason": "test_data", "until": "2020-01-01"}
    bulk = {"findings": [key], "suppress": why}
    for path, body in ((f"findings/{key}/suppression", why), ("bulk", bulk)):
        answer = client.post(f"/api/v1/{path}", body, content_type="application/json")
        assert answer.status_code == 422
        assert "This day has passed" in answer.content.decode()
    with scope(people.org.pk):
        assert not Decision.objects.of(people.org).exists()


def test_the_api_tries_makes_lists_and_lifts(org, asset, found, api):
    tried = api("post", "/preview", {"rule": "example-*", "severity": "critical", "asset": str(asset.pk)}).json()
    assert (tried["open"], tried["recent"], tried["fixed"]) == (3, 3, 0)
    assert tried["severities"] == {"critical": 1, "high": 2, "medium": 0, "low": 0, "info": 0}
    assert tried["worst"][0]["path"] == "src/c.py"
    made = api("post", "", {"rule": "example-*", "reason": "false_positive"})
    assert made.status_code == 202
    assert (made.json()["run"]["verb"], made.json()["run"]["status"]) == ("rule", "queued")
    run(org)
    (item,) = api("get", "").json()["items"]
    assert (item["hides"], item["findings"], item["in_force"]) == (
        "Findings of rule example-*, up to severity high",
        2,
        True,
    )
    assert api("get", f"/{item['id']}").json() == item
    assert api("post", "", {"reason": "false_positive"}).status_code == 422
    assert api("post", "", {"rule": "x", "reason": "false_positive", "until": "2020-01-01"}).status_code == 422
    lifted = api("post", f"/{item['id']}/lift")
    assert (lifted.status_code, lifted.json()["in_force"]) == (202, False)
    run(org)
    assert api("post", f"/{item['id']}/lift").status_code == 404
    with scope(org.pk):
        assert Decision.objects.of(org).filter(lifted_at=None).count() == 0
        assert Finding.objects.of(org).filter(status="open").count() == 4


def test_a_developers_token_tries_and_makes_none(found, api):
    assert api("post", "/preview", {"kind": "secret"}, role=Membership.Role.DEVELOPER).status_code == 200
    assert api("post", "", {"kind": "secret", "reason": "test_data"}, role=Membership.Role.DEVELOPER).status_code == 403
