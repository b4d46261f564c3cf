"""Findings brought together: by fix, rule, asset, package; over the page and over the API."""

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from making import person, report, secret, vulnerability

from vallum_engine.model.finding import Severity
from vallum_web.accounts import services as accounts
from vallum_web.accounts import tokens
from vallum_web.accounts.models import Membership
from vallum_web.assets import services as assets
from vallum_web.findings import group_queries, queries, services
from vallum_web.findings.filters import GROUPS, Filters
from vallum_web.scans import services as scans
from vallum_web.tenancy.scope import scope

LIST = "/acme/findings/"


@pytest.fixture
def digest(org, alice):
    def digest(name, *findings):
        asset = assets.add(org, "repository", name, alice.pk)
        scan = scans.uploaded(asset, None)
        found = report(*findings)
        with scope(org.pk):
            services.digest(scan, found)
            scans.finish(scan, found, engine="0.1.0", outcome={})
        return asset

    return digest


@pytest.fixture
def record(digest):
    """Two assets: three flaws of one package (two of them ended by one upgrade), two secrets of one rule."""
    packages = [
        vulnerability("left-pad", "CVE-2026-0001", severity=Severity.CRITICAL),
        vulnerability("left-pad", "CVE-2026-0002", severity=Severity.LOW),
        vulnerability("left-pad", "CVE-2026-0003", fixed="3.0.0"),
    ]
    return digest("shop", *packages, secret("one")), digest("site", packages[0], secret("two"))


def grouped(org, by, **more):
    with scope(org.pk):
        return group_queries.groups(org, Filters(group=by, **more))


def text(response):
    return response.content.decode()


def test_a_fix_brings_together_what_one_upgrade_ends(org, record):
    first = grouped(org, "fix").rows[0]
    assert (first.package, first.upgrade_to) == ("left-pad 1.0.0", "2.0.0")
    assert (first.findings, first.assets, first.fixes) == (3, 2, 1)
    assert first.worst == "critical"
    assert dict(first.severities) == {"critical": 2, "high": 0, "medium": 0, "low": 1, "info": 0}


@pytest.mark.parametrize("by", GROUPS)
@pytest.mark.parametrize("more", [{}, {"status": "any"}, {"severities": ("critical",)}, {"text": "left"}])
def test_groups_hold_every_finding_of_the_list_once(org, record, by, more):
    filters = Filters(group=by, **more)
    with scope(org.pk):
        page = group_queries.groups(org, filters)
        inside = [
            set(queries.matching(org, filters.within(group.key)).values_list("pk", flat=True)) for group in page.rows
        ]
        risks = [
            sum(queries.matching(org, filters.within(group.key)).values_list("risk", flat=True)) for group in page.rows
        ]
        every = set(queries.matching(org, filters).values_list("pk", flat=True))
    assert [len(keys) for keys in inside] == [group.findings for group in page.rows]
    assert [group.risk for group in page.rows] == risks == sorted(risks, reverse=True)
    assert set().union(*inside) == every
    assert sum(map(len, inside)) == len(every)
    assert page.total == len(page.rows)
    assert not page.cut


def test_above_the_cap_the_findings_of_highest_risk_are_weighed(org, record, monkeypatch):
    monkeypatch.setattr(group_queries, "CAP", 2)
    page = grouped(org, "fix")
    with scope(org.pk):
        worst = queries.worklist(org, Filters(), size=2).rows
    assert page.cut
    assert sum(group.findings for group in page.rows) == 2
    assert {group.key for group in page.rows} == {row.fix for row in worst}


def test_groups_come_in_pages(org, digest, monkeypatch):
    monkeypatch.setattr(group_queries, "PAGE", 2)
    digest("shop", *(secret(f"n{n}", rule=f"rule-{n}") for n in range(5)))
    seen, after = [], ""
    while True:
        with scope(org.pk):
            page = group_queries.groups(org, Filters(group="rule"), after=after)
        assert page.total == 5
        seen += [group.key for group in page.rows]
        if page.next is None:
            break
        after = page.next
    assert sorted(seen) == [f"rule-{n}" for n in range(5)]
    assert page.previous == "2"
    with scope(org.pk):
        assert group_queries.groups(org, Filters(group="rule"), after="²").rows  # a stranger's number


@pytest.mark.parametrize("by", GROUPS)
def test_a_group_leads_to_its_list_and_opens_in_place(signed_in, alice, record, by):
    browser = signed_in(alice)
    page = text(browser.get(f"{LIST}?group={by}&severity=critical"))
    address = re.search(r'<a class="clip" data-open href="([^"]+)"', page)[1].replace("&amp;", "&")
    inside = text(browser.get(address))
    assert "severity=critical" in address
    assert len(re.findall(r'<tr id="finding-', inside)) == 2 if by != "asset" else 1
    first = re.search(r'hx-get="(/acme/findings/group/[^"]+)"', page)[1].replace("&amp;", "&")
    opened = text(browser.get(first))
    assert "something is wrong" in opened
    assert f"?severity=critical&amp;group={by}" in opened  # the panel opens beside the groups
    panel = re.search(r'href="(/acme/findings/[0-9a-f-]{36}/[^"]*)"', opened)[1].replace("&amp;", "&")
    whole = text(browser.get(panel))
    assert 'id="group-1"' in whole
    assert "What ends it" in whole


@pytest.mark.parametrize("by", ["fix", "rule", "asset", "package"])
def test_no_group_has_a_key_that_no_column_holds(signed_in, alice, record, by):
    for of in ("%00", "a%00b", "%ED%A0%80"):
        assert signed_in(alice).get(f"{LIST}group/?group={by}&of={of}").status_code in (200, 302)


@pytest.mark.parametrize("of", ["", "x", "01890a5d-ac96-774b-bcce-b302099a8057x"])
def test_no_group_has_a_strangers_key(signed_in, alice, record, of):
    answer = signed_in(alice).get(f"{LIST}group/?group=asset&of={of}")
    assert (answer.status_code, answer["Location"]) == (302, f"{LIST}?group=asset")


def test_a_page_says_what_ends_a_group(signed_in, alice, record):
    browser = signed_in(alice)
    assert "Upgrade left-pad 1.0.0 → 2.0.0" in text(browser.get(f"{LIST}?group=fix"))
    page = text(browser.get(f"{LIST}?group=package"))
    assert re.search(r'<a href="[^"]*package=left-pad\+1\.0\.0&amp;group=fix">2 fixes</a>', page)
    assert "No package" in page


def test_the_keys_are_those_that_do_something(org, signed_in, alice, record):
    auditor = person("erin@example.test", name="Erin")
    accounts.join(org, auditor, Membership.Role.AUDITOR)

    def keys(reader, address):
        page = text(signed_in(reader).get(address)).split('id="keys"')[1]
        return "".join(re.findall(r"<kbd>(\S)</kbd>", page))

    assert keys(alice, LIST) == "jk/xsatucn?"
    assert keys(alice, f"{LIST}?group=rule") == "jk/osatucn?"
    assert not set("xsau") & set(keys(auditor, LIST))


def test_a_saved_view_keeps_the_grouping(org, signed_in, alice, record):
    browser = signed_in(alice)
    browser.post(f"{LIST}views/?group=asset&severity=critical", {"name": "Where it burns"})
    assert 'href="/acme/findings/?severity=critical&amp;group=asset"' in text(browser.get(LIST))


def test_another_choice_keeps_what_the_form_has_no_field_for(signed_in, alice, record):
    page = text(signed_in(alice).get(f"{LIST}?fix={'a' * 32}&exploited=yes&package=-&severity=low&status=any"))
    for name, value in (
        ("fix", "a" * 32),
        ("exploited", "yes"),
        ("package", "-"),
        ("severity", "low"),
        ("status", "any"),
    ):
        assert f'<input type="hidden" name="{name}" value="{value}">' in page


def test_a_page_of_groups_asks_as_much_for_many_as_for_few(signed_in, alice, digest):
    browser = signed_in(alice)

    def asked(by):
        with CaptureQueriesContext(connection) as asked:
            assert browser.get(f"{LIST}?group={by}").status_code == 200
        return len(asked)

    digest("shop", secret("one"))
    asked("rule")
    few = [asked(by) for by in GROUPS]
    digest("site", *(secret(f"n{n}", rule=f"rule-{n}") for n in range(120)))
    assert [asked(by) for by in GROUPS] == few


def test_the_api_groups_under_the_filters_of_the_list(org, alice, record):
    _, key = tokens.make(org, alice, tokens.Wanted(name="n", role="developer"))
    api = Client(headers={"Authorization": f"Bearer {key}"})
    answer = api.get("/api/v1/findings/groups?by=package&severity=critical").json()
    assert answer["total"] == 1
    assert answer["items"][0]["key"] == "left-pad 1.0.0"
    assert answer["items"][0]["assets"] == 2
    inside = api.get("/api/v1/findings?severity=critical&package=left-pad+1.0.0").json()
    assert len(inside["items"]) == answer["items"][0]["findings"]
    assert [item["key"] for item in api.get("/api/v1/findings/groups?by=package&kind=secret").json()["items"]] == ["-"]
    assert len(api.get("/api/v1/findings?package=-").json()["items"]) == 2
    assert api.get("/api/v1/findings/groups?by=colour").status_code == 422
