"""Sign-in by OpenID Connect, from our page to a provider that speaks the protocol and back."""

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import making
import pytest
from allauth.account.models import EmailAddress
from django.apps import apps
from django.test import Client
from vouching import add_oidc, come_back, events, onward, path, signed_in_as

from dev.fakes.oidc import Person, Poison
from vallum_web.accounts import services
from vallum_web.accounts.models import Acceptance, Membership, SignIn, SsoIdentity, User
from vallum_web.accounts.services import members
from vallum_web.accounts.sso.errors import WORDS, Reason
from vallum_web.tenancy.clock import travelled
from vallum_web.tenancy.models import Departure
from vallum_web.tenancy.scope import scope


def reads(answer, reason):
    assert answer.status_code == 403, answer.content.decode()
    assert WORDS[reason].partition(".")[0] in answer.content.decode().replace("&#x27;", "'")


@pytest.mark.asvs("10.1.2", "10.2.1", "10.2.3", "10.1.1")
def test_a_newcomer_becomes_a_member_by_signing_in(world, trip):
    browser = Client()
    answer = trip(browser)
    assert (answer.status_code, path(answer)) == (302, "/acme/")
    # Nobody has asked them yet: what holds here is accepted first.
    assert path(browser.get("/acme/")) == "/accounts/accept/"
    making.accept(browser)
    assert browser.get("/acme/").status_code == 200
    user = User.objects.get(email="ada@acme.test")
    assert set(Acceptance.objects.filter(user=user.pk).values_list("method", flat=True)) == {"sso"}
    assert (user.name, user.has_usable_password()) == ("Ada Lovelace", False)
    assert EmailAddress.objects.get(user=user).verified
    with scope(world.org.pk):
        assert Membership.objects.of(world.org).get(user=user).role == "developer"
        assert SsoIdentity.objects.of(world.org).get().subject == "ada-1"
        assert {row.purpose for row in Departure.objects.of(world.org)} == {"single sign-on"}
    (joined,) = [event for event in events(world.org, "member.joined") if event.subject == user.pk]
    assert joined.data == {"role": "developer", "how": "sso"}
    (asked,) = world.fake.asked
    assert (asked["code_challenge_method"], asked["scope"]) == ("S256", "openid email profile")
    assert min(len(asked[name]) for name in ("state", "nonce", "code_challenge")) >= 43
    assert asked["redirect_uri"] == f"http://testserver/accounts/sso/{world.provider.pk}/callback/"
    assert len(world.fake.forms[0]["code_verifier"]) >= 43
    assert "prompt" not in asked


def test_the_second_time_nothing_is_made(world, trip):
    trip(Client())
    browser = Client()
    assert path(trip(browser)) == "/acme/"
    assert User.objects.filter(email="ada@acme.test").count() == 1
    assert signed_in_as(browser) == "ada@acme.test"


def test_by_the_organizations_own_address_and_on_to_where_one_wanted(world):
    browser = Client()
    page = browser.get("/accounts/sso/at/acme/?next=/acme/findings/").content.decode()
    assert 'value="acme"' in page
    url = onward(browser.post("/accounts/sso/", {"who": "acme", "next": "/acme/findings/"}))
    assert path(come_back(browser, world.fake, url)) == "/acme/findings/"


@pytest.mark.parametrize("then", ["https://evil.test/", "//evil.test/", "javascript:alert(1)", "/\\evil.test"])
def test_where_one_wanted_is_on_this_site(world, then):
    browser = Client()
    url = onward(browser.post("/accounts/sso/", {"who": "acme", "next": then}))
    assert come_back(browser, world.fake, url).headers["Location"] == "/acme/"


@pytest.mark.policy("PP-1.1a")
@pytest.mark.asvs("14.2.6", "15.3.1")
def test_extra_claims_are_dropped_at_the_boundary(world, trip, live_rows):
    """A picture, a phone number and groups come along; nothing here keeps them."""
    browser = Client()
    trip(browser)
    assert not apps.is_installed("allauth.socialaccount")
    session = str(dict(browser.session))
    for canary in ("cdn.test", "+44 1", "admins", "picture", "phone_number"):
        assert canary not in session
        assert canary not in live_rows()


REFUSED = [
    (Poison.WRONG_NONCE, Reason.NOT_GENUINE),
    (Poison.NO_NONCE, Reason.NOT_GENUINE),
    (Poison.WRONG_AUDIENCE, Reason.NOT_GENUINE),
    (Poison.TWO_AUDIENCES, Reason.NOT_GENUINE),
    (Poison.OTHER_PARTY, Reason.NOT_GENUINE),
    (Poison.ALG_NONE, Reason.NOT_GENUINE),
    (Poison.HMAC_BY_PUBLIC_KEY, Reason.NOT_GENUINE),
    (Poison.HMAC_BY_CLIENT_SECRET, Reason.NOT_GENUINE),
    (Poison.UNPUBLISHED_KEY, Reason.NOT_GENUINE),
    (Poison.KNOWN_NAME_OTHER_KEY, Reason.NOT_GENUINE),
    (Poison.EXPIRED, Reason.NOT_GENUINE),
    (Poison.NO_EXPIRY, Reason.NOT_GENUINE),
    (Poison.FROM_THE_FUTURE, Reason.NOT_GENUINE),
    (Poison.WRONG_ISSUER, Reason.NOT_GENUINE),
    (Poison.WRONG_ISSUER_IN_ANSWER, Reason.NOT_GENUINE),
    (Poison.NO_ISSUER_IN_ANSWER, Reason.NOT_GENUINE),
    (Poison.NO_SUBJECT, Reason.NOT_GENUINE),
    (Poison.WRONG_AT_HASH, Reason.NOT_GENUINE),
    (Poison.NO_ID_TOKEN, Reason.NOT_GENUINE),
    (Poison.OTHER_USERINFO, Reason.NOT_GENUINE),
    (Poison.BROKEN_SIGNATURE, Reason.NOT_GENUINE),
    (Poison.NOT_JSON, Reason.UNREACHABLE),
    (Poison.FAILING, Reason.UNREACHABLE),
]


def test_every_lie_is_in_the_table():
    assert {poison for poison, _ in REFUSED} == set(Poison)


@pytest.mark.asvs("6.8.2", "10.2.2", "10.5.1", "10.5.4", "9.1.1", "9.1.2", "9.1.3", "9.2.1", "9.2.2", "9.2.3")
@pytest.mark.parametrize(("poison", "reason"), REFUSED, ids=lambda value: value.replace(" ", "-"))
def test_a_lie_signs_nobody_in(world, trip, poison, reason):
    world.fake.poison = poison
    browser = Client()
    reads(trip(browser), reason)
    assert signed_in_as(browser) == ""
    assert not User.objects.filter(email__in=["ada@acme.test", "owner@acme.test"]).exists()
    with scope(world.org.pk):
        assert not SsoIdentity.objects.of(world.org).exists()


PEOPLE = [
    pytest.param({"email_verified": False}, Reason.UNVERIFIED, id="unverified"),
    pytest.param({"email_verified": None}, Reason.UNVERIFIED, id="nothing said of verified"),
    pytest.param({"email_verified": "false"}, Reason.UNVERIFIED, id="the word false"),
    pytest.param({"email": "ada@elsewhere.test"}, Reason.FOREIGN_DOMAIN, id="foreign domain"),
    pytest.param({"email": "ada@sub.acme.test"}, Reason.FOREIGN_DOMAIN, id="a domain below ours"),
    pytest.param({"email": "ada@acme.test@evil.test"}, Reason.NO_ADDRESS, id="two at signs"),
    pytest.param({"email": "ada@\u0430cme.test"}, Reason.NO_ADDRESS, id="a Cyrillic letter"),
    pytest.param({"email": ""}, Reason.NO_ADDRESS, id="no address"),
    pytest.param({"email": ["ada@acme.test"]}, Reason.NO_ADDRESS, id="a list"),
    pytest.param({"email": "bob@example.test"}, Reason.FOREIGN_DOMAIN, id="a member's address, not proved"),
]


@pytest.mark.parametrize(("who", "reason"), PEOPLE)
def test_people_whom_the_provider_cannot_speak_for(world, trip, who, reason):
    world.fake.person = Person(**who)
    browser = Client()
    reads(trip(browser), reason)
    assert signed_in_as(browser) == ""
    assert User.objects.count() == 3


@pytest.mark.parametrize("algorithm", ["RS256", "ES256"])
def test_either_kind_of_key(world, trip, algorithm):
    world.fake.algorithm = algorithm
    assert path(trip(Client())) == "/acme/"


def test_a_provider_changes_its_keys(world, trip):
    trip(Client())
    world.fake.new_keys()
    assert path(trip(Client())) == "/acme/"
    world.fake.new_keys()
    # Asked for once a minute at most: names of keys that nobody published must not make us ask for ever.
    reads(trip(Client()), Reason.NOT_GENUINE)


def test_a_client_secret_in_the_form(world, trip):
    world.fake.methods = ["client_secret_post"]
    assert path(trip(Client())) == "/acme/"


def test_an_address_that_only_the_userinfo_endpoint_tells(world, trip):
    world.fake.email_in_token = False
    assert path(trip(Client())) == "/acme/"


def test_entra_says_verified_in_its_own_way(world, trip):
    world.fake.person = Person(email_verified=None, more={"xms_edov": "1"})
    assert path(trip(Client())) == "/acme/"


def test_the_person_says_no(world, trip):
    reads(trip(Client(), answer="no"), Reason.DECLINED)


@pytest.mark.asvs("10.1.2", "10.2.1")
class TestAnswersToOthers:
    def test_an_answer_counts_once(self, world):
        browser = Client()
        url = onward(browser.post("/accounts/sso/", {"who": "acme"}))
        come_back(browser, world.fake, url)
        browser.post("/accounts/logout/")
        reads(come_back(browser, world.fake, url), Reason.EXPIRED)

    def test_an_answer_counts_in_the_session_that_asked(self, world):
        """Login forgery: the attacker's own answer, opened in the victim's browser."""
        url = onward(Client().post("/accounts/sso/", {"who": "acme"}))
        victim = Client()
        reads(come_back(victim, world.fake, url), Reason.EXPIRED)
        assert signed_in_as(victim) == ""

    def test_an_answer_counts_for_ten_minutes(self, world):
        browser = Client()
        url = onward(browser.post("/accounts/sso/", {"who": "acme"}))
        with travelled(timedelta(minutes=11)):
            reads(come_back(browser, world.fake, url), Reason.EXPIRED)

    def test_an_answer_at_another_providers_address(self, world):
        other = add_oidc(world.elsewhere, world.charlie, world.fake)
        browser = Client()
        url = onward(browser.post("/accounts/sso/", {"who": "acme"}))
        state = parse_qs(urlsplit(url).query)["state"][0]
        answer = browser.get(f"/accounts/sso/{other.pk}/callback/", {"state": state, "code": "x"})
        reads(answer, Reason.EXPIRED)

    @pytest.mark.parametrize("query", ["", "?code=x", "?state=&code=x", "?state=x&code=x", "?error=access_denied"])
    def test_an_answer_that_nobody_asked_for(self, world, query):
        reads(Client().get(f"/accounts/sso/{world.provider.pk}/callback/{query}"), Reason.EXPIRED)


class TestExistingAccounts:
    def test_a_member_is_tied_at_the_first_sign_in(self, world, trip, people):
        ada = making.person("ada@acme.test")
        services.join(world.org, ada, "auditor")
        browser = Client()
        assert path(trip(browser)) == "/acme/"
        assert signed_in_as(browser) == "ada@acme.test"
        with scope(world.org.pk):
            assert Membership.objects.of(world.org).get(user=ada).role == "auditor"

    def test_an_account_of_that_address_is_asked_and_not_taken(self, world, trip):
        ada = making.person("ada@acme.test")
        browser = Client()
        assert path(trip(browser)) == "/accounts/sso/confirm/"
        assert signed_in_as(browser) == ""
        # Saying yes without having proved who one is changes nothing.
        page = browser.post("/accounts/sso/confirm/")
        assert b"Sign in to it by means of your own" in page.content
        with scope(world.org.pk):
            assert not Membership.objects.of(world.org).filter(user=ada).exists()
        browser.post("/accounts/login/", {"login": "ada@acme.test", "password": "correct horse battery"})
        assert signed_in_as(browser) == "ada@acme.test"
        assert b"Yes, use it for ada@acme.test" in browser.get("/accounts/sso/confirm/").content
        assert path(browser.post("/accounts/sso/confirm/")) == "/acme/"
        with scope(world.org.pk):
            assert Membership.objects.of(world.org).get(user=ada).role == "developer"
            assert SsoIdentity.objects.of(world.org).get().user_id == ada.pk
        assert path(trip(Client())) == "/acme/"

    def test_somebody_else_cannot_say_yes(self, world, trip):
        making.person("ada@acme.test")
        browser = Client()
        trip(browser)
        browser.post("/accounts/login/", {"login": "charlie@example.test", "password": "correct horse battery"})
        page = browser.post("/accounts/sso/confirm/")
        assert b"which is another account" in page.content
        with scope(world.org.pk):
            assert not SsoIdentity.objects.of(world.org).exists()

    def test_an_address_given_to_somebody_new_opens_no_old_account(self, world, trip):
        trip(Client())
        world.fake.person = Person(subject="ada-the-second")
        reads(trip(Client()), Reason.OTHER_IDENTITY)

    def test_who_was_removed_comes_back_by_invitation_alone(self, world, trip):
        trip(Client())
        with scope(world.org.pk):
            owner = Membership.objects.of(world.org).get(user=world.alice)
            ada = Membership.objects.of(world.org).get(user__email="ada@acme.test")
        members.remove(world.org, owner, ada.pk)
        reads(trip(Client()), Reason.REMOVED)
        assert SignIn.objects.filter(user__email="ada@acme.test").latest("at").kind == "sso_failed"
        world.fake.person = Person(subject="another-name")
        reads(trip(Client()), Reason.OTHER_IDENTITY)
        with scope(world.org.pk):
            SsoIdentity.objects.of(world.org).delete()
        reads(trip(Client()), Reason.REMOVED)

    def test_a_closed_account_stays_closed(self, world, trip):
        trip(Client())
        User.objects.filter(email="ada@acme.test").update(is_active=False)
        reads(trip(Client()), Reason.INACTIVE)

    def test_when_all_seats_are_taken_nobody_is_made(self, world, trip):
        services.set_plan(world.org, "free", 2)
        reads(trip(Client()), Reason.NO_SEAT)
        assert not User.objects.filter(email="ada@acme.test").exists()
