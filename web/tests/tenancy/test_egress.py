"""Nothing leaves that the registry does not foresee; what leaves, or was kept from it, stands in the ledger, and owners see both."""

import re
from pathlib import Path

import making
import pytest
from django.conf import settings as configured
from django.db import ProgrammingError, connection, transaction

from dev.fakes.loopback import Answer
from dev.fakes.site import running
from vallum_guard import errors, http
from vallum_guard.http import Request
from vallum_web.accounts import tokens
from vallum_web.accounts.models import Membership
from vallum_web.tenancy import egress, egress_registry
from vallum_web.tenancy.egress_registry import BrokenRegistryError
from vallum_web.tenancy.models import Departure
from vallum_web.tenancy.scope import scope

THREATS = Path(__file__).parents[3] / "docs/threat-model.md"
WHOLE = """
[[party]]
id = "a"
who = "Somebody"
role = "data feed"
purposes = ["one"]
sends = ["nothing"]
region = "here"
why = "because"
"""
BROKEN = [
    pytest.param("[[party", "cannot be read", id="no TOML"),
    pytest.param("", "cannot be read", id="no entry"),
    *(
        pytest.param(
            WHOLE.replace(line, ""), f"{line.partition(' ')[0]} is missing", id=f"without {line.partition(' ')[0]}"
        )
        for line in WHOLE.strip().splitlines()[1:]
    ),
    pytest.param(WHOLE.replace('"here"', '""'), "region is missing", id="an empty word"),
    pytest.param(WHOLE.replace('["nothing"]', "[]"), "sends is missing", id="an empty list"),
    pytest.param(WHOLE.replace("data feed", "friend"), "friend", id="a role of no kind"),
    pytest.param(WHOLE + 'until = "later"', "until means nothing", id="a word too many"),
    pytest.param(WHOLE + WHOLE.replace('"one"', '"two"'), "the id 'a' twice", id="an id twice"),
    pytest.param(WHOLE + WHOLE.replace('"a"', '"b"'), "the purpose 'one' twice", id="a purpose twice"),
]


@pytest.mark.parametrize(("text", "words"), BROKEN)
def test_a_registry_that_is_not_whole_starts_nothing(text, words):
    with pytest.raises(BrokenRegistryError, match=words):
        egress_registry.read(text)


def test_the_registry_is_whole():
    assert len(egress_registry.read(WHOLE)) == 1
    assert {party.id for party in egress_registry.parties()} >= {"code-host", "identity-provider", "own-domain"}


def test_the_threat_model_names_whom_something_may_go_to():
    table = (
        THREATS.read_text("utf-8")
        .partition("## Where outgoing connections can come from")[2]
        .partition("\n\nNothing else")[0]
    )
    named = [
        name for line in table.splitlines() for name in re.findall(r"`([a-z-]+)`", line.rstrip("| ").rpartition("|")[2])
    ]
    assert sorted(named) == sorted(party.id for party in egress_registry.parties())


@pytest.mark.policy("PP-3a")
@pytest.mark.asvs("13.2.4")
def test_an_entry_with_hosts_admits_those_alone(monkeypatch):
    found = egress_registry.read(WHOLE + 'hosts = ["feed.example"]')
    monkeypatch.setattr(egress_registry, "parties", lambda: found)
    egress_registry.admit("one", "feed.example")
    for purpose, host in (("one", "evil.example"), ("one", "feed.example.evil.example"), ("two", "feed.example")):
        with pytest.raises(errors.NotForeseen):
            egress_registry.admit(purpose, host)


@pytest.fixture
def site(tmp_path, monkeypatch):
    with running(tmp_path) as running_site:
        monkeypatch.setenv("VALLUM_EGRESS_ALLOW", running_site.opening)
        monkeypatch.setenv("SSL_CERT_FILE", str(running_site.authority))
        running_site.pages["/"] = Answer(body=b"hello")
        yield running_site


def ledger(org):
    with scope(org.pk):
        return list(Departure.objects.of(org).order_by("id"))


@pytest.mark.policy("PP-3a")
@pytest.mark.policy("PP-3a")
@pytest.mark.asvs("13.2.4")
def test_a_purpose_that_nobody_foresaw_does_not_leave(site, org):
    with pytest.raises(errors.NotForeseen, match="'telemetry'"):
        http.fetch(Request(url=f"{site.url}/", purpose="telemetry"), route=egress.route(org.pk))
    assert not site.asked
    [row] = ledger(org)
    assert (row.entry, row.party, row.purpose, row.ok, row.sent) == ("", "127.0.0.1", "telemetry", False, 0)


def test_what_leaves_is_written_with_its_entry(site, org, people):
    http.fetch(Request(url=f"{site.url}/", purpose="clone"), route=egress.route(org.pk, people.alice.pk))
    [row] = ledger(org)
    assert (row.entry, row.party, row.ok, row.subject) == ("code-host", "127.0.0.1", True, people.alice.pk)
    assert ledger(people.elsewhere) == []


@pytest.mark.asvs("16.4.2")
@pytest.mark.parametrize("change", ["update tenancy_departure set ok = true", "delete from tenancy_departure"])
def test_what_stands_in_the_ledger_stays(left, org, change):
    with pytest.raises(ProgrammingError, match="permission denied"), scope(org.pk), connection.cursor() as cursor:
        cursor.execute(change)


def test_the_platform_does_not_call_itself(org, monkeypatch, settings):
    settings.PUBLIC_URL, settings.LOOPBACK = "https://vallum.example.test", False
    with pytest.raises(errors.NotForeseen, match="itself"):
        egress.gate("clone", "vallum.example.test")
    egress.gate("clone", "code.example.test")
    monkeypatch.setenv("VALLUM_OWN_ADDRESSES", "93.184.216.34, 2001:db8::/48")
    assert [str(each) for each in egress.route(org.pk).own] == ["93.184.216.34/32", "2001:db8::/48"]
    monkeypatch.setenv("VALLUM_OWN_ADDRESSES", "here")
    with pytest.raises(errors.BadOpening):
        egress.route(org.pk)
    assert configured.PUBLIC_URL == "https://vallum.example.test"


@pytest.fixture
def left(org):
    """Two hosts, two purposes, and one that was refused."""
    record = egress.ledger(org.pk)
    for number in range(60):
        host = "code.example" if number % 2 else "login.example"
        purpose = "clone" if number % 2 else "single sign-on"
        record(making.departure(host, purpose, sent=1000, received=3_000_000))
    record(making.departure("evil.example", "telemetry", ok=False, address=None))


def test_owners_see_what_left(left, alice, org, signed_in):
    browser = signed_in(alice)
    page = browser.get("/acme/settings/egress/")
    text = page.content.decode()
    assert page.status_code == 200
    assert text.index("evil.example") < text.index("login.example")
    assert "did not leave" in text
    assert "2.9\xa0MB" in text
    assert text.count("<tr>") == 1 + 50 + 1 + len(egress_registry.parties())
    second = browser.get("/acme/settings/egress/", {"after": page.context["page"].next}).content.decode()
    assert second.count('<td class="grow">') == 11
    assert "evil.example" not in second


def test_what_left_is_narrowed_by_host_and_purpose(left, alice, signed_in):
    browser = signed_in(alice)

    def seen(**query):
        page = browser.get("/acme/settings/egress/", query).context["page"]
        return {(row.party, row.purpose) for row in page.rows}

    assert seen(party="CODE.example ") == {("code.example", "clone")}
    assert seen(purpose="single sign-on") == {("login.example", "single sign-on")}
    assert seen(party="code.example", purpose="single sign-on") == set()
    assert seen(party="\0") == seen()
    assert "Nothing matches" in browser.get("/acme/settings/egress/?party=nobody.example").content.decode()


def test_totals_are_of_every_party(left, alice, signed_in):
    totals = {each.party.id: each for each in signed_in(alice).get("/acme/settings/egress/").context["totals"]}
    assert totals.keys() == {party.id for party in egress_registry.parties()}
    code = totals["code-host"]
    assert (code.departures, code.refused, code.sent, code.received) == (30, 0, 30_000, 90_000_000)
    assert (totals["own-domain"].departures, totals["own-domain"].last) == (0, None)


def test_what_the_platform_fetches_for_everybody_counts_for_each(people, signed_in):
    for _ in range(2):
        egress.platform_ledger(making.departure("www.cisa.gov", "kev", sent=100, received=1_000_000))
    for person, slug in ((people.alice, "acme"), (people.charlie, "elsewhere")):
        page = signed_in(person).get(f"/{slug}/settings/egress/")
        kev = next(each for each in page.context["totals"] if each.party.id == "kev")
        assert (kev.departures, kev.sent, kev.received) == (2, 200, 2_000_000)
        assert page.context["page"].rows == [], "no organization's own departure"


@pytest.mark.parametrize(
    "change", ["update tenancy_platformdeparture set ok = true", "delete from tenancy_platformdeparture"]
)
def test_what_stands_in_the_platforms_ledger_stays(db, change):
    egress.platform_ledger(making.departure("www.cisa.gov", "kev"))
    with (
        pytest.raises(ProgrammingError, match="permission denied"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(change)


def test_nothing_has_left_yet(alice, signed_in):
    text = signed_in(alice).get("/acme/settings/egress/").content.decode()
    assert "Nothing has left" in text
    assert "The host of a repository" in text


def test_the_api_tells_the_same(left, org, alice, client):
    _, text = tokens.make(org, alice, tokens.Wanted(name="t", role=Membership.Role.AUDITOR))
    head = {"Authorization": f"Bearer {text}"}
    first = client.get("/api/v1/egress", headers=head).json()
    assert len(first["items"]) == 50
    assert first["items"][0]["party"] == "evil.example"
    rest = client.get("/api/v1/egress", {"after": first["after"]}, headers=head).json()
    assert (len(rest["items"]), rest["after"]) == (11, "")
    some = client.get("/api/v1/egress", {"party": "Code.example"}, headers=head).json()
    assert {item["entry"] for item in some["items"]} == {"code-host"}
    parties = client.get("/api/v1/egress/parties", headers=head).json()
    assert [party["id"] for party in parties] == [party.id for party in egress_registry.parties()]


def test_an_organization_sees_its_own_departures_alone(left, people, signed_in):
    page = signed_in(people.charlie).get("/elsewhere/settings/egress/")
    assert page.context["page"].rows == []
    assert page.context["totals"][0].departures == 0


def test_the_page_asks_no_more_with_more_rows(org, alice, signed_in, django_assert_max_num_queries):
    browser = signed_in(alice)
    record = egress.ledger(org.pk)
    record(making.departure("h.example", "clone"))
    browser.get("/acme/settings/egress/")
    with django_assert_max_num_queries(100) as asked:
        browser.get("/acme/settings/egress/")
    for number in range(30):
        record(making.departure(f"h{number}.example", "clone"))
    with django_assert_max_num_queries(len(asked)):
        browser.get("/acme/settings/egress/")
