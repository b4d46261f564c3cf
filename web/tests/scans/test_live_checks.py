"""Live checks: issuers that speak HTTP over TLS behind a real proxy, asked from the sandbox through the guard, and only where wanted."""

import itertools
import json
import secrets
import socket
import string
import zlib
from contextlib import contextmanager

import making
import pytest
from django.db import connection
from django.test import Client

from dev.fakes import proxy, site
from dev.fakes.loopback import Answer
from vallum_guard.errors import TransportFailed
from vallum_web.accounts import services as accounts
from vallum_web.accounts import tokens
from vallum_web.accounts.models import Membership
from vallum_web.findings.models import Finding
from vallum_web.ingest import work
from vallum_web.repositories import checkout
from vallum_web.repositories import services as repositories
from vallum_web.scans import asking, command, scanner
from vallum_web.scans import services as scans
from vallum_web.scans.issuers import issuers
from vallum_web.tenancy import egress_registry
from vallum_web.tenancy.audit.models import Entry
from vallum_web.tenancy.limits import gate
from vallum_web.tenancy.models import Departure, Org
from vallum_web.tenancy.scope import scope

isolated = [
    pytest.mark.slow,
    pytest.mark.skipif(not command.reaches_out(), reason="no sandbox here has a network of its own"),
]
PAGE = "/acme/settings/live-checks/"
GITHUB, SLACK, STRIPE = "api.github.com", "slack.com", "api.stripe.com"
BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase
# Without vowels: no word in it takes it for an example.
LETTERS = "".join(letter for letter in BASE62 if letter not in "AEIOUaeiou")


def noise(length, alphabet=LETTERS):
    return "".join(secrets.choice(alphabet) for _ in range(length))


def github():
    body = noise(30)
    value, check = zlib.crc32(body.encode()), ""
    for _ in range(6):
        value, rest = divmod(value, 62)
        check = BASE62[rest] + check
    return f"ghp_{body}{check}"


@pytest.fixture
def world(live_database):
    """Committed: the guard's proxy writes its ledger from a thread of its own."""
    return making.people()


@pytest.fixture
def outside(tmp_path, monkeypatch):
    """The issuers, and the operator's proxy that leads to them: whatever leaves, leaves by it."""
    with site.running(tmp_path, GITHUB, SLACK, STRIPE) as issuer, proxy.carrying(issuer.port) as (address, tunnels):
        monkeypatch.setenv("VALLUM_HTTPS_PROXY", address)
        monkeypatch.setenv("SSL_CERT_FILE", str(issuer.authority))
        issuer.pages["/rate_limit"] = Answer(body=b"{}")
        issuer.pages["/api/auth.test"] = Answer(body=b'{"ok": false, "error": "token_revoked"}')
        issuer.pages["/v1/account"] = Answer(status=503)
        issuer.tunnels = tunnels
        yield issuer


@pytest.fixture
def scanned(world, tmp_path):
    """Return a function that scans these lines of code, one file each."""
    folder = tmp_path / "code"
    folder.mkdir()
    made = repositories.add_folder(world.org, name="code", folder=folder)

    def run(*lines):
        for number, line in enumerate(lines):
            (folder / f"{number}.env").write_text(f"{line}\n")
        scan = scans.request(world.org, made.asset_id, None)
        work.run(world.org.pk, scan.pk)
        with scope(world.org.pk):
            scan.refresh_from_db()
        assert scan.status in ("done", "incomplete"), scan.failure
        return scan

    return run


def found(org):
    with scope(org.pk):
        rows = Finding.objects.of(org).filter(kind="secret", status="open")
        return {row.rule: row.liveness for row in rows}


def ledger(org):
    with scope(org.pk):
        return list(Departure.objects.of(org).order_by("party"))


def test_the_register_names_the_hosts_of_our_rules_and_no_other():
    assert asking.hosts() == {issuer.host for issuer in issuers()}
    party = egress_registry.by_purpose()[asking.PURPOSE]
    assert party.role == "customer instruction"
    assert list(party.hosts) == sorted(party.hosts)


class TestASandbox:
    pytestmark = isolated

    def test_nothing_leaves_while_the_switch_is_off(self, world, outside, scanned):
        scan = scanned(f"GH_TOKEN={github()}")
        assert (scan.asking, "asked" in scan.outcome) == ("", False)
        assert found(world.org) == {"github-personal-access-token": ""}
        assert (outside.tunnels, outside.asked, ledger(world.org)) == ([], [], [])

    def test_each_issuer_is_asked_about_its_own_and_the_ledger_has_a_row_for_each(self, world, outside, scanned):
        asking.switch(world.org, world.alice.pk, on=True)
        one, other, slack = (
            github(),
            github(),
            f"xoxb-{noise(12, string.digits)}-{noise(12, string.digits)}-{noise(24)}",
        )
        stripe = f"sk_live_{noise(30)}"
        scan = scanned(f"GH_TOKEN={one}", f"GH_TOKEN={other}", f"SLACK={slack}", f"STRIPE={stripe}")
        assert scan.asking == "on"
        assert {name: scan.outcome[name] for name in ("asked", "live", "revoked")} == {
            "asked": 4,
            "live": 2,
            "revoked": 1,
        }
        assert found(world.org) == {
            "github-personal-access-token": "live",
            "slack-bot-token": "revoked",
            "stripe-secret-key": "unknown",
        }
        assert set(outside.tunnels) == {f"{host}:443" for host in (GITHUB, SLACK, STRIPE)}
        told = {
            (asked.headers["Host"], asked.headers["Authorization"].removeprefix("Bearer ")) for asked in outside.asked
        }
        assert {(GITHUB, one), (GITHUB, other), (SLACK, slack)} <= told
        assert {host for host, value in told if value in (one, other)} == {GITHUB}
        rows = ledger(world.org)
        assert [row.party for row in rows] == [GITHUB, STRIPE, SLACK]
        assert {(row.purpose, row.entry, row.ok) for row in rows} == {("live check", "secret-issuer", True)}
        assert all(row.sent and row.received for row in rows)

    def test_what_an_issuer_said_is_on_the_panel_and_the_scan_s_page_and_the_secret_is_not(
        self, world, outside, scanned, signed_in
    ):
        asking.switch(world.org, world.alice.pk, on=True)
        value = github()
        scan = scanned(f"GH_TOKEN={value}")
        browser = signed_in(world.bob)
        page = browser.get(f"/acme/scans/{scan.pk}/").content.decode()
        assert "Issuers were asked about 1 secret: 1 live, 0 revoked, 0 unknown." in page
        with scope(world.org.pk):
            key = Finding.objects.of(world.org).get(kind="secret").pk
        panel = browser.get(f"/acme/findings/{key}/").content.decode()
        assert "live: its issuer says that it works" in panel
        assert "api.github.com answered 200" in panel
        assert value not in page + panel

    def test_checked_again_by_hand_it_turns_out_revoked(self, world, outside, scanned, signed_in):
        asking.switch(world.org, world.alice.pk, on=True)
        scanned(f"GH_TOKEN={github()}")
        with scope(world.org.pk):
            before = Finding.objects.of(world.org).get(kind="secret")
        outside.pages["/rate_limit"] = Answer(status=401)
        browser = signed_in(world.bob)
        browser.post(f"/acme/findings/{before.pk}/check/")
        with scope(world.org.pk):
            again = scans.waiting(world.org.pk, before.asset_id)
        work.run(world.org.pk, again.pk)
        panel = browser.get(f"/acme/findings/{before.pk}/").content.decode()
        for said in ("No, revoked", "revoked: its issuer does not take it", "api.github.com said that it is revoked"):
            assert said in panel
        with scope(world.org.pk):
            assert Finding.objects.of(world.org).get(pk=before.pk).risk < before.risk
        assert len(outside.asked) == 2

    def test_a_scan_that_is_asking_stops_when_the_switch_is_turned(self, world, outside, scanned):
        asking.switch(world.org, world.alice.pk, on=True)

        def last(_asked):
            asking.switch(world.org, world.alice.pk, on=False)
            connection.close()  # this is a thread of the site's own
            return Answer(body=b"{}")

        outside.pages["/rate_limit"] = last
        scan = scanned(*(f"GH_TOKEN={github()}" for _ in range(3)))
        assert len(outside.asked) == 1
        assert (scan.outcome["asked"], scan.outcome["live"]) == (3, 1)
        assert [(row.party, row.ok) for row in ledger(world.org)] == [(GITHUB, False)]

    def test_a_switch_turned_while_the_code_was_fetched_is_what_the_scan_s_page_tells_of(
        self, world, outside, scanned, signed_in, monkeypatch
    ):
        fetch = checkout.bring

        def slow(*given, **more):
            asking.switch(world.org, world.alice.pk, on=True)
            return fetch(*given, **more)

        monkeypatch.setattr(checkout, "bring", slow)
        scan = scanned(f"GH_TOKEN={github()}")
        assert (scan.asking, len(outside.asked)) == ("on", 1)
        page = signed_in(world.bob).get(f"/acme/scans/{scan.pk}/").content.decode()
        assert "the sandbox had a way out" in page

    def test_an_issuer_that_all_organizations_asked_often_is_left_alone(self, world, outside, scanned):
        asking.switch(world.org, world.alice.pk, on=True)
        limit = asking.LIVE_CHECK_PER_TARGET
        gate.take(limit, GITHUB, cost=limit.rate.burst)
        scanned(f"GH_TOKEN={github()}")
        assert found(world.org) == {"github-personal-access-token": "unknown"}
        assert outside.asked == []

    @pytest.mark.parametrize("place", ["evil.example:443", "api.github.com:22", "127.0.0.1:443", "169.254.169.254:443"])
    def test_no_other_place_can_be_reached(self, world, outside, scanned, place):
        asking.switch(world.org, world.alice.pk, on=True)
        scan = scanned("nothing")
        with (
            asking.way_out(scan, scan.asking) as route,
            scanner._proxy(route) as path,
            socket.socket(socket.AF_UNIX) as client,
        ):
            client.connect(str(path))
            client.sendall(f"CONNECT {place} HTTP/1.1\r\n\r\n".encode())
            assert client.recv(100).startswith(b"HTTP/1.1 403 ")
        assert outside.tunnels == []
        [row] = ledger(world.org)
        assert (row.party, row.ok, row.sent) == (GITHUB if "github" in place else "(no issuer)", False, 0)


def test_a_machine_that_cannot_let_it_out_safely_says_so(world, scanned, outside, signed_in, monkeypatch):
    asking.switch(world.org, world.alice.pk, on=True)
    monkeypatch.setattr(command, "reaches_out", lambda: False)  # a machine without bubblewrap and namespaces
    scan = scanned(f"GH_TOKEN={github()}")
    assert (scan.asking, outside.tunnels) == ("unable", [])
    page = signed_in(world.bob).get(f"/acme/scans/{scan.pk}/").content.decode()
    assert "Wanted, but nobody was asked" in page
    assert "until bubblewrap is installed" in signed_in(world.alice).get(PAGE).content.decode()


def switched(org):
    with scope(org.pk):
        return Org.objects.get(pk=org.pk).live_checks


def asked_till_refused(org):
    for number in itertools.count():
        try:
            asking._may_ask(org, GITHUB)
        except TransportFailed:
            return number
    return None


def test_one_organization_leaves_questions_to_the_others(people):
    """Code may hold any number of what looks like a secret, and anybody may found an organization."""
    for org in (people.org, people.elsewhere):
        asking.switch(org, None, on=True)
    assert asked_till_refused(people.org.pk) < asking.LIVE_CHECK_PER_TARGET.rate.burst
    asking._may_ask(people.org.pk, SLACK)
    asking._may_ask(people.elsewhere.pk, GITHUB)


def test_an_owner_switches_it_and_the_audit_log_says_so(people, signed_in):
    assert not switched(people.org)
    browser = signed_in(people.alice)
    page = browser.get(PAGE).content.decode()
    for said in (
        "<strong>Off.</strong>",
        GITHUB,
        "GET /rate_limit, the secret in a header",
        "Ask the issuers from now on",
    ):
        assert said in page
    for switch, on in (("on", True), ("on", True), ("off", False)):
        answer = browser.post(f"{PAGE}switch/", {"switch": switch}, follow=True).content.decode()
        assert switched(people.org) is on
        assert f"<strong>{switch.capitalize()}.</strong>" in answer
    assert browser.post(f"{PAGE}switch/", {"switch": "perhaps"}).status_code == 400
    with scope(people.org.pk):
        entries = Entry.objects.of(people.org).filter(kind="org.live_checks").order_by("seq")
        assert [(entry.actor, json.loads(entry.facts)["on"]) for entry in entries] == [
            (people.alice.pk, True),
            (people.alice.pk, False),
        ]
    assert not switched(people.elsewhere)


def test_an_admin_sees_the_page_and_cannot_switch(people, signed_in):
    admin = making.person("dana@example.test")
    accounts.join(people.org, admin, Membership.Role.ADMIN)
    browser = signed_in(admin)
    page = browser.get(PAGE).content.decode()
    assert "Owners of the organization switch it." in page
    assert "Ask the issuers from now on" not in page
    assert browser.post(f"{PAGE}switch/", {"switch": "on"}).status_code == 403
    assert not switched(people.org)


@contextmanager
def machine(people, *scopes):
    wanted = tokens.Wanted(name="robot", role=Membership.Role.OWNER, scopes=scopes)
    yield Client(headers={"Authorization": f"Bearer {tokens.make(people.org, people.alice, wanted)[1]}"})


def test_the_api_switches_it_where_a_token_names_the_action(people):
    at = "/api/v1/live-checks"
    with machine(people, "egress.read") as client:
        assert client.get(at).json() == {"on": False}
        [github_] = [each for each in client.get(f"{at}/issuers").json() if each["host"] == GITHUB]
        assert github_["questions"] == ["GET /rate_limit, the secret in a header"]
        assert client.put(at, {"on": True}, content_type="application/json").status_code == 403
    with machine(people, "live.switch", "egress.read") as client:
        assert client.put(at, {"on": True}, content_type="application/json").json() == {"on": True}
        assert switched(people.org)
