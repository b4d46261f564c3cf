"""What a person sees of how their account was used, and what they are told by mail."""

import re
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from mailing import last, mails

from vallum_web.accounts.models import SignIn
from vallum_web.accounts.networks import neighbourhood
from vallum_web.accounts.services import signins
from vallum_web.tenancy import clock

PASSWORD = "correct horse battery"
LOGIN = "/accounts/login/"
PAGE = "/accounts/sign-ins/"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:131.0) Gecko/20100101 Firefox/131.0"
FIREFOX_NEXT = FIREFOX.replace("131", "132")
SAFARI = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 "
    "Mobile/15E148 Safari/604.1"
)
NEW = "A sign-in from somewhere new"


@pytest.fixture(autouse=True)
def _fresh(settings, db):
    settings.EMAIL_BACKEND = "vallum_web.mail.backend.OutboxBackend"
    cache.clear()


def sign_in(address="192.0.2.7", agent=FIREFOX, *, password=PASSWORD, email="alice@example.test"):
    browser = Client(REMOTE_ADDR=address, headers={"User-Agent": agent})
    browser.post(LOGIN, {"login": email, "password": password})
    return browser


def rows(user):
    return list(SignIn.objects.filter(user=user).order_by("at", "id"))


def kinds(user):
    return [row.kind for row in rows(user)]


def told(subject):
    return mails(subject=subject)


@pytest.mark.policy("PP-1.3a")
@pytest.mark.asvs("16.3.1")
def test_every_sign_in_is_written_down_with_when_how_and_where(alice):
    sign_in()
    (row,) = rows(alice)
    assert (row.kind, row.second, row.address, row.network) == ("password", "", "192.0.2.7", "192.0.2.0/24")
    assert (row.device, row.family, row.known) == ("Firefox 131 on Linux", "Firefox on Linux", False)
    assert clock.now() - row.at < timedelta(minutes=1)


def test_its_end_and_a_change_of_password_are_too(alice):
    browser = sign_in()
    new = {"oldpassword": PASSWORD, "password1": "eighteen quiet lamps", "password2": "eighteen quiet lamps"}
    browser.post("/accounts/password/change/", new)
    browser.post("/accounts/logout/")
    assert kinds(alice) == ["password", "password_changed", "signed_out"]


@pytest.mark.asvs("6.3.7")
def test_a_change_and_a_reset_of_the_password_are_told_by_mail(alice):
    browser = sign_in()
    new = {"oldpassword": PASSWORD, "password1": "eighteen quiet lamps", "password2": "eighteen quiet lamps"}
    browser.post("/accounts/password/change/", new)
    Client().post("/accounts/password/reset/", {"email": alice.email})
    path = re.search(r"/accounts/password/reset/key/\S+", last().text)[0]
    browser = Client()
    form = browser.get(path, follow=True).redirect_chain[-1][0]
    browser.post(form, {"password1": "nineteen quiet lamps", "password2": "nineteen quiet lamps"})
    assert kinds(alice) == ["password", "password_changed", "password_reset"]
    for subject in ("Your password was changed", "Your password was reset"):
        (mail,) = told(subject)
        assert "If it was not you" in mail.text
        assert "http" not in mail.text


class TestFromSomewhereNew:
    def settle(self, alice):
        """An account that is older than the time of its first sign-ins."""
        alice.joined_at = clock.now() - timedelta(days=30)
        alice.save()

    @pytest.mark.asvs("6.3.5")
    @pytest.mark.parametrize(
        ("address", "agent", "is_new"),
        [
            pytest.param("192.0.2.7", FIREFOX, False, id="the same"),
            pytest.param("192.0.2.200", FIREFOX, False, id="another address of the network"),
            pytest.param("192.0.2.7", FIREFOX_NEXT, False, id="the browser's next version"),
            pytest.param("198.51.100.7", FIREFOX, True, id="another network"),
            pytest.param("2001:db8::1", FIREFOX, True, id="another protocol"),
            pytest.param("192.0.2.7", SAFARI, True, id="another device"),
            pytest.param("192.0.2.7", "curl/8.5.0", True, id="a program"),
        ],
    )
    def test_it_is_told_by_mail(self, address, agent, is_new, alice):
        sign_in()
        assert told(NEW) == []  # the first sign-in of a new account comes from nowhere else
        sign_in(address, agent)
        assert rows(alice)[-1].known is not is_new
        assert [mail.to for mail in told(NEW)] == ["alice@example.test"] * is_new

    def test_the_mail_says_what_and_holds_no_link(self, alice):
        sign_in()
        sign_in("198.51.100.7", SAFARI)
        (mail,) = told(NEW)
        for said in ("Signed in with the password", "Safari 18 on iOS", "198.51.100.7", "UTC", "change your password"):
            assert said in mail.text
        assert "http" not in mail.text
        assert "/accounts/" not in mail.text

    def test_what_a_browser_says_of_itself_is_not_repeated(self, alice):
        sign_in()
        sign_in(agent="Win a prize at https://evil.example/ (X11; Linux)")
        (mail,) = told(NEW)
        assert "evil" not in mail.text

    def test_after_a_long_absence_even_the_old_place_is_new(self, alice):
        sign_in()
        with clock.travelled(timedelta(days=91)):
            sign_in()
        assert len(told(NEW)) == 1

    def test_of_an_old_account_the_first_is_new(self, alice):
        self.settle(alice)
        sign_in()
        assert len(told(NEW)) == 1

    def test_a_wrong_password_makes_no_place_known(self, alice):
        sign_in()
        sign_in("198.51.100.7", password="wrong horse battery")
        sign_in("198.51.100.7")
        assert len(told(NEW)) == 1


class TestFailures:
    def test_one_against_an_account_is_written_down(self, alice):
        sign_in()
        sign_in(password="wrong horse battery")
        sign_in("198.51.100.7", SAFARI, password="wrong horse battery")
        assert [(row.kind, row.known, row.device) for row in rows(alice)[1:]] == [
            ("failed", True, "Firefox 131 on Linux"),
            ("failed", False, "Safari 18 on iOS"),
        ]

    @pytest.mark.parametrize("email", ["Alice@Example.TEST", " alice@example.test "])
    def test_however_the_address_is_written(self, email, alice):
        sign_in(password="wrong horse battery", email=email)
        assert kinds(alice) == ["failed"]

    def test_one_against_nobody_is_not(self, alice):
        sign_in(password="wrong horse battery", email="nobody@example.test")
        assert SignIn.objects.count() == 0

    @pytest.mark.asvs("6.3.8")
    def test_known_and_unknown_cost_the_same_statements(self, alice):
        asked = []
        for email in ("alice@example.test", "nobody@example.test"):
            with CaptureQueriesContext(connection) as caught:
                signins.failed(email)
            asked.append([re.sub(r"'[^']*'|_x\d+", "?", query["sql"]) for query in caught.captured_queries])
        assert asked[0] == asked[1]
        assert len([statement for statement in asked[0] if "insert into" in statement]) == 1

    def test_a_flood_fills_no_table(self, alice):
        for _ in range(signins.MOST_FAILURES + 15):
            signins.failed("alice@example.test")
        assert len(rows(alice)) == signins.MOST_FAILURES
        with clock.travelled(timedelta(minutes=61)):
            signins.failed("alice@example.test")
        assert len(rows(alice)) == signins.MOST_FAILURES + 1

    def test_wrong_second_steps_are_told_once_they_are_several(self, alice):
        for count in range(1, signins.MOST_FAILURES + 5):
            signins.note(alice, SignIn.Kind.MFA_FAILED, second="totp")
            assert len(told("Somebody may have your password")) == (count >= 3)
        assert len(rows(alice)) == signins.MOST_FAILURES


class TestPage:
    @pytest.mark.policy("PP-1.3a")
    def test_one_sees_ones_own_and_nobody_elses(self, alice, bob):
        browser = sign_in()
        sign_in("198.51.100.7", SAFARI, password="wrong horse battery")
        sign_in("203.0.113.7", email="bob@example.test")
        page = browser.get(PAGE).content.decode()
        for said in (
            "Signed in with the password",
            "Firefox 131 on Linux",
            "192.0.2.7",
            "Wrong password",
            "Safari 18 on iOS",
        ):
            assert said in page
        assert "203.0.113.7" not in page
        assert 'href="/accounts/sessions/"' in page

    def test_it_is_for_who_is_signed_in(self):
        assert Client().get(PAGE)["Location"] == f"/accounts/login/?next={PAGE}"

    def test_it_costs_the_same_however_much_there_is(self, alice, signed_in):
        browser = signed_in(alice)
        counts = []
        for _ in range(3):
            for _ in range(60):
                signins.note(alice, SignIn.Kind.SIGNED_OUT)
            browser.get(PAGE)
            with CaptureQueriesContext(connection) as caught:
                page = browser.get(PAGE).content.decode()
            counts.append(len(caught))
            assert page.count("Signed out</span>") == 50
        assert len(set(counts)) == 1
        second = re.search(r'rel="next" href="([^"]+)"', page)[1].replace("&amp;", "&")
        assert (
            browser.get(PAGE + second if second.startswith("?") else second).content.decode().count("Signed out</span>")
            == 50
        )

    def test_before_anything_is_listed_it_says_so(self, alice, signed_in):
        assert "Nothing is listed yet" in signed_in(alice).get(PAGE).content.decode()


@pytest.mark.policy("PP-1.3a")
@pytest.mark.asvs("14.2.7")
def test_addresses_go_after_30_days_and_everything_after_90(alice):
    sign_in()
    for days, left in ((29, ("192.0.2.7", "192.0.2.0/24")), (31, ("", "192.0.2.0/24")), (89, ("", "192.0.2.0/24"))):
        with clock.travelled(timedelta(days=days)):
            signins.prune()
        assert [(row.address, row.network) for row in rows(alice)] == [left]
    with clock.travelled(timedelta(days=91)):
        signins.prune()
    assert rows(alice) == []


@pytest.mark.parametrize(
    ("text", "network"),
    [
        ("192.0.2.7", "192.0.2.0/24"),
        ("192.0.2.128/25", "192.0.2.0/24"),
        ("10.0.0.0/8", "10.0.0.0/8"),
        ("2001:db8:1:2:3::4", "2001:db8:1::/48"),
        ("2001:db8:1:200::/56", "2001:db8:1::/48"),
        ("", ""),
        ("x", ""),
    ],
)
def test_the_neighbourhood_of_an_address(text, network):
    assert neighbourhood(text) == network
