"""Where a person is signed in: seen, ended, and over by themselves."""

import time
from datetime import timedelta

import pytest
from allauth.usersessions.models import UserSession
from browsing import Browser, with_app_of
from django.contrib.sessions.backends import db as in_clear
from django.contrib.sessions.models import Session
from django.core.management import CommandError, call_command
from django.test import Client
from mailing import last

from vallum_web.accounts import queries, services
from vallum_web.accounts.models import User
from vallum_web.accounts.person import session_store, sessions
from vallum_web.accounts.services import members
from vallum_web.tenancy import clock
from vallum_web.tenancy.scope import scope

PAGE = "/accounts/sessions/"
PHONE = "Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Mobile Safari/537.36"
PASSWORD = "correct horse battery"


def is_in(browser):
    return browser.get("/acme/").status_code == 200


@pytest.fixture
def phone(browser):
    """Alice's second device."""
    phone = Browser(browser.email)
    phone.defaults["HTTP_USER_AGENT"] = PHONE
    phone.sign_in()
    assert is_in(phone)
    return phone


def row_of(other):
    return UserSession.objects.get(session_key=other.key)


class TestEnding:
    @pytest.mark.asvs("7.5.2")
    def test_one_sees_each_device_and_ends_one(self, browser, phone, crowd):
        page = browser.get(PAGE).content.decode()
        for words in ("Firefox 140 on Linux", "Chrome 142 on Android", "phone", "computer", "127.0.0.1", "this one"):
            assert words in page
        began = time.monotonic()
        answer = browser.post(f"{PAGE}{row_of(phone).pk}/end/", follow=True)
        assert not is_in(phone)
        assert time.monotonic() - began < 1
        assert "Chrome 142 on Android is signed out." in answer.content.decode()
        assert is_in(browser)
        assert not Session.objects.filter(pk=phone.key).exists()
        told = last(subject="You were signed out on a device")
        assert told.to == crowd.alice.email
        assert "Other sessions ended" in browser.get("/accounts/sign-ins/").content.decode()
        assert "Chrome 142 on Android" in told.text

    @pytest.mark.asvs("7.5.2", "7.4.3")
    def test_all_others_at_once(self, browser, phone):
        third = Browser(browser.email)
        third.sign_in()
        browser.post(f"{PAGE}end-others/")
        assert [is_in(device) for device in (browser, phone, third)] == [True, False, False]
        assert UserSession.objects.count() == 1

    def test_another_persons_session_is_a_missing_one(self, browser, crowd):
        bob = Browser("bob@example.test")
        bob.sign_in()
        theirs = browser.post(f"{PAGE}{row_of(bob).pk}/end/")
        missing = browser.post(f"{PAGE}999999/end/")
        assert (theirs.status_code, theirs.content) == (missing.status_code, missing.content)
        assert theirs.status_code == 404
        assert bob.get("/acme/").status_code == 200

    @pytest.mark.asvs("7.5.2")
    def test_a_stolen_session_ends_no_other(self, crowd, signed_in, browser):
        stolen = signed_in(crowd.alice, fresh=False)
        for path in (f"{row_of(browser).pk}/end/", "end-others/"):
            assert stolen.post(PAGE + path)["Location"].startswith("/accounts/reauthenticate/?next=")
        assert is_in(browser)

    @pytest.mark.asvs("7.4.1")
    def test_signing_out_ends_it_on_the_server(self, browser):
        key = browser.key
        browser.post("/accounts/logout/")
        again = Client()
        again.cookies["session"] = key
        assert again.get("/acme/").status_code == 302
        assert not Session.objects.filter(pk=key).exists()

    @pytest.mark.asvs("7.4.3")
    def test_a_changed_password_ends_the_others(self, browser, phone):
        new = {"oldpassword": PASSWORD, "password1": "another horse 1234", "password2": "another horse 1234"}
        assert browser.post("/accounts/password/change/", new).status_code == 302
        assert (is_in(browser), is_in(phone)) == (True, False)
        assert browser.get(PAGE).content.count(b"this one") == 1
        assert UserSession.objects.count() == 1

    @pytest.mark.asvs("7.4.3")
    def test_a_removed_factor_ends_the_others(self, browser):
        browser.add_app()
        phone = with_app_of(browser)
        phone.sign_in()
        phone.post("/accounts/2fa/authenticate/", {"code": browser.code()})
        assert is_in(phone)
        browser.post("/accounts/2fa/totp/deactivate/")
        assert (is_in(browser), is_in(phone)) == (True, False)

    @pytest.mark.asvs("7.4.2")
    def test_a_deactivated_person_has_none(self, browser, phone, crowd):
        User.objects.filter(pk=crowd.alice.pk).update(is_active=False)
        assert (is_in(browser), is_in(phone)) == (False, False)

    @pytest.mark.asvs("7.4.5")
    def test_whoever_runs_the_installation_ends_one_persons_or_all(self, browser, phone, crowd):
        bob = Browser("bob@example.test")
        bob.sign_in()
        call_command("end_sessions", crowd.alice.email)
        assert (is_in(browser), is_in(phone), is_in(bob)) == (False, False, True)
        call_command("end_sessions", "--everybody")
        assert not is_in(bob)
        with pytest.raises(CommandError, match="No account has the address nobody@example"):
            call_command("end_sessions", "nobody@example.test")


class TestTime:
    @pytest.mark.asvs("7.3.1")
    def test_twelve_hours_without_use_are_too_many(self, browser):
        with clock.travelled(timedelta(hours=11, minutes=59)):
            assert is_in(browser)
        with clock.travelled(timedelta(hours=23, minutes=58)):
            assert is_in(browser)
        with clock.travelled(timedelta(hours=35, minutes=59)):
            key = browser.key
            answer = browser.get("/acme/", follow=True)
            assert b"nothing was done here for twelve hours" in answer.content
            assert not Session.objects.filter(pk=key).exists()
        assert not is_in(browser)

    @pytest.mark.slow
    @pytest.mark.asvs("7.3.2")
    def test_seven_days_are_enough_however_busy(self, browser):
        for hours in range(11, 7 * 24, 11):
            with clock.travelled(timedelta(hours=hours)):
                assert is_in(browser), hours
        with clock.travelled(timedelta(days=7)):
            answer = browser.get("/acme/", follow=True)
            assert b"more than seven days ago" in answer.content

    @pytest.mark.slow
    def test_a_proof_on_the_way_does_not_lengthen_it(self, browser):
        for hours in range(11, 7 * 24, 11):
            with clock.travelled(timedelta(hours=hours)):
                assert is_in(browser)
        with clock.travelled(timedelta(days=6, hours=23)):
            assert browser.post("/accounts/reauthenticate/", {"password": PASSWORD}).status_code == 302
        with clock.travelled(timedelta(days=7)):
            assert not is_in(browser)

    def test_its_use_is_written_once_a_minute(self, browser, django_assert_max_num_queries):
        is_in(browser)
        first = row_of(browser).last_seen_at
        for seconds, written in ((30, False), (61, True), (90, False), (125, True)):
            with clock.travelled(timedelta(seconds=seconds)):
                is_in(browser)
            now = row_of(browser).last_seen_at
            assert (now > first) is written, seconds
            first = now

    def test_what_is_over_is_forgotten_by_the_hourly_job(self, browser, phone):
        with clock.travelled(timedelta(hours=11)):
            is_in(phone)
        with clock.travelled(timedelta(hours=13)):
            services.prune()
        assert list(UserSession.objects.values_list("session_key", flat=True)) == [phone.key]
        assert not Session.objects.filter(pk=browser.key).exists()


class TestKeys:
    def changed(self, browser, act):
        """The old key and the new; the old one is dead."""
        before = browser.key
        act()
        assert browser.key != before
        assert not Session.objects.filter(pk=before).exists()
        old = Client()
        old.cookies["session"] = before
        assert old.get("/acme/").status_code == 302
        assert is_in(browser)
        assert UserSession.objects.filter(session_key=browser.key).count() == 1

    @pytest.mark.asvs("7.2.4")
    def test_another_one_after_the_second_step(self, browser):
        browser.add_app()
        person = with_app_of(browser)
        person.sign_in()
        self.changed(person, lambda: person.post("/accounts/2fa/authenticate/", {"code": browser.code()}))

    @pytest.mark.asvs("7.2.4")
    def test_another_one_after_a_proof(self, browser):
        self.changed(browser, lambda: browser.post("/accounts/reauthenticate/", {"password": PASSWORD}))

    @pytest.mark.asvs("7.2.4")
    def test_another_one_after_setting_an_app_up(self, browser):
        self.changed(browser, browser.add_app)

    @pytest.mark.asvs("7.2.4")
    def test_another_one_after_a_new_password(self, browser):
        new = {"oldpassword": PASSWORD, "password1": "another horse 1234", "password2": "another horse 1234"}
        self.changed(browser, lambda: browser.post("/accounts/password/change/", new))

    def test_another_one_after_a_change_of_role(self, browser, crowd):
        bob = Browser("bob@example.test")
        bob.sign_in()
        with scope(crowd.org.pk):
            owner, member = queries.member(crowd.org, crowd.alice.pk), queries.member(crowd.org, crowd.bob.pk)
        members.change_role(crowd.org, owner, member.pk, "admin")
        self.changed(bob, lambda: bob.get("/acme/"))
        same = bob.key
        bob.get("/acme/")
        assert bob.key == same

    def test_a_part_of_a_page_keeps_it(self, browser, crowd):
        """Two parts asked for at once come with one key: the second must not find it gone."""
        sessions.renew_soon(crowd.alice.pk)
        before = browser.key
        browser.get("/acme/", headers={"HX-Request": "true"})
        assert browser.key == before

    @pytest.mark.asvs("7.2.3")
    def test_it_has_more_than_128_random_bits(self, browser):
        assert len(browser.key) == 32  # of 36 letters each: 165 bits
        assert browser.key != Browser(browser.email).sign_in().cookies["session"].value


class TestWhatIsStored:
    def test_a_session_is_sealed(self, browser):
        browser.get("/accounts/2fa/totp/activate/")
        stored = Session.objects.get(pk=browser.key).session_data
        assert stored.startswith("gAAAA")
        opened = session_store.SessionStore(browser.key).load()
        assert opened["mfa.totp.secret"]
        assert opened["mfa.totp.secret"] not in stored
        assert in_clear.SessionStore(browser.key).load() == {}

    def test_what_does_not_open_is_an_empty_session(self, browser):
        for text in ("", "gAAAA", "eyJhIjoxfQ:1vN:signature"):
            Session.objects.filter(pk=browser.key).update(session_data=text)
            assert browser.get("/acme/").status_code == 302
            Session.objects.filter(pk=browser.key).update(session_data=text)
