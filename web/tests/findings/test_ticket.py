"""A finding as a ticket: what is in it, what is never in it, and where it can be opened."""

from urllib.parse import parse_qs, urlsplit

import pytest
from making import report, secret, vulnerability

from vallum_engine.model.finding import Kind, Location, Remediation
from vallum_web.assets import services as assets
from vallum_web.findings import services
from vallum_web.findings.models import Finding
from vallum_web.findings.ticket import MOST_ADDRESS, ticket, tracker_of
from vallum_web.repositories.models import Repository
from vallum_web.scans import services as scans
from vallum_web.tenancy.scope import scope

LIST = "/acme/findings/"
PANEL = {"HX-Request": "true", "HX-Target": "panel"}
HERE = "https://vallum.example/acme/findings/1/"


@pytest.fixture
def asset(org, alice):
    return assets.add(org, "repository", "team/shop", alice.pk)


@pytest.fixture
def kept(org, asset):
    def run(found):
        with scope(org.pk):
            services.digest(scans.uploaded(asset, None), report(found))
            return Finding.objects.of(org).select_related("asset").get()

    return run


def made(row, repository=""):
    return ticket(row, why="High severity.", places=2, url=HERE, repository=repository)


def test_it_says_what_where_why_and_what_ends_it(kept):
    found = made(kept(vulnerability("left-pad", "CVE-2026-0001")))
    assert found.title == "High: left-pad 1.0.0: something is wrong"
    for said in (
        "**Severity:** high, risk",
        "**Due:** 20",
        "**Where:** `package-lock.json:3` of `team/shop`, and 1 more place",
        "**Package:** `left-pad 1.0.0`",
        "**What:** Details of CVE-2026-0001.",
        "**Why this risk:** High severity.",
        "1. Upgrade left-pad to 2.0.0.",
        "- `CVE-2026-0001` <https://advisories.example/CVE-2026-0001>",
        f"**In Vallum:** {HERE}",
    ):
        assert said in found.body
    assert found.url == ""


@pytest.mark.parametrize(
    ("address", "said"),
    [("https://shop.test/keys", True), ("http://shop.test/keys", False), ("https://a.test/>x", False)],
)
def test_it_leads_to_where_a_secret_is_revoked(kept, address, said):
    found = made(kept(secret("one", remediation=Remediation(steps=("Make a new one.",), revoke=address))))
    assert "1. Make a new one." in found.body
    assert (f"2. Revoke it at <{address}>" in found.body) is said


def test_nothing_of_a_secret_is_in_it(kept):
    found = made(
        kept(secret("one", message="Token ghp_…7aZ2 found", evidence="ghp_…7aZ2")), "https://github.com/team/shop"
    )
    assert "7aZ2" not in found.title + found.body + found.url


def test_a_stranger_s_text_is_words(kept):
    attack = "x\n/close\n@everyone <img src=y> ![a](https://e.example) #1 `b` www.e.example \u202e"
    row = kept(
        secret(
            "one",
            kind=Kind.WEAKNESS,
            title=attack,
            message=attack,
            locations=(Location(path="a`/``b.py", line=1, end_line=1),),
        )
    )
    found = made(row)
    assert "\n/close" not in found.title + found.body
    assert "@everyone" not in found.title + found.body
    assert "\u202e" not in found.title + found.body
    assert (
        "\\<img src=y\\> \\!\\[a\\](https:\u200b//e.example) \\#1 \\`b\\` www\u200b.e.example \\[U+202E\\]"
        in found.body
    )
    assert "``` a`/``b.py:1 ```" in found.body


@pytest.mark.parametrize(
    ("address", "new"),
    [
        ("https://github.com/team/shop.git", "https://github.com/team/shop/issues/new"),
        ("https://gitlab.com/team/sub/shop", "https://gitlab.com/team/sub/shop/-/issues/new"),
        ("https://gitlab.example:8443/team/shop.git", "https://gitlab.example:8443/team/shop/-/issues/new"),
        ("https://somebody:token@github.com/team/shop", "https://github.com/team/shop/issues/new"),
        ("https://code.example/team/shop", None),
        ("https://github.com.evil.example/team/shop", None),
        ("https://github.com/team", None),
        ("https://gitlab.com/a b/c?d", None),
        ("ssh://git@github.com/team/shop", None),
        ("", None),
    ],
)
def test_an_issue_is_opened_where_the_code_is(address, new):
    tracker = tracker_of(address)
    assert (tracker.new if tracker else None) == new


@pytest.mark.parametrize(
    ("repository", "title", "body"),
    [
        ("https://github.com/team/shop", "title", "body"),
        ("https://gitlab.com/team/shop", "issue[title]", "issue[description]"),
    ],
)
def test_the_address_is_filled_in(kept, repository, title, body):
    found = made(kept(vulnerability("left-pad", "CVE-2026-0001")), repository)
    assert parse_qs(urlsplit(found.url).query) == {title: [found.title], body: [found.body]}
    assert not found.cut


def test_a_long_one_fits_into_an_address(kept):
    found = made(kept(secret("one", kind=Kind.WEAKNESS, message="é" * 5000)), "https://github.com/team/shop")
    assert found.cut
    assert len(found.url) <= MOST_ADDRESS
    assert HERE in parse_qs(urlsplit(found.url).query)["body"][0]


def test_the_panel_opens_with_it(org, asset, kept, signed_in, alice):
    with scope(org.pk):
        Repository.objects.create(org=org, asset=asset, url="https://github.com/team/shop.git")
    row = kept(vulnerability("left-pad", "CVE-2026-0001"))
    browser = signed_in(alice)
    for answer in (browser.get(f"{LIST}{row.pk}/ticket/"), browser.get(f"{LIST}{row.pk}/ticket/", headers=PANEL)):
        page = answer.content.decode()
        assert page.count('<details class="more" open>') == 1
        assert 'href="https://github.com/team/shop/issues/new?title=' in page
        assert f"/acme/findings/{row.pk}/\n</textarea>" in page


def test_a_comment_is_looked_at_before_it_is_said(org, kept, signed_in, alice):
    row = kept(secret("one"))
    browser = signed_in(alice)
    said = {"text": "**Look** <b>here</b>"}
    part = browser.post(f"{LIST}{row.pk}/comments/preview/", said, headers=PANEL).content.decode()
    assert "<strong>Look</strong> &lt;b&gt;here&lt;/b&gt;" in part
    assert "<textarea" not in part
    whole = browser.post(f"{LIST}{row.pk}/comments/preview/", said).content.decode()
    assert "<strong>Look</strong>" in whole
    assert "**Look** &lt;b&gt;here&lt;/b&gt;</textarea>" in whole
    assert "This field is required" in browser.post(f"{LIST}{row.pk}/comments/preview/", headers=PANEL).content.decode()
    assert "Look" not in browser.get(f"{LIST}{row.pk}/").content.decode()
