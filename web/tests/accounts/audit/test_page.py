"""The audit log as its readers see it: what, who, when, where; narrowed, in pages, and beside the list."""

import re
from datetime import timedelta
from urllib.parse import quote
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from vallum_web.accounts import tokens
from vallum_web.accounts.audit.filters import Filters
from vallum_web.accounts.matrix import Role
from vallum_web.accounts.services import members, teams
from vallum_web.tenancy import clock, keyring
from vallum_web.tenancy.audit import services
from vallum_web.tenancy.audit.models import Entry, Head
from vallum_web.tenancy.events import emit
from vallum_web.tenancy.scope import scope

LOG = "/acme/settings/audit/"


@pytest.fixture
def log(people):
    """Acts of Alice, and of a token of hers."""
    teams.make(people.org, people.alice.pk, "Platform")
    token, text = tokens.make(people.org, people.alice, tokens.Wanted(name="deploy key", role=Role.ADMIN))
    people.token, people.bearer = token, {"Authorization": f"Bearer {text}"}
    return people


def rows(answer):
    """Each row's text, the newest first."""
    found = re.findall(r'<tr id="entry-.*?</tr>', answer.content.decode(), re.DOTALL)
    return [" ".join(re.sub(r"<[^>]+>", " ", row).split()) for row in found]


def ids(answer):
    return re.findall(r'<tr id="entry-([0-9a-f-]{36})"', answer.content.decode())


def entry(org, kind):
    with scope(org.pk):
        return Entry.objects.of(org).filter(kind=kind).latest("seq")


def test_a_row_says_what_who_when_and_where(log, signed_in, client):
    other, _ = tokens.make(log.org, log.alice, tokens.Wanted(name="old", role=Role.DEVELOPER))
    client.delete(f"/api/v1/tokens/{other.pk}", headers=log.bearer, REMOTE_ADDR="192.0.2.7")
    shown = rows(signed_in(log.alice).get(LOG))
    assert re.fullmatch(r"just now Token revoked old Alice deploy key 192\.0\.2\.7 6", shown[0])
    assert "Team made Platform Alice" in shown[3]
    assert shown[4].startswith("just now Member joined Bob · how added, role developer Vallum")
    assert "Organization founded name Acme, slug acme Alice" in shown[5]


def test_an_entry_stands_beside_the_list_and_has_an_address(log, signed_in, client):
    client.delete(f"/api/v1/tokens/{log.token.pk}", headers={**log.bearer, "User-Agent": "pipeline/1"})
    found = entry(log.org, "token.revoked")
    browser = signed_in(log.alice)
    page = browser.get(f"{LOG}{found.pk}/").content.decode()
    part = browser.get(f"{LOG}{found.pk}/", headers={"HX-Request": "true"}).content.decode()
    for text in (
        "alice@example.test",
        "pipeline/1",
        bytes(found.hash).hex(),
        bytes(found.previous).hex(),
        "deploy key",
    ):
        assert text in page
        assert text in part
    assert 'aria-current="true"' in page
    assert "<html" not in part
    assert f"?subject={log.token.pk}" in page
    assert f"?token={log.token.pk}" in page


def test_a_missing_entry_is_missing(log, signed_in):
    assert signed_in(log.alice).get(f"{LOG}{uuid4()}/").status_code == 404


@pytest.mark.asvs("16.4.2")
@pytest.mark.parametrize(
    ("role", "status"), [(role, 403 if role in {"developer", "billing"} else 200) for role in Role]
)
def test_who_may_read_it(log, signed_in, role, status):
    with scope(log.org.pk):
        members.Membership.objects.filter(user=log.bob).update(role=role)
    assert signed_in(log.bob).get(LOG).status_code == status
    assert ("/settings/audit/" in signed_in(log.bob).get("/acme/settings/").content.decode()) is (status == 200)


FILTERS = {
    "a family": ("kind=token", ["Token made"]),
    "a kind": ("kind=team.made", ["Team made"]),
    "no kind of ours": ("kind=%27;drop", ["Token made", "Team made", "Member joined", "Organization founded"]),
    "what begins alike": ("kind=tok", []),
    "an actor": ("actor={alice}", ["Token made", "Team made", "Organization founded"]),
    "what it is about": ("subject={bob}", ["Member joined"]),
    "a token": ("token={token}", []),
    "from today": ("from={today}", ["Token made", "Team made", "Member joined", "Organization founded"]),
    "from tomorrow": ("from={tomorrow}", []),
    "to today": ("to={today}", ["Token made", "Team made", "Member joined", "Organization founded"]),
    "to yesterday": ("to={yesterday}", []),
    "the end of time": ("to=9999-12-31&from=0001-01-01", ["Token made", "Team made", "Member joined", "Organization founded"]),
    "no day": ("from=now&to=1", ["Token made", "Team made", "Member joined", "Organization founded"]),
    "two at once": ("kind=org&actor={alice}", ["Organization founded"]),
}  # fmt: skip


@pytest.mark.parametrize(("query", "expected"), FILTERS.values(), ids=FILTERS)
def test_filters_narrow_it(log, signed_in, query, expected):
    today = clock.now().date()
    query = query.format(
        alice=log.alice.pk,
        bob=log.bob.pk,
        token=log.token.pk,
        today=today,
        tomorrow=today + timedelta(days=1),
        yesterday=today - timedelta(days=1),
    )
    shown = rows(signed_in(log.alice).get(f"{LOG}?{query}"))
    assert [row.removeprefix("just now ")[: len(text)] for row, text in zip(shown, expected, strict=True)] == expected


def test_filters_are_an_address_and_each_can_be_taken_back(log, signed_in):
    query = f"kind=token&actor={log.alice.pk}&from=2020-01-01"
    page = signed_in(log.alice).get(f"{LOG}?{query}").content.decode()
    for label in ("Tokens", "by Alice", "from 2020-01-01"):
        assert re.search(rf'class="chip"[^>]*>{label}', page)
    assert f'href="{LOG}?actor={log.alice.pk}&amp;from=2020-01-01"' in page
    assert f'href="{LOG}export/?{query.replace("&", "&amp;")}"' in page


def test_a_name_is_not_told_of_any_id_that_an_address_brings(log, signed_in):
    """Charlie is a stranger here."""
    for name in ("actor", "subject", "token"):
        assert "Charlie" not in signed_in(log.alice).get(f"{LOG}?{name}={log.charlie.pk}").content.decode()


def acts(org, user, count):
    for _ in range(count):
        with scope(org.pk, user=user.pk):
            emit("asset.added", uuid4(), name="shop")


@pytest.mark.slow
def test_pages_show_each_entry_once_and_back(log, signed_in):
    acts(log.org, log.alice, 120)
    browser, url, seen = signed_in(log.alice), LOG, []
    while url:
        answer = browser.get(url)
        seen += ids(answer)
        found = re.search(r'rel="next" href="([^"]+)"', answer.content.decode())
        url = found[1].replace("&amp;", "&") if found else ""
    with scope(log.org.pk):
        assert seen == [str(key) for key in Entry.objects.order_by("-seq").values_list("pk", flat=True)]
    back = re.search(r'rel="prev" href="([^"]+)"', answer.content.decode())[1].replace("&amp;", "&")
    assert ids(browser.get(back)) == seen[50:100]


def test_what_a_page_asks_of_the_database_does_not_grow_with_its_rows(log, signed_in):
    def asked():
        browser.get(LOG)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            browser.get(LOG)
        return len(queries)

    browser = signed_in(log.alice)
    few = asked()
    acts(log.org, log.alice, 30)
    for number in range(10):
        tokens.make(log.org, log.alice, tokens.Wanted(name=f"t{number}", role=Role.DEVELOPER))
    assert asked() == few


def test_an_erased_person_is_an_erased_identity(log, signed_in):
    keyring.forget_subject(log.bob.pk)
    with scope(log.org.pk, user=log.bob.pk):
        emit("team.made", uuid4())
    acts(log.org, log.alice, 1)
    keyring.forget_subject(log.alice.pk)
    gone = log.alice.pk
    with scope(log.org.pk):
        members.Membership.objects.filter(user=log.alice).delete()
        members.Membership.objects.filter(user=log.bob).update(role="owner")
    log.alice.delete()
    browser = signed_in(log.bob)
    shown = rows(browser.get(LOG))
    assert "identity erased" in shown[0]
    assert "Team made Bob" in shown[1]
    page = browser.get(f"{LOG}{entry(log.org, 'asset.added').pk}/").content.decode()
    assert "Identity erased. The chain holds without it." in page
    assert f"?actor={gone}" in page
    assert "alice@example.test" not in page


def test_what_people_wrote_is_shown_and_not_done(log, signed_in):
    with scope(log.org.pk, user=log.alice.pk):
        emit("asset.added", uuid4(), name="<script>alert(1)</script>\u202e")
    page = signed_in(log.alice).get(f"{LOG}?kind={quote('asset')}").content.decode()
    assert "<script>alert" not in page
    assert "\u202e" not in page


def test_the_head_says_when_it_was_verified_and_signed(log, signed_in):
    browser = signed_in(log.alice)
    assert "not verified yet" in browser.get(LOG).content.decode()
    services.check(log.org.pk, [])
    services.attest_today(log.org.pk)
    page = re.sub(r"<[^>]+>", "", browser.get(LOG).content.decode())
    assert "verified just now: it holds, up to entry 4" in page
    assert f"signed on {clock.now().date()}, up to entry 4" in page
    with scope(log.org.pk):
        Head.objects.of(log.org).update(problem="Entry 2 was changed.")
    assert "The log does not hold together. Entry 2 was changed." in browser.get(LOG).content.decode()


def test_a_part_of_the_page_is_the_list_alone(log, signed_in):
    answer = signed_in(log.alice).get(f"{LOG}?kind=team", headers={"HX-Request": "true"})
    assert answer["HX-Push-Url"] == f"{LOG}?kind=team"
    assert len(ids(answer)) == 1
    assert b"<html" not in answer.content


def test_an_address_comes_back_as_it_was():
    ids = {name: str(uuid4()) for name in ("actor", "token", "subject")}
    query = {"kind": "token.made", **ids, "from": "2026-01-02", "to": "2026-03-04"}
    assert dict(Filters.parse(query).pairs()) == query


class TestTheApi:
    """The same entries, for machines."""

    def test_lists_them_filtered_and_in_pages(self, log, client):
        acts(log.org, log.alice, 60)
        first = client.get("/api/v1/audit", headers=log.bearer).json()
        assert [len(first["items"]), first["items"][0]["seq"]] == [50, 64]
        rest = client.get(f"/api/v1/audit?after={first['after']}", headers=log.bearer).json()
        assert (len(rest["items"]), rest["after"]) == (14, "")
        (made,) = client.get("/api/v1/audit?kind=team", headers=log.bearer).json()["items"]
        assert (made["kind"], made["what"], made["actor"]) == ("team.made", "Team made", str(log.alice.pk))
        assert (made["identity"]["email"], made["facts"]) == ("alice@example.test", {})
        assert made["hash"] == bytes(entry(log.org, "team.made").hash).hex()

    def test_is_for_whose_role_may(self, log, client):
        _, text = tokens.make(log.org, log.alice, tokens.Wanted(name="ci", role=Role.DEVELOPER))
        answer = client.get("/api/v1/audit", headers={"Authorization": f"Bearer {text}"})
        assert (answer.status_code, "may not read the audit log" in answer.json()["detail"]) == (403, True)
