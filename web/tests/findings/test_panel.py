"""One finding beside the list, and what people decide about it."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from making import report, secret, vulnerability

from vallum_engine.model.finding import AdvisoryRef, PackageRef, Remediation
from vallum_engine.model.layer import Layer
from vallum_engine.model.verification import Liveness, Verification
from vallum_engine.values import replace as replaced
from vallum_web.accounts import services as accounts
from vallum_web.accounts.models import Membership
from vallum_web.assets import services as assets
from vallum_web.findings import services
from vallum_web.findings.models import Decision, Finding
from vallum_web.scans import services as scans
from vallum_web.tenancy import clock
from vallum_web.tenancy.models import Event
from vallum_web.tenancy.scope import scope

LIST = "/acme/findings/"
HTMX = {"HX-Request": "true"}
PANEL = {**HTMX, "HX-Target": "panel"}


@pytest.fixture
def digest(org, alice):
    asset = assets.add(org, "repository", "shop", alice.pk)

    def run(*findings):
        scan = scans.uploaded(asset, None)
        digested = report(*findings)
        with scope(org.pk):
            services.digest(scan, digested)
            scans.finish(scan, digested, engine="0.1.0", outcome={})
        return scan

    return run


@pytest.fixture
def finding(org, digest):
    digest(
        secret(
            "one",
            evidence="ghp_…7aZ2",
            advisories=(AdvisoryRef(id="GHSA-1", url="https://osv.example/GHSA-1", fixed=("1.2.3",)),),
            remediation=Remediation(steps=("Revoke it.", "Make a new one.")),
        )
    )
    with scope(org.pk):
        return Finding.objects.of(org).get()


@pytest.fixture
def url(finding):
    return f"{LIST}{finding.pk}/"


def status(org, finding):
    with scope(org.pk):
        return Finding.objects.of(org).get(pk=finding.pk).status


@pytest.mark.parametrize(
    ("address", "linked"),
    [
        pytest.param("https://shop.test/keys?a=1", True, id="https"),
        pytest.param("http://shop.test/keys", False, id="not encrypted"),
        pytest.param("javascript:alert(1)", False, id="code"),
        pytest.param("https:///keys", False, id="no host"),
    ],
)
def test_the_panel_leads_to_where_a_secret_is_revoked(org, digest, signed_in, bob, address, linked):
    digest(secret("two", remediation=Remediation(steps=("Revoke it.",), revoke=address)))
    with scope(org.pk):
        found = Finding.objects.of(org).get()
    page = signed_in(bob).get(f"{LIST}{found.pk}/").content.decode()
    assert (f'href="{address}"' in page) is linked
    assert ("Revoke it at" in page) is linked


@pytest.mark.parametrize(
    ("result", "said"), [("live", "<strong>Yes</strong>"), ("revoked", "No, revoked "), ("unknown", "Unknown ")]
)
def test_the_panel_says_whether_a_secret_still_works(org, digest, signed_in, bob, result, said):
    told = Verification(
        result=Liveness(result), host="api.shop.test", reason="answered <b>200", at="2026-03-01T12:00:00Z"
    )
    digest(secret("two", verification=told))
    with scope(org.pk):
        found = Finding.objects.of(org).get()
    page = signed_in(bob).get(f"{LIST}{found.pk}/").content.decode()
    assert f"<dt>Still works</dt><dd>{said}" in page
    assert "api.shop.test answered &lt;b&gt;200, <time" in page
    assert 'datetime="2026-03-01T12:00:00+00:00"' in page


def test_the_panel_says_which_ignore_has_ended(org, digest, signed_in, bob):
    ended = "The ignore of .vallum/ignores.toml:4 ended on 2026-01-31: <b>ours"
    digest(replaced(vulnerability("lodash", "CVE-2026-0002"), lapsed=ended))
    with scope(org.pk):
        found = Finding.objects.of(org).get()
    page = signed_in(bob).get(f"{LIST}{found.pk}/").content.decode()
    assert f"<dt>Ignore ended</dt><dd>{ended.replace('<b>', '&lt;b&gt;')}</dd>" in page
    digest(vulnerability("lodash", "CVE-2026-0002"))
    assert "Ignore ended" not in signed_in(bob).get(f"{LIST}{found.pk}/").content.decode()


def test_the_panel_says_what_a_distribution_does_not_mend_and_where_it_says_so(org, digest, signed_in, bob):
    package = PackageRef(purl="pkg:deb/debian/expat@2.5.0", ecosystem="Debian:12", name="expat", version="2.5.0")
    told = (
        AdvisoryRef(id="DEBIAN-CVE-1", url="https://distribution.example/1", standing="will not be fixed"),
        AdvisoryRef(id="CVE-1", url="https://advisories.example/1"),
        AdvisoryRef(id="DEBIAN-CVE-2", url="javascript:1", standing="support <i>has ended"),
        AdvisoryRef(id="DEBIAN-CVE-3", standing="will not be fixed"),
    )
    digest(replaced(vulnerability("expat", "CVE-2026-0003"), package=package, advisories=told))
    with scope(org.pk):
        found = Finding.objects.of(org).get()
    page = signed_in(bob).get(f"{LIST}{found.pk}/").content.decode()
    link = (
        '<a href="https://distribution.example/1" rel="noopener noreferrer nofollow" target="_blank">DEBIAN-CVE-1</a>'
    )
    assert re.findall(r"<dt>Debian 12 says</dt><dd>(.*?)</dd>", page) == [
        f'Will not be fixed <span class="faint">in {link}</span>',
        'Support &lt;i&gt;has ended <span class="faint">in DEBIAN-CVE-2</span>',
    ]


def test_the_panel_tells_all_that_is_known(signed_in, bob, url):
    page = signed_in(bob).get(url).content.decode()
    for said in (
        "Example token one",
        "app.py:3",
        "ghp_…7aZ2",
        "GHSA-1",
        "1.2.3",
        "Revoke it.",
        "First seen",
        "73: high severity",
    ):
        assert said in page
    assert "<html" in page
    assert 'aria-current="true"' in page


MANY = tuple(f"p{number} 1.0.0" for number in range(20))


@pytest.mark.parametrize(
    ("said", "shown", "steps"),
    [
        pytest.param({}, [], [], id="not said"),
        pytest.param({"direct": True, "path": ("shop", "qs 6.5.2")}, ["Direct dependency"], [], id="direct"),
        pytest.param(
            {"direct": False, "dev": True, "path": ("shop", "<i>", "qs 6.5.2")},
            ["Transitive dependency", "development only"],
            ["shop", "&lt;i&gt;", "qs 6.5.2"],
            id="by another, in development",
        ),
        pytest.param({"direct": False}, ["Transitive dependency"], [], id="by nobody knows what"),
        pytest.param({"path": ("yarn.lock", "a 1", "qs 6.5.2")}, [], ["yarn.lock", "a 1", "qs 6.5.2"], id="by a way"),
        pytest.param({"path": MANY, "cut": 7}, ["7 more"], [*MANY[:10], "7 more", *MANY[10:]], id="by a long way"),
    ],
)
def test_the_panel_tells_how_a_package_came_in(org, signed_in, bob, digest, said, shown, steps):
    digest(
        secret("p", package=PackageRef(purl="pkg:npm/qs@6.5.2", ecosystem="npm", name="qs", version="6.5.2", **said))
    )
    with scope(org.pk):
        found = Finding.objects.of(org).get()
    page = signed_in(bob).get(f"{LIST}{found.pk}/", headers=PANEL).content.decode()
    words = ("Direct dependency", "Transitive dependency", "development only", "7 more")
    assert [word for word in words if word in page] == shown
    assert ("Came in" in page) is bool(said)
    assert re.findall(r"<li[^>]*>(?:<code>)?([^<]*)", "".join(re.findall(r'<ol class="way".*?</ol>', page))) == steps


def test_a_finding_recorded_before_says_nothing_of_how_its_package_came_in(org, signed_in, bob, digest):
    digest(
        secret("p", package=PackageRef(purl="pkg:npm/qs@6.5.2", ecosystem="npm", name="qs", version="6.5.2", dev=True))
    )
    with scope(org.pk):
        found = Finding.objects.of(org).get()
        found.data["package"] = {name: found.data["package"][name] for name in ("purl", "ecosystem", "name", "version")}
        Finding.objects.of(org).update(data=found.data)
    page = signed_in(bob).get(f"{LIST}{found.pk}/", headers=PANEL).content.decode()
    assert "pkg:npm/qs@6.5.2" in page
    assert "Came in" not in page
    assert "development only" not in page


def test_the_panel_tells_which_layer_of_an_image_brought_it(org, signed_in, bob, digest):
    layers = (
        Layer(number=1, digest="sha256:" + "ab" * 32, created_by="ADD rootfs.tar /", base=True),
        Layer(number=3, digest="sha256:" + "cd" * 32, created_by="RUN <b>apt-get</b> install curl"),
    )
    digest(secret("p", layers=layers))
    with scope(org.pk):
        found = Finding.objects.of(org).get()
    page = signed_in(bob).get(f"{LIST}{found.pk}/", headers=PANEL).content.decode()
    assert "Layers of the image" in page
    assert "base image" in page
    assert "<code>RUN &lt;b&gt;apt-get&lt;/b&gt; install curl</code>" in page
    assert "sha256:cdcdcdcdcdcd" in page


def test_a_package_that_comes_in_by_another_way_is_the_same_finding(org, digest):
    package = PackageRef(
        purl="pkg:npm/qs@6.5.2", ecosystem="npm", name="qs", version="6.5.2", path=("shop", "qs 6.5.2")
    )
    digest(secret("p", package=package))
    digest(secret("p", package=replace(package, path=("shop", "express 4.17.1", "qs 6.5.2"))))
    with scope(org.pk):
        found = Finding.objects.of(org).get()
    assert found.data["package"]["path"] == ["shop", "express 4.17.1", "qs 6.5.2"]


def test_htmx_gets_the_panel_alone(signed_in, bob, url):
    response = signed_in(bob).get(url, headers=PANEL)
    assert "<html" not in response.content.decode()
    assert "Example token one" in response.content.decode()
    assert {"HX-Request", "HX-Target"} <= set(response["Vary"].split(", "))


def test_htmx_gets_the_list_alone_and_its_plain_address(signed_in, bob, finding):
    response = signed_in(bob).get(f"{LIST}?q=&kind=&severity=high", headers={**HTMX, "HX-Target": "findings"})
    assert "<html" not in response.content.decode()
    assert response["HX-Push-Url"] == f"{LIST}?severity=high"


def test_going_back_gets_the_whole_page(signed_in, bob, finding):
    response = signed_in(bob).get(LIST, headers={**HTMX, "HX-History-Restore-Request": "true"})
    assert "<html" in response.content.decode()


def test_without_javascript_a_decision_leads_back_to_the_finding_in_its_list(org, signed_in, bob, finding, url):
    browser = signed_in(bob)
    answer = browser.post(f"{url}suppress/?severity=high", {"reason": "false_positive", "note": "An example."})
    assert (answer.status_code, answer["Location"]) == (302, f"{url}?severity=high")
    assert status(org, finding) == "suppressed"
    page = browser.get(answer["Location"]).content.decode()
    for said in (
        "False positive",
        "An example.",
        "Bob",
        "Suppressed: false positive by Bob",
        "Take the suppression back",
    ):
        assert said in page
    answer = browser.post(f"{url}lift/")
    assert status(org, finding) == "open"
    assert "Taken back by Bob" in browser.get(answer["Location"]).content.decode()
    with scope(org.pk):
        told = Event.objects.of(org).filter(subject=finding.pk).order_by("id").values_list("kind", "actor")
        assert list(told) == [
            ("finding.opened", None),
            ("finding.suppressed", bob.pk),
            ("finding.unsuppressed", bob.pk),
        ]


def test_the_form_has_an_address_of_its_own(signed_in, bob, url):
    page = signed_in(bob).get(f"{url}suppress/").content.decode()
    assert '<details class="more" open>' in page
    assert '<details class="more" open>' not in signed_in(bob).get(url).content.decode()


def test_with_htmx_panel_and_row_change_in_place(org, signed_in, bob, finding, url):
    browser = signed_in(bob)
    values = {"reason": "test_data", "listed": "1"}
    html = browser.post(f"{url}suppress/", values, headers=PANEL).content.decode()
    assert html.count(f'id="detail-{finding.pk}"') == 1
    row = re.search(r"<template>(.*)</template>", html, re.DOTALL)[1]
    assert f'id="finding-{finding.pk}"' in row
    assert 'data-status="suppressed"' in row
    assert "hx-swap-oob" in row
    assert "Undo" in row
    again = browser.get(f"{url}row/", headers=HTMX).content.decode()
    assert "Undo" not in again
    undone = browser.post(
        f"{url}lift/",
        headers={**HTMX, "HX-Target": f"finding-{finding.pk}", "HX-Current-URL": f"http://testserver{url}"},
    ).content.decode()
    assert undone.index('data-status="open"') < undone.index(f'id="detail-{finding.pk}"')
    assert status(org, finding) == "open"


def test_a_row_that_the_list_does_not_show_is_not_sent(signed_in, bob, url):
    html = signed_in(bob).post(f"{url}suppress/", {"reason": "test_data"}, headers=PANEL).content.decode()
    assert "<template>" not in html


@pytest.mark.parametrize(
    ("values", "said"),
    [
        pytest.param({"reason": "boredom"}, "Select a valid choice", id="no such reason"),
        pytest.param({"reason": "risk_accepted", "until": "2001-02-03"}, "This day has passed", id="a day in the past"),
        pytest.param({"reason": "risk_accepted", "until": "soon"}, "Enter a valid date", id="no day"),
    ],
)
def test_a_refused_decision_keeps_the_input(org, signed_in, bob, finding, url, values, said):
    for headers in ({}, PANEL):
        answer = signed_in(bob).post(f"{url}suppress/", {**values, "note": "kept words"}, headers=headers)
        assert answer.status_code == 422
        assert said in answer.content.decode()
        assert "kept words" in answer.content.decode()
    assert status(org, finding) == "open"


def test_a_decision_with_an_end_is_kept(org, signed_in, bob, finding, url):
    until = clock.now().date() + timedelta(days=30)
    signed_in(bob).post(f"{url}suppress/", {"reason": "risk_accepted", "until": until.isoformat()})
    with scope(org.pk):
        assert Decision.objects.of(org).get().until == until


def test_an_auditor_reads_and_decides_nothing(org, signed_in, charlie, finding, url):
    accounts.join(org, charlie, Membership.Role.AUDITOR)
    browser = signed_in(charlie)
    assert "/suppress/" not in browser.get(url).content.decode()
    assert browser.post(f"{url}suppress/", {"reason": "test_data"}).status_code == 403
    assert status(org, finding) == "open"


def test_a_finding_of_another_organization_is_not_there(signed_in, charlie, people, finding, url):
    browser = signed_in(charlie)
    foreign, missing = browser.get(url), browser.get(f"/elsewhere{LIST.removeprefix('/acme')}{finding.pk}/")
    nowhere = browser.get("/elsewhere/nothing/here/")
    assert foreign.status_code == missing.status_code == nowhere.status_code == 404
    assert foreign.content == missing.content == nowhere.content != b""


def test_places_and_the_end_are_told(org, signed_in, bob, digest, finding, url):
    digest()
    page = signed_in(bob).get(url).content.decode()
    assert "Resolved: fixed" in page
    assert "gone in" in page
