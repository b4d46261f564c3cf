"""E-mail addresses: their one form, and the way from one to another and back."""

import re
from datetime import timedelta
from urllib.parse import urlsplit

import making
import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.core.cache import cache
from django.test import Client
from mailing import last, mails

from vallum_web.accounts.addresses import normal
from vallum_web.accounts.models import EmailChange, SignIn, User
from vallum_web.accounts.services import addresses
from vallum_web.tenancy import clock

PAGE = "/accounts/email/"
PASSWORD = "correct horse battery"
NEW = "alice@new.example"
TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="[^"]+"|"X-CSRFToken": "[^"]+"')


@pytest.fixture(autouse=True)
def _fresh(settings, db):
    settings.EMAIL_BACKEND = "vallum_web.mail.backend.OutboxBackend"
    settings.PUBLIC_URL = "https://vallum.example.test"
    cache.clear()


def link(to):
    """The path of the link in the newest mail to this address."""
    text = last(to=to).text
    return urlsplit(re.search(r"https://\S+", text)[0]).path


def subjects(to):
    return [mail.subject for mail in mails(to=to)]


def change(browser, to=NEW):
    """Ask, and confirm at the new address."""
    assert browser.post(PAGE, {"email": to}).status_code == 302
    assert Client().post(link(to)).status_code == 200


def signs_in(email, password=PASSWORD):
    return Client().post("/accounts/login/", {"login": email, "password": password}).status_code == 302


def address_of(user):
    """The person's one address, as both tables have it."""
    (row,) = EmailAddress.objects.filter(user=user)
    assert (row.verified, row.primary) == (True, True)
    assert User.objects.get(pk=user.pk).email == row.email
    return row.email


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        pytest.param("alice@example.test", "alice@example.test", id="as it is"),
        pytest.param("  Alice@Example.TEST ", "alice@example.test", id="letters and spaces"),
        pytest.param("alice+shop@example.test", "alice+shop@example.test", id="a tag is part of the name"),
        pytest.param("a.l.i.c.e@example.test", "a.l.i.c.e@example.test", id="dots are part of the name"),
        pytest.param("alice@exämple.test", "alice@xn--exmple-cua.test", id="a host of another alphabet"),
        pytest.param("alice@ex\u0430mple.test", "alice@xn--exmple-4nf.test", id="a host that looks like another"),
        pytest.param("alice@\uff45xample.test", "alice@example.test", id="a wide letter is the letter"),
        pytest.param("alice@example\u3002test", "alice@example.test", id="a full stop of another script"),
        pytest.param("alice@XN--EXMPLE-CUA.test", "alice@xn--exmple-cua.test", id="as the net writes it"),
    ],
)
def test_an_address_has_one_form(text, kept):
    assert normal(text) == kept
    assert normal(kept) == kept


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("\u0430lice@example.test", id="a name that looks like another"),
        pytest.param("\u212aate@example.test", id="a sign that becomes a letter"),
        pytest.param("al\u0131ce@example.test", id="an i without a dot"),
        pytest.param("alice\u200b@example.test", id="an invisible mark"),
        pytest.param('"alice smith"@example.test', id="quotes"),
        pytest.param('"\x0b"@example.test', id="a control character in quotes"),
        pytest.param("alice@", id="no host"),
        pytest.param("@example.test", id="no name"),
        pytest.param("alice", id="no sign"),
        pytest.param("alice@a..b", id="a host with a hole"),
        pytest.param("", id="nothing"),
    ],
)
def test_what_is_no_address_of_ours(text):
    with pytest.raises(ValueError, match=r"\w"):
        normal(text)


@pytest.mark.parametrize("text", ["Alice@Example.TEST", " alice@example.test", "alice@\uff45xample.test"])
def test_two_that_reach_one_mailbox_are_one_account(text, alice):
    Client().post("/accounts/signup/", making.signup_form(text))
    assert User.objects.count() == 3
    assert subjects("alice@example.test") == ["You have an account already"]
    assert signs_in(text)
    Client().post("/accounts/password/reset/", {"email": text})
    assert subjects("alice@example.test")[-1] == "A new password for your account"


@pytest.mark.parametrize("text", ["alice+tag@example.test", "alice@ex\u0430mple.test", "a.lice@example.test"])
def test_two_that_only_look_alike_are_two(text, alice):
    Client().post("/accounts/signup/", making.signup_form(text))
    assert User.objects.count() == 4
    assert not signs_in(text, "another horse 12345")
    Client().post("/accounts/password/reset/", {"email": text})
    assert subjects("alice@example.test") == []


@pytest.mark.parametrize("text", ["\u0430lice@example.test", '"a.b"@example.test'])
def test_what_is_none_makes_no_account(text, people):
    assert Client().post("/accounts/signup/", making.signup_form(text)).status_code == 200
    assert User.objects.count() == 3


class TestChange:
    @pytest.mark.asvs("6.3.7", "7.5.1")
    def test_it_is_confirmed_at_the_new_address_and_told_at_the_old_one(self, alice, signed_in):
        browser = signed_in(alice)
        browser.post(PAGE, {"email": NEW})
        assert "waits to be confirmed" in browser.get(PAGE).content.decode()
        assert address_of(alice) == "alice@example.test"
        assert subjects(NEW) == ["Confirm your new address"]
        page = Client().get(link(NEW))
        assert NEW in page.content.decode()
        assert address_of(alice) == "alice@example.test"  # opening a link changes nothing
        assert Client().post(link(NEW)).status_code == 200
        assert address_of(alice) == NEW
        assert subjects("alice@example.test") == ["Your account has another address now"]
        assert signs_in(NEW)
        assert not signs_in("alice@example.test")
        assert browser.get("/acme/").status_code == 200
        assert [row.kind for row in SignIn.objects.filter(user=alice).order_by("at")][:1] == ["email_changed"]

    @pytest.mark.asvs("7.5.1")
    def test_it_asks_for_a_fresh_proof(self, alice, signed_in):
        browser = signed_in(alice, fresh=False)
        assert browser.post(PAGE, {"email": NEW})["Location"].startswith("/accounts/reauthenticate/")
        assert subjects(NEW) == []
        answer = browser.post(f"/accounts/reauthenticate/?next={PAGE}", {"password": PASSWORD}, follow=True)
        assert answer.status_code == 200
        assert subjects(NEW) == ["Confirm your new address"]

    @pytest.mark.parametrize(
        ("email", "said"),
        [
            pytest.param("alice@example.test", "This is your address already", id="the present one"),
            pytest.param("ALICE@example.test", "This is your address already", id="the present one, in capitals"),
            pytest.param("nonsense", "valid email", id="no address"),
            pytest.param('"a.b"@example.test', "without quotes", id="in quotes"),
            pytest.param(f"{'a' * 60}@{'b' * 60}.{'c' * 60}.{'d' * 60}.{'e' * 60}.test", "at most 254", id="too long"),
        ],
    )
    def test_what_is_no_new_address_is_said(self, email, said, alice, signed_in):
        answer = signed_in(alice).post(PAGE, {"email": email})
        assert answer.status_code == 422
        assert said in answer.content.decode()
        assert not EmailChange.objects.exists()

    @pytest.mark.asvs("6.3.8")
    def test_nobody_learns_by_it_who_has_an_account(self, people, signed_in):
        answers = []
        for email in ("bob@example.test", "nobody@example.test"):
            browser = signed_in(people.alice)
            answer = browser.post(PAGE, {"email": email})
            page = TOKEN.sub("", browser.get(PAGE).content.decode())
            answers.append((answer.status_code, answer["Location"], page.replace(email, "X")))
        assert answers[0] == answers[1]
        assert subjects("bob@example.test") == ["This address has an account already"]
        assert "http" not in last(to="bob@example.test").text

    def test_an_address_that_somebody_else_took_meanwhile_stays_theirs(self, alice, signed_in):
        signed_in(alice).post(PAGE, {"email": NEW})
        making.person(NEW)
        answer = Client().post(link(NEW))
        assert answer.status_code == 410
        assert "Somebody else has an account with this address" in answer.content.decode()
        assert address_of(alice) == "alice@example.test"

    def test_a_newer_one_takes_the_place_of_an_older_one(self, alice, signed_in):
        browser = signed_in(alice)
        browser.post(PAGE, {"email": "first@new.example"})
        browser.post(PAGE, {"email": NEW})
        assert Client().post(link("first@new.example")).status_code == 410
        assert Client().post(link(NEW)).status_code == 200
        assert address_of(alice) == NEW

    def test_sent_again_the_older_link_is_dead(self, alice, signed_in):
        browser = signed_in(alice)
        browser.post(PAGE, {"email": NEW})
        older = link(NEW)
        browser.post(PAGE, {"email": NEW})
        assert Client().post(older).status_code == 410
        assert Client().post(link(NEW)).status_code == 200

    def test_it_can_be_thought_over(self, alice, signed_in):
        browser = signed_in(alice)
        browser.post(PAGE, {"email": NEW})
        browser.post(PAGE, {"email": NEW, "action_remove": ""})
        assert "waits to be confirmed" not in browser.get(PAGE).content.decode()
        assert Client().post(link(NEW)).status_code == 410
        assert address_of(alice) == "alice@example.test"

    def test_its_link_works_once_and_for_three_days(self, alice, signed_in):
        browser = signed_in(alice)
        browser.post(PAGE, {"email": NEW})
        with clock.travelled(timedelta(days=3)):
            assert "good for 3 days" in Client().post(link(NEW)).content.decode()
        assert Client().post(link(NEW)).status_code == 200
        assert Client().post(link(NEW)).status_code == 410

    def test_a_pending_address_opens_nothing(self, alice, signed_in):
        """Whoever reads the mails of a mistyped address gets no way into the account by it."""
        signed_in(alice).post(PAGE, {"email": NEW})
        Client().post("/accounts/password/reset/", {"email": NEW})
        assert subjects(NEW)[-1] == "There is no account with this address"
        assert not signs_in(NEW)

    def test_mails_to_strangers_are_few(self, alice, bob, signed_in):
        """Limits by person and by recipient (tenancy/limits): neither is told apart from a mail that was sent."""
        answers = [signed_in(alice).post(PAGE, {"email": "victim@example.test"}).status_code for _ in range(12)]
        assert answers == [302] * 10 + [429] * 2
        assert signed_in(bob).post(PAGE, {"email": "victim@example.test"}).status_code == 302
        assert len(mails(to="victim@example.test")) == 6


class TestTakingBack:
    @pytest.fixture
    def stolen(self, alice, signed_in):
        """Somebody in Alice's session has given the account another address."""
        thief = signed_in(alice)
        change(thief)
        return thief

    def test_the_old_address_gets_the_account_back(self, stolen, alice, signed_in):
        elsewhere = signed_in(User.objects.get(pk=alice.pk))
        back = link("alice@example.test")
        assert "alice@example.test" in Client().get(back).content.decode()
        assert address_of(alice) == NEW  # opening a link changes nothing
        page = Client().post(back).content.decode()
        assert "The account is yours again" in page
        assert address_of(alice) == "alice@example.test"
        for browser in (stolen, elsewhere):
            assert browser.get("/acme/").status_code == 302
        for email in (NEW, "alice@example.test"):
            assert not signs_in(email)
        assert subjects(NEW)[-1] == "A change of address was taken back"

    def test_then_a_new_password_is_chosen_by_mail(self, stolen, alice):
        page = Client().post(link("alice@example.test")).content.decode()
        action, email = re.search(
            r'action="(/accounts/password/reset/)">.*?name="email" value="([^"]+)"', page
        ).groups()
        Client().post(action, {"email": email})
        browser = Client()
        form = browser.get(link("alice@example.test"), follow=True).redirect_chain[-1][0]
        browser.post(form, {"password1": "eighteen quiet lamps", "password2": "eighteen quiet lamps"})
        assert signs_in("alice@example.test", "eighteen quiet lamps")
        kinds = SignIn.objects.filter(user=alice).order_by("at").values_list("kind", flat=True)
        assert [kind for kind in kinds if kind != "failed"] == [
            "email_changed",
            "email_reverted",
            "password_reset",
            "password",
        ]

    def test_it_undoes_what_came_after_as_well(self, stolen, alice):
        back = link("alice@example.test")
        addresses.ask(User.objects.get(pk=alice.pk), "second@new.example")
        Client().post(link("second@new.example"))
        to_the_thief = link(NEW)  # the first new address was told of the second change
        addresses.ask(User.objects.get(pk=alice.pk), "third@new.example")
        Client().post(back)
        assert address_of(alice) == "alice@example.test"
        for dead in (to_the_thief, link("third@new.example")):
            assert Client().post(dead).status_code == 410
        assert address_of(alice) == "alice@example.test"

    def test_a_thief_s_own_way_back_does_not_close_that_of_the_owner(self, stolen, alice):
        back = link("alice@example.test")
        addresses.ask(User.objects.get(pk=alice.pk), "second@new.example")
        Client().post(link("second@new.example"))
        Client().post(link(NEW))
        assert address_of(alice) == NEW
        assert Client().post(back).status_code == 200
        assert address_of(alice) == "alice@example.test"

    def test_its_link_works_once_and_for_seven_days(self, stolen, alice):
        back = link("alice@example.test")
        with clock.travelled(timedelta(days=7)):
            assert "good for 7 days" in Client().post(back).content.decode()
        with clock.travelled(timedelta(days=6, hours=23)):
            assert Client().post(back).status_code == 200
        assert Client().post(back).status_code == 410

    def test_it_takes_no_address_from_anybody(self, stolen, alice):
        back = link("alice@example.test")
        making.person("alice@example.test")
        assert "Somebody else has an account" in Client().post(back).content.decode()
        assert address_of(alice) == NEW

    def test_a_changed_link_opens_nothing(self, stolen, alice):
        back = link("alice@example.test")
        key = back.rstrip("/").rpartition("/")[2]
        for wrong in (back.replace(key, key[:-1]), f"/accounts/email/confirm/{key}/", "/accounts/email/revert/x/"):
            assert Client().post(wrong).status_code == 410
            assert Client().get(wrong).status_code == 410

    def test_second_factors_stay(self, stolen, alice):
        """Otherwise the old mailbox alone would be enough to come in."""
        Authenticator.objects.create(user=alice, type=Authenticator.Type.TOTP, data={})
        Client().post(link("alice@example.test"))
        assert Authenticator.objects.filter(user=alice).exists()


def test_with_a_second_factor_the_address_can_be_changed_as_well(alice, signed_in):
    Authenticator.objects.create(user=alice, type=Authenticator.Type.TOTP, data={})
    change(signed_in(alice))
    assert address_of(alice) == NEW


def test_the_mail_to_the_old_address_does_not_tell_the_new_one(alice, signed_in):
    change(signed_in(alice))
    text = last(to="alice@example.test").text
    assert NEW not in text
    assert "a…@new.example" in text


def test_changes_are_forgotten_after_30_days(alice, signed_in):
    change(signed_in(alice))
    with clock.travelled(timedelta(days=29)):
        addresses.prune()
        assert EmailChange.objects.count() == 1
    with clock.travelled(timedelta(days=31)):
        addresses.prune()
    assert EmailChange.objects.count() == 0
