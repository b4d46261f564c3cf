"""Signing in, tokens and mails under attack."""

import json
import os
import re
import subprocess
import sys
from urllib.parse import urlsplit

import making
import pytest
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.test import Client
from mailing import last, mails

from vallum_web.accounts import services, tokens
from vallum_web.accounts.models import Membership, User
from vallum_web.tenancy.models import LimitUse
from vallum_web.tenancy.scope import scope

LOGIN = "/accounts/login/"
RESET = "/accounts/password/reset/"
SIGNUP = "/accounts/signup/"
PASSWORD = "correct horse battery"
FIELD = re.compile(rb'name="csrfmiddlewaretoken" value="[^"]+"')


@pytest.fixture(autouse=True)
def _fresh(settings, db):
    """Limits of one test are not those of another; mails go to the outbox."""
    settings.EMAIL_BACKEND = "vallum_web.mail.backend.OutboxBackend"
    settings.PUBLIC_URL = "https://vallum.example.test"
    cache.clear()


def sign_in(browser, password, email="alice@example.test", **more):
    return browser.post(LOGIN, {"login": email, "password": password}, **more)


def plain(response):
    return response.status_code, FIELD.sub(b"", response.content), response.headers.get("Location")


class TestTokens:
    @pytest.fixture
    def token(self, people):
        _, text = tokens.make(people.org, people.bob, tokens.Wanted(name="ci", role=Membership.Role.DEVELOPER))
        return Client(headers={"Authorization": f"Bearer {text}"})

    def change(self, people, **values):
        with scope(people.org.pk):
            Membership.objects.of(people.org).filter(user=people.bob).update(**values)

    def add(self, machine):
        body = json.dumps({"url": "https://code.example.test/a/b"})
        return machine.post("/api/v1/repositories", data=body, content_type="application/json").status_code

    def test_it_is_dead_when_its_maker_has_left(self, token, people):
        assert token.get("/api/v1/findings").status_code == 200
        with scope(people.org.pk):
            Membership.objects.of(people.org).filter(user=people.bob).delete()
        assert token.get("/api/v1/findings").status_code == 401

    def test_it_is_dead_while_its_maker_is_deactivated(self, token, people):
        User.objects.filter(pk=people.bob.pk).update(is_active=False)
        assert token.get("/api/v1/findings").status_code == 401
        User.objects.filter(pk=people.bob.pk).update(is_active=True)
        assert token.get("/api/v1/findings").status_code == 200

    def test_it_does_no_more_than_its_maker_may(self, token, people):
        self.change(people, role=Membership.Role.AUDITOR)
        assert self.add(token) == 403
        assert token.get("/api/v1/findings").status_code == 200
        self.change(people, role=Membership.Role.OWNER)
        assert self.add(token) == 201
        assert token.post("/api/v1/tokens", data={"name": "n"}, content_type="application/json").status_code == 403

    def test_it_makes_none_above_itself(self, people):
        wanted = tokens.Wanted(name="ci", role=Membership.Role.ADMIN, scopes=["tokens.make"])
        _, text = tokens.make(people.org, people.alice, wanted)
        machine = Client(headers={"Authorization": f"Bearer {text}"})
        for role, status in (("owner", 403), ("admin", 201), ("auditor", 201)):
            body = json.dumps({"name": "n", "role": role, "scopes": ["tokens.make"]})
            assert machine.post("/api/v1/tokens", data=body, content_type="application/json").status_code == status

    @pytest.mark.parametrize(
        "change", [lambda t: t[:-1] + "0", lambda t: t + "0", str.upper, lambda t: t[1:], lambda t: t + "\n"]
    )
    def test_a_mistyped_one_asks_the_database_nothing(self, people, change, django_assert_num_queries):
        _, text = tokens.make(people.org, people.alice, tokens.Wanted(name="ci", role=Membership.Role.ADMIN))
        with django_assert_num_queries(0):
            assert tokens.authenticate(change(text)) is None


class TestSession:
    @pytest.mark.asvs("7.2.4")
    def test_its_key_is_another_one_after_signing_in(self, people):
        browser = Client()
        browser.get(LOGIN)
        browser.session.save()
        session = browser.session
        session["planted"] = True
        session.save()
        browser.cookies["session"] = before = session.session_key
        assert sign_in(browser, PASSWORD).status_code == 302
        assert browser.cookies["session"].value != before
        assert not Session.objects.filter(pk=before).exists()

    @pytest.mark.asvs("3.3.2", "3.3.4")
    def test_its_cookies_are_for_this_site_and_no_script(self, people):
        browser = Client()
        browser.get(LOGIN)
        sign_in(browser, PASSWORD)
        assert set(browser.cookies) == {"session", "csrf"}
        for cookie in browser.cookies.values():
            assert (cookie["httponly"], cookie["samesite"], cookie["domain"]) == (True, "Lax", "")

    @pytest.mark.asvs("3.3.1", "3.3.3")
    def test_with_tls_its_cookies_are_bound_to_host_and_encryption(self):
        code = (
            "from vallum_web.config import settings as s\n"
            "print(s.SESSION_COOKIE_NAME, s.CSRF_COOKIE_NAME, s.SESSION_COOKIE_SECURE, s.CSRF_COOKIE_SECURE,"
            " s.SESSION_COOKIE_HTTPONLY, s.CSRF_COOKIE_HTTPONLY, s.SECURE_HSTS_SECONDS)"
        )
        environment = {**os.environ, "VALLUM_TLS": "1"}
        said = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
        assert said.stdout.split() == ["__Host-session", "__Host-csrf", "True", "True", "True", "True", "31536000"]

    def test_it_ends_for_everybody_else_when_the_password_changes(self, people, signed_in):
        here, elsewhere = signed_in(people.alice), signed_in(people.alice)
        new = {"oldpassword": PASSWORD, "password1": "another horse 1234", "password2": "another horse 1234"}
        assert here.post("/accounts/password/change/", new).status_code == 302
        assert here.get("/acme/").status_code == 200
        assert elsewhere.get("/acme/").status_code == 302

    @pytest.mark.asvs("7.4.2")
    def test_a_deactivated_person_has_none(self, people, signed_in):
        browser = signed_in(people.bob)
        User.objects.filter(pk=people.bob.pk).update(is_active=False)
        assert browser.get("/acme/").status_code == 302
        assert b"logout" not in sign_in(Client(), PASSWORD, "bob@example.test").content

    @pytest.mark.asvs("3.5.1")
    def test_signing_in_needs_the_page_s_own_token(self, people):
        assert sign_in(Client(enforce_csrf_checks=True), PASSWORD).status_code == 403

    def test_signing_out_needs_a_form(self, people, signed_in):
        browser = signed_in(people.alice)
        browser.get("/accounts/logout/")
        assert browser.get("/acme/").status_code == 200
        browser.post("/accounts/logout/")
        assert browser.get("/acme/").status_code == 302


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example/",
        "\\\\evil.example",
        "https:evil.example",
        "javascript:alert(1)",
        "http://testserver@evil.example/",
        "https://testserver.evil.example",
        "\x00//evil.example",
        " //evil.example",
        "/\t/evil.example",
    ],
)
@pytest.mark.asvs("3.7.2", "1.2.2")
def test_no_way_leads_out_of_the_site(target, people, signed_in):
    answers = [
        sign_in(Client(), PASSWORD, query_params={"next": target}),
        Client().post(LOGIN, {"login": "alice@example.test", "password": PASSWORD, "next": target}),
        signed_in(people.alice).post("/accounts/theme/", {"theme": "dark", "next": target}),
        signed_in(people.alice).post("/accounts/logout/", {"next": target}),
        signed_in(people.alice).get(LOGIN, {"next": target}),
    ]
    for answer in answers:
        assert answer.status_code == 302
        assert urlsplit(answer["Location"]).netloc in {"", "testserver"}
        assert "evil" not in urlsplit(answer["Location"]).netloc
        assert answer["Location"].startswith("/")
        assert not answer["Location"].startswith(("//", "/\\"))


class TestNobodyLearnsWhoHasAnAccount:
    def test_by_asking_for_a_reset(self, people):
        known = Client().post(RESET, {"email": "alice@example.test"})
        unknown = Client().post(RESET, {"email": "nobody@example.test"})
        assert plain(known) == plain(unknown)

    def test_by_signing_up(self, people):
        known = Client().post(SIGNUP, making.signup_form("alice@example.test"))
        unknown = Client().post(SIGNUP, making.signup_form("nobody@example.test"))
        assert plain(known) == plain(unknown)
        assert known.status_code == 302

    def test_by_signing_in(self, people):
        known = sign_in(Client(), "wrong")
        unknown = sign_in(Client(), "wrong", "other@example.test")
        same = unknown.content.replace(b"other@example.test", b"alice@example.test")
        assert FIELD.sub(b"", known.content) == FIELD.sub(b"", same)


class TestMails:
    def sent(self):
        return last().text

    @pytest.mark.parametrize("host", ["testserver:6666", "127.0.0.1:1", "localhost"])
    @pytest.mark.parametrize(
        ("path", "data"),
        [
            (RESET, {"email": "alice@example.test"}),
            (RESET, {"email": "nobody@example.test"}),
            (SIGNUP, making.signup_form("new@example.test")),
            (SIGNUP, making.signup_form("alice@example.test")),
        ],
    )
    def test_their_links_are_not_the_asker_s_to_choose(self, host, path, data, people):
        Client().post(path, data, headers={"Host": host})
        addresses = re.findall(r"https?://[^/\s]+", self.sent())
        assert addresses
        assert set(addresses) == {"https://vallum.example.test"}
        assert host not in self.sent()

    def test_a_host_that_is_not_ours_is_refused(self, people):
        for headers in ({"Host": "evil.example"}, {"Host": "evil.example", "X-Forwarded-Host": "localhost"}):
            assert Client().post(RESET, {"email": "alice@example.test"}, headers=headers).status_code == 400
        Client().post(RESET, {"email": "alice@example.test"}, headers={"X-Forwarded-Host": "evil.example"})
        assert "evil" not in self.sent()

    def test_a_name_is_no_way_to_write_to_strangers(self, people, signed_in):
        User.objects.filter(pk=people.bob.pk).update(name="Win a prize at https://evil.example/ now")
        signed_in(people.bob).post("/accounts/email/", {"action_add": "", "email": "victim@example.test"})
        assert mails(to="victim@example.test")
        assert "evil" not in self.sent()

    @pytest.mark.asvs("6.4.1")
    def test_a_link_of_theirs_works_once(self, people):
        Client().post(RESET, {"email": "alice@example.test"})
        path = urlsplit(re.search(r"https://\S+", self.sent())[0]).path
        new = {"password1": "another horse 1234", "password2": "another horse 1234"}
        browser = Client()
        form = browser.get(path, follow=True).redirect_chain[-1][0]
        assert browser.post(form, new).status_code == 302
        assert sign_in(Client(), "another horse 1234").status_code == 302
        again = Client().get(path, follow=True)
        assert b'name="password1"' not in again.content


@pytest.mark.usefixtures("limits_alone")
class TestGuessing:
    def test_one_account_has_one_limit_whatever_the_host_is_called(self, people, settings):
        """The limit by address is a wide one, for a company stands behind one; that by account has to hold."""
        statuses = []
        for port in range(23):
            address = {"REMOTE_ADDR": f"192.0.2.{port}", "HTTP_HOST": f"localhost:{port + 1}"}
            statuses.append(sign_in(Client(), "wrong", **address).status_code)
        assert statuses == [200] * 20 + [429] * 3
        assert sign_in(Client(), PASSWORD, REMOTE_ADDR="192.0.2.99").status_code == 429

    @pytest.mark.asvs("4.1.3", "15.3.4")
    def test_one_address_has_one_limit_whatever_it_says_it_forwards(self, people):
        answers = [
            sign_in(Client(), "wrong", f"x{n}@example.test", headers={"X-Forwarded-For": f"192.0.2.{n}"})
            for n in range(22)
        ]
        assert [answer.status_code for answer in answers] == [200] * 20 + [429] * 2

    def test_long_and_odd_passwords_are_only_wrong(self, people):
        for password in ("x" * 1_000_000, "a\x00b", "\u202e", "é" * 100):
            assert sign_in(Client(), password).status_code == 200

    @pytest.mark.asvs("6.2.8", "6.2.9")
    def test_a_password_beyond_bcrypt_s_72_bytes_counts_whole(self):
        user = User.objects.create_user("long@example.test", "x" * 100 + "a")
        assert user.check_password("x" * 100 + "a")
        assert not user.check_password("x" * 100 + "b")


def test_names_of_organizations_do_not_take_addresses_of_the_platform(people, signed_in):
    for slug in ("api", "accounts", "static", "inbox", "new", "healthz", "readyz", "ACME", "a_b", "a.b", "-a", "é"):
        LimitUse.objects.all().delete()  # twelve at once are more than one person may try
        assert signed_in(people.alice).post("/new/", {"name": "x", "slug": slug}).status_code == 422
    with pytest.raises(services.SlugTakenError):
        services.found("Acme", "acme", people.charlie)
