"""Every limit of the file is asked somewhere, and every door to which strangers send something has one."""

import re
from pathlib import Path
from uuid import uuid4

import making
import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from mailing import mails

import vallum_web
from vallum_web.accounts import matrix, throttle, tokens
from vallum_web.repositories import checkout
from vallum_web.repositories import services as repositories
from vallum_web.tenancy import clock
from vallum_web.tenancy.limits import catalogue, gate, refusals
from vallum_web.tenancy.limits import services as limits
from vallum_web.tenancy.limits.catalogue import BrokenLimitError, WhenDown, all_limits, named, period
from vallum_web.tenancy.limits.rate import Rate
from vallum_web.tenancy.scope import scope

SOURCE = Path(vallum_web.__file__).parent
# Doors that take what a signed-out stranger sends, outside of the API, and need no limit of the table.
OTHERS = {
    "account_login": "its form asks `guesses`",
    "leaving": "its form asks `guesses`",
    "leaving_act": "without a proof of the last ten minutes it does nothing",
    "account_logout": "it ends what is not there",
    "account_confirm_email": "its key is 64 random letters, and one look-up",
    "sso_confirm": "without an offer in the session it reads nothing",
    "confirm_address": "its key is signed, and one look-up",
    "revert_address": "its key is signed, and one look-up",
    "invitation": "its secret is 24 random bytes, and one look-up",
}
ASKED_WHO = ("/accounts/login/", "/accounts/reauthenticate/", "/accounts/2fa/reauthenticate/", "/accounts/no-proof/")
ELSEWHERE = ("api/v1/", "scim/v2/")
KEY = str(uuid4())


@pytest.fixture(autouse=True)
def _still(monkeypatch):
    moment = clock.now()
    monkeypatch.setattr(clock, "now", lambda: moment + clock._offset)


def routes(resolver=None, prefix="", space=""):
    for item in (resolver or get_resolver()).url_patterns:
        path = prefix + re.sub(r"^\^|\$$|\\Z", "", str(item.pattern))
        if isinstance(item, URLResolver):
            yield from routes(item, path, f"{item.namespace}:" if item.namespace else space)
        elif isinstance(item, URLPattern) and not path.startswith(ELSEWHERE):
            yield path, item.name and f"{space}{item.name}"


ROUTES = sorted((path, name) for path, name in routes() if name)


def test_every_limit_is_asked_somewhere():
    asked = set()
    for file in SOURCE.rglob("*.py"):
        asked |= set(re.findall(r'named\("(\w+)"\)', file.read_text("utf-8")))
    asked |= {limit.name for limit in all_limits().values() if limit.actions}
    assert asked == set(all_limits())


def test_every_action_that_is_counted_is_one_of_the_matrix():
    assert {action for limit in all_limits().values() for action in limit.actions} <= set(matrix.actions())


def test_every_door_that_is_counted_is_one():
    assert set(throttle.DOORS) <= {name for _, name in ROUTES}


def test_where_passwords_mails_and_accounts_are_at_stake_nothing_goes_on_uncounted():
    for name, limit in all_limits().items():
        if re.match(r"Login|Mfa|Signup|Reset|Password|Mail|Invite", name):
            assert limit.when_down is WhenDown.REFUSE, name
        if name.startswith("Api"):
            assert limit.when_down is WhenDown.ALLOW, name


@pytest.mark.asvs("2.4.1")
@pytest.mark.parametrize(("path", "name"), ROUTES)
def test_what_a_signed_out_stranger_sends_is_counted(path, name, people):
    filled = re.sub(r"<([^>]*)>|\(\?P<[^>]*>[^)]*\)", lambda m: "acme" if "slug:" in m[0] else KEY, "/" + path)
    answer = Client().post(filled)
    if answer.status_code in {404, 405} or answer.headers.get("Location", "").startswith(ASKED_WHO):
        return
    assert name in OTHERS or name in throttle.DOORS


@pytest.mark.parametrize(
    ("path", "sent", "times"),
    [
        ("/accounts/signup/", {"email": "x", "password1": "y"}, 20),
        ("/accounts/password/reset/", {"email": "alice@example.test"}, 3),
        ("/accounts/password/reset/", {"email": "no address"}, 3),
        ("/accounts/2fa/webauthn/login/", {"credential": "x"}, 200),
        ("/accounts/sso/", {"who": "nowhere"}, 200),
        ("/security/leaked-token/", {"token": "x"}, 30),
    ],
)
def test_a_page_too_often_sent_says_when_to_come_back(path, sent, times, db):
    statuses = [Client().post(path, sent).status_code for _ in range(times + 1)]
    assert 429 not in statuses[:-1]
    assert statuses[-1] == 429
    assert Client().get(path).status_code in {200, 302}
    assert Client().post(path, sent, REMOTE_ADDR="192.0.2.9").status_code == (
        429 if "email" in sent and times == 3 else statuses[0]
    )


def test_what_one_person_changes_often_is_counted_by_person(people, signed_in):
    alice, bob = signed_in(people.alice), signed_in(people.bob)
    wrong = {"oldpassword": "wrong", "password1": "another horse 1234", "password2": "another horse 1234"}
    assert [alice.post("/accounts/password/change/", wrong).status_code for _ in range(6)] == [200] * 5 + [429]
    assert bob.post("/accounts/password/change/", wrong).status_code == 200


def test_an_organization_that_starts_scans_without_end_is_stopped(people, signed_in):
    limits.override(people.org.pk, named("ScanStartsPerOrg"), Rate(count=2, period=period("1h"), burst=2))
    shop = repositories.add_by_url(people.org, people.alice.pk, url="https://code.example.test/acme/shop").asset
    browser = signed_in(people.bob)
    assert [browser.post(f"/acme/assets/{shop.pk}/scan/").status_code for _ in range(3)] == [302, 302, 429]
    assert browser.get("/acme/assets/").status_code == 200
    _, text = tokens.make(people.org, people.bob, tokens.Wanted(name="ci", role="developer"))
    machine = Client(headers={"Authorization": f"Bearer {text}"})
    answer = machine.post("/api/v1/scans", {"asset": str(shop.pk)}, content_type="application/json")
    assert (answer.status_code, answer.json()["limit"]) == (429, "ScanStartsPerOrg")
    with scope(people.org.pk):
        assert sum(refusals.lately(people.org.pk)["ScanStartsPerOrg"]) == 2


def test_who_may_not_start_scans_uses_none_up(people, signed_in):
    limits.override(people.org.pk, named("ScanStartsPerOrg"), Rate(count=1, period=period("1h"), burst=1))
    shop = repositories.add_by_url(people.org, people.alice.pk, url="https://code.example.test/acme/shop").asset
    for _ in range(3):
        assert signed_in(people.charlie).post(f"/acme/assets/{shop.pk}/scan/").status_code == 404
    assert signed_in(people.bob).post(f"/acme/assets/{shop.pk}/scan/").status_code == 302


def test_two_organizations_share_what_one_repository_takes(people, tmp_path):
    shop = repositories.add_by_url(people.org, people.alice.pk, url="https://code.example.test/acme/shop.git")
    same = repositories.add_by_url(people.elsewhere, people.charlie.pk, url="https://code.example.test/acme/shop")
    target = checkout.SCAN_PER_TARGET
    while gate.take(target, "https://code.example.test/acme/shop").allowed:
        pass
    for repository in (shop, same):
        with pytest.raises(checkout.TooOftenError, match=r"scan again in 60 seconds"):
            checkout.bring(repository, tmp_path, progress=print)


def test_an_entry_that_is_not_whole_is_named():
    with pytest.raises(BrokenLimitError, match="names no Nothing"):
        named("Nothing")
    with pytest.raises(BrokenLimitError, match=r"limits.toml, Odd: 'burst'"):
        catalogue._limit({"name": "Odd", "count": 1, "period": "1m"})


def test_a_mailbox_gets_so_many_mails_that_others_ask_for(people, settings):
    settings.EMAIL_BACKEND = "vallum_web.mail.backend.OutboxBackend"
    for n in range(5):
        for path in ("/accounts/password/reset/", "/accounts/signup/"):
            sent = {"email": "alice@example.test", "password1": "another horse 1234", **making.ticks()}
            Client(REMOTE_ADDR=f"192.0.2.{n}").post(path, sent)
    assert len(mails(to="alice@example.test")) == named("MailPerRecipient").rate.burst
