"""Passwords at the front doors: chosen, changed, forgotten, compared."""

import re
from datetime import timedelta
from urllib.parse import urlsplit

import making
import pytest
from django.core.cache import cache
from django.test import Client
from mailing import last

from vallum_web.accounts.models import User
from vallum_web.accounts.passwords import breached
from vallum_web.config import settings as at_start
from vallum_web.tenancy.clock import travelled

PASSWORD = "correct horse battery"
CHANGE = "/accounts/password/change/"
LOGIN = "/accounts/login/"


@pytest.fixture(autouse=True)
def _fresh(settings, db):
    settings.EMAIL_BACKEND = "vallum_web.mail.backend.OutboxBackend"
    settings.PUBLIC_URL = "https://vallum.example.test"
    cache.clear()


def sign_in(password, address="alice@example.test"):
    return Client().post(LOGIN, {"login": address, "password": password}).status_code == 302


def at_sign_up(password, _alice, _signed_in):
    form = making.signup_form("dora@example.test") | {"password1": password}
    answer = Client().post("/accounts/signup/", form)
    return answer, User.objects.filter(email="dora@example.test").exists()


def at_change(password, alice, signed_in):
    answer = signed_in(alice).post(CHANGE, {"oldpassword": PASSWORD, "password1": password, "password2": password})
    return answer, User.objects.get(pk=alice.pk).check_password(password)


def at_reset(password, alice, _signed_in):
    Client().post("/accounts/password/reset/", {"email": alice.email})
    path = urlsplit(re.search(r"https://\S+", last().text)[0]).path
    browser = Client()
    form = browser.get(path, follow=True).redirect_chain[-1][0]
    answer = browser.post(form, {"password1": password, "password2": password})
    return answer, User.objects.get(pk=alice.pk).check_password(password)


DOORS = pytest.mark.parametrize("door", [at_sign_up, at_change, at_reset])


@DOORS
@pytest.mark.asvs("6.2.1", "6.2.4", "6.2.11")
@pytest.mark.parametrize(
    ("password", "said"),
    [
        pytest.param("elevenchars", "too short", id="too short"),
        pytest.param("Password2026!!", "common password", id="common, with a little added"),
        pytest.param("the vallum of my choice", "“vallum”", id="with the product's name"),
        pytest.param("x" * 512 + "y" * 513, "1,025 characters; at most 1,024", id="too long"),
    ],
)
def test_a_bad_one_is_refused_with_the_reason_at_every_door(door, password, said, alice, signed_in):
    answer, taken = door(password, alice, signed_in)
    assert said in answer.content.decode()
    assert not taken


@DOORS
@pytest.mark.asvs("6.2.5", "6.2.8", "6.2.9")
@pytest.mark.parametrize(
    "password",
    [
        pytest.param("korrektpferdbatterie", id="small letters alone"),
        pytest.param("  spaces at both ends  ", id="spaces at both ends"),
        pytest.param("漢字 мышь 🦊 über alles", id="of any script"),
        pytest.param("horse " * 170 + "tail", id="of 1,024 characters"),
    ],
)
def test_any_other_is_taken_as_it_is(door, password, alice, signed_in):
    answer, taken = door(password, alice, signed_in)
    assert (answer.status_code, taken) == (302, True)


@pytest.mark.asvs("6.2.8")
@pytest.mark.parametrize("other", [str.upper, str.strip, lambda text: text[:72], lambda text: text + "\x00"])
def test_it_is_compared_as_it_was_typed(other, alice):
    password = " " + "horse " * 20 + "end "
    alice.set_password(password)
    alice.save()
    assert sign_in(password)
    assert not sign_in(other(password))


def test_it_may_hold_what_no_text_of_the_database_may():
    assert User.objects.create_user("nul@example.test", "a\x00b" * 8).check_password("a\x00b" * 8)
    assert not User.objects.get(email="nul@example.test").check_password("a" * 8)


@pytest.mark.asvs("6.2.12")
@DOORS
def test_a_breached_one_is_refused_without_asking_anybody(door, alice, signed_in, settings, tmp_path):
    settings.BREACHED_PASSWORDS = str(tmp_path / "set")
    breached.write([b"seventeen quiet lamps\n"], tmp_path / "set")
    answer, taken = door("seventeen quiet lamps", alice, signed_in)
    assert "found in a breach" in answer.content.decode()
    assert not taken
    answer, taken = door("eighteen quiet lamps", alice, signed_in)
    assert (answer.status_code, taken) == (302, True)


def test_with_a_broken_set_no_password_is_taken_and_the_log_says_why(alice, signed_in, settings, tmp_path, caplog):
    settings.BREACHED_PASSWORDS = str(tmp_path / "set")
    (tmp_path / "set").write_bytes(b"broken")
    answer, taken = at_change("eighteen quiet lamps", alice, signed_in)
    assert "cannot be checked at present" in answer.content.decode()
    assert not taken
    assert "import the list again" in caplog.text


def test_names_of_ones_own_organizations_are_no_password(alice, org, signed_in):
    answer, taken = at_change("we all love acme so much", alice, signed_in)
    assert "“acme”" in answer.content.decode()
    assert not taken


def test_ones_own_name_is_none_from_the_start():
    form = making.signup_form("dora@example.test") | {"name": "Dora Winterbottom", "password1": "winterbottom is here"}
    assert "“winterbottom”" in Client().post("/accounts/signup/", form).content.decode()


@pytest.mark.asvs("6.2.2", "6.2.3")
def test_a_change_asks_for_the_present_one(alice, signed_in):
    new = {"password1": "eighteen quiet lamps", "password2": "eighteen quiet lamps"}
    for wrong in ({}, {"oldpassword": "wrong horse battery"}, {"oldpassword": "x" * 5000}):
        assert signed_in(alice).post(CHANGE, {**wrong, **new}).status_code == 200
        assert sign_in(PASSWORD)
    assert signed_in(alice).post(CHANGE, {"oldpassword": PASSWORD, **new}).status_code == 302
    assert not sign_in(PASSWORD)
    assert sign_in("eighteen quiet lamps")


@pytest.mark.asvs("6.2.6", "6.2.7")
@pytest.mark.parametrize("path", [LOGIN, "/accounts/signup/", CHANGE, "/accounts/reauthenticate/"])
def test_fields_hide_it_and_let_managers_and_the_clipboard_in(path, alice, signed_in):
    browser = Client() if path in {LOGIN, "/accounts/signup/"} else signed_in(alice)
    page = browser.get(path).content.decode()
    fields = re.findall(r'<input[^>]*name="\w*password\d?"[^>]*>', page)
    assert fields
    for field in fields:
        assert 'type="password"' in field
        assert re.search(r'autocomplete="(current|new)-password"', field)
        # The browser would cut what is pasted, without a word.
        assert "maxlength" not in field
    assert "onpaste" not in page
    assert page.count("data-reveal") == len(fields)


@pytest.mark.policy("PP-1.1c", "PP-5c")
@pytest.mark.asvs("11.4.2")
def test_a_hash_of_a_lower_cost_is_made_anew_when_its_owner_signs_in(alice, settings):
    settings.PASSWORD_HASHERS = ["vallum_web.accounts.hashers.Bcrypt"]
    settings.BCRYPT_COST = 5
    before = User.objects.get(pk=alice.pk).password
    assert before.startswith("bcrypt_sha256$$2b$04$")
    assert not sign_in("wrong horse battery")
    assert User.objects.get(pk=alice.pk).password == before
    assert sign_in(PASSWORD)
    after = User.objects.get(pk=alice.pk).password
    assert after.startswith("bcrypt_sha256$$2b$05$")
    assert sign_in(PASSWORD)
    assert User.objects.get(pk=alice.pk).password == after


def test_the_cost_is_never_below_twelve():
    assert at_start.BCRYPT_COST >= 12
    assert at_start.PASSWORD_HASHERS == ["vallum_web.accounts.hashers.Bcrypt"]


@pytest.mark.asvs("6.2.10")
def test_it_stays_good_until_its_owner_changes_it(alice):
    with travelled(timedelta(days=800)):
        assert sign_in(PASSWORD)
