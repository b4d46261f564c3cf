"""Codes and what they protect, through the front door."""

import re

import mailing
import pytest
from allauth.mfa.models import Authenticator
from browsing import Browser, with_app_of
from django.core.cache import cache
from django.core.management import CommandError, call_command

from vallum_web.tenancy import keyring

SECOND_STEP = "/accounts/2fa/authenticate/"


def mails():
    return mailing.pairs()


def try_code(person, code):
    """Whether the code lets somebody in who has given the password."""
    answer = person.post(SECOND_STEP, {"code": code})
    assert answer.status_code in {200, 302, 429}
    return answer.status_code == 302 and person.get("/acme/").status_code == 200


def waiting(other):
    """Another browser of the same person, after the password."""
    person = with_app_of(other)
    answer = person.sign_in()
    assert answer["Location"] == SECOND_STEP
    assert person.get("/acme/").status_code == 302
    return person


def set_up(browser):
    answer = browser.add_app()
    assert answer["Location"] == "/accounts/2fa/recovery-codes/"
    codes = browser.recovery_codes()
    assert len(set(codes)) == 10
    return codes


@pytest.mark.asvs("6.3.3", "2.3.1")
def test_with_an_app_the_password_alone_signs_nobody_in(browser):
    set_up(browser)
    thief = waiting(browser)
    for path in ("/acme/", "/", "/accounts/profile/", "/accounts/2fa/"):
        assert thief.get(path).headers["Location"].startswith("/accounts/login/")
    assert not try_code(thief, "000000")
    assert try_code(thief, browser.code())


@pytest.mark.asvs("6.5.1")
def test_a_code_is_good_once(browser):
    set_up(browser)
    code = browser.code()
    assert try_code(waiting(browser), code)
    cache.clear()  # allauth forgets the code after half a minute, and it is good for three times as long
    assert not try_code(waiting(browser), code)
    assert not try_code(waiting(browser), browser.code(-1))  # and so is any before it
    assert try_code(waiting(browser), browser.code(1))


@pytest.mark.asvs("6.5.1")
def test_the_code_that_set_the_app_up_is_used(browser):
    browser.add_app(step=0)
    cache.clear()
    assert not try_code(waiting(browser), browser.code(0))
    assert try_code(waiting(browser), browser.code(1))


@pytest.mark.parametrize("step", [-3, -2, 2, 3])
def test_a_code_of_another_time_is_none(browser, step):
    set_up(browser)
    assert not try_code(waiting(browser), browser.code(step))


def test_replaying_a_code_does_not_reset_the_limit_on_guesses(browser):
    set_up(browser)
    person = waiting(browser)
    used = browser.code()
    assert try_code(waiting(browser), used)
    statuses = [person.post(SECOND_STEP, {"code": used if n % 2 else f"{n:06}"}).status_code for n in range(8)]
    assert statuses[:4] == [200] * 4
    assert statuses[6:] == [429] * 2  # the fifth and sixth may be refilled meanwhile
    assert not try_code(person, browser.code(1))


@pytest.mark.asvs("6.5.1")
def test_a_recovery_code_is_good_once(browser):
    first, second = set_up(browser)[:2]
    assert try_code(waiting(browser), first)
    assert not try_code(waiting(browser), first)
    assert try_code(waiting(browser), second.replace("-", " "))
    assert b"8 of 10 left" in browser.get("/accounts/2fa/").content


@pytest.mark.asvs("6.5.4")
def test_codes_are_too_many_to_be_guessed(browser):
    """20 bits are asked for; a code of the app has six digits, within its limit of tries, and one for recovery more."""
    assert all(len(code.replace("-", "")) >= 8 and code.replace("-", "").isalnum() for code in set_up(browser))
    assert re.fullmatch(r"\d{6}", browser.code())


def test_recovery_codes_are_shown_once(browser):
    set_up(browser)
    assert browser.recovery_codes() == []
    assert browser.get("/accounts/2fa/recovery-codes/download/").status_code == 403
    page = browser.get("/accounts/2fa/recovery-codes/")
    assert b"10 are left" in page.content


def test_new_recovery_codes_replace_the_old(browser):
    old = set_up(browser)
    assert browser.post("/accounts/2fa/recovery-codes/generate/").status_code == 302
    new = browser.recovery_codes()
    assert len(new) == 10
    assert "Recovery codes made anew" in browser.get("/accounts/sign-ins/").content.decode()
    assert not set(new) & set(old)
    assert not try_code(waiting(browser), old[0])
    assert try_code(waiting(browser), new[0])


@pytest.mark.asvs("6.6.3", "6.3.1")
def test_guessing_ends_after_five(browser):
    set_up(browser)
    person = waiting(browser)
    answers = [person.post(SECOND_STEP, {"code": f"{n:06}"}).status_code for n in range(7)]
    assert answers == [200] * 5 + [429] * 2
    assert not try_code(waiting(browser), browser.code())


@pytest.mark.asvs("6.4.3")
def test_a_new_password_by_mail_does_not_pass_by_the_second_step(browser):
    set_up(browser)
    thief = Browser(browser.email)
    thief.post("/accounts/password/reset/", {"email": browser.email})
    link = re.search(r"https?://[^/\s]+(/\S+)", mailing.last().text)[1]
    form = thief.get(link, follow=True).redirect_chain[-1][0]
    new = {"password1": "another horse 1234", "password2": "another horse 1234"}
    assert thief.post(form, new).status_code == 302
    assert thief.get("/acme/").status_code == 302
    assert thief.sign_in("another horse 1234")["Location"] == SECOND_STEP


@pytest.mark.asvs("6.5.6")
def test_removing_the_app_turns_it_off(browser):
    set_up(browser)
    assert b"On." in browser.get("/accounts/2fa/").content
    assert browser.post("/accounts/2fa/totp/deactivate/").status_code == 302
    assert b"Off." in browser.get("/accounts/2fa/").content
    assert not Authenticator.objects.exists()
    assert Browser(browser.email).sign_in()["Location"] == "/"


@pytest.mark.asvs("6.4.4")
def test_whoever_has_lost_all_factors_is_helped_by_who_runs_the_installation(browser):
    set_up(browser)
    call_command("remove_two_step", browser.email)
    assert browser.get("/acme/").status_code == 302
    assert mails()[-1] == (browser.email, "Two-step sign-in was removed from your account")
    assert Browser(browser.email).sign_in()["Location"] == "/"
    with pytest.raises(CommandError, match="No account has the address"):
        call_command("remove_two_step", "nobody@example.test")


@pytest.mark.asvs("6.3.7")
def test_a_mail_tells_of_every_change(browser):
    set_up(browser)
    browser.post("/accounts/2fa/recovery-codes/generate/")
    browser.post("/accounts/2fa/totp/deactivate/")
    assert mails() == [
        ("alice@example.test", "An authenticator app was added to your account"),
        ("alice@example.test", "New recovery codes were made for your account"),
        ("alice@example.test", "The authenticator app was removed from your account"),
    ]
    for text in [mail.text for mail in mailing.mails()]:
        assert "Firefox 140 on Linux" in text
        assert "127.0.0.1" in text
        assert "http" not in text


class TestWhatIsStored:
    def data(self, kind):
        return Authenticator.objects.get(type=kind).data

    def test_secrets_are_sealed_under_the_persons_key(self, browser, crowd):
        codes = set_up(browser)
        stored = self.data("totp")["secret"]
        place = f"mfa.Authenticator.data:{crowd.alice.pk}"
        assert keyring.unseal_for(crowd.alice.pk, place, stored) == browser.secret
        everything = str(list(Authenticator.objects.values()))
        assert browser.secret not in everything
        assert not any(code.replace("-", "") in everything for code in codes)

    def test_a_secret_moved_to_another_person_opens_nothing(self, browser, crowd):
        """With write access to the table alone nobody makes their own app another person's."""
        set_up(browser)
        mallory = Browser("bob@example.test")
        mallory.sign_in()
        set_up(mallory)
        theirs = Authenticator.objects.get(type="totp", user=crowd.bob)
        Authenticator.objects.filter(type="totp", user=crowd.alice).update(data=theirs.data)
        victim = with_app_of(browser)
        victim.sign_in()
        answer = victim.post(SECOND_STEP, {"code": mallory.code()})
        assert answer.status_code == 200
        assert b"cannot be checked" in answer.content

    @pytest.mark.asvs("6.5.3")
    def test_secrets_are_as_long_as_the_standard_asks(self, browser):
        set_up(browser)
        assert len(browser.secret) == 32  # 160 bits in base32, as RFC 4226 recommends


def test_setting_up_and_removing_ask_who_it_is_first(browser, crowd, signed_in):
    stolen = signed_in(crowd.alice, fresh=False)
    for path in ("totp/activate/", "recovery-codes/generate/", "webauthn/add/"):
        for answer in (stolen.get(f"/accounts/2fa/{path}"), stolen.post(f"/accounts/2fa/{path}")):
            assert answer.headers["Location"].startswith("/accounts/reauthenticate/?next=")
