"""What a way of signing in opens: the table, and the doors themselves."""

import re
import time
from datetime import timedelta
from types import SimpleNamespace
from urllib.parse import unquote
from uuid import UUID

import mailing
import making
import pytest
from allauth.mfa.totp.internal import auth as totp
from browsing import Browser, with_app_of
from django.core.management import CommandError, call_command
from django.test import Client
from vouching import add_oidc, come_back, events, onward, path, signed_in_as

from dev.fakes.oidc import Person
from vallum_web.accounts import services as accounts
from vallum_web.accounts import tokens
from vallum_web.accounts.models import IdentityProvider, Membership, User
from vallum_web.accounts.sso import services
from vallum_web.accounts.sso.door import LASTS, Door, Proofs, decide
from vallum_web.accounts.sso.errors import WORDS, Reason
from vallum_web.tenancy.clock import travelled
from vallum_web.tenancy.lookups import MyOrg
from vallum_web.tenancy.scope import scope

ACME, OTHER = UUID(int=1), UUID(int=2)
NOW = 1_000_000.0
PASSWORD = "correct horse battery"


def org(*, sso=False, role="developer"):
    return MyOrg(id=ACME, slug="acme", name="Acme", role=role, sso=sso)


OWN = Proofs()
BOTH = Proofs(second=True)
DOORS = [
    pytest.param(OWN, org(), Door.OPEN, id="one's own means"),
    pytest.param(Proofs(own=False, words={ACME: NOW}), org(), Door.OPEN, id="this organization's provider"),
    pytest.param(Proofs(own=False, words={OTHER: NOW}), org(), Door.OWN, id="another organization's provider"),
    pytest.param(Proofs(words={OTHER: NOW}), org(), Door.OPEN, id="another's, and one's own means"),
    pytest.param(Proofs(own=False, words={ACME: NOW - LASTS}), org(), Door.OPEN, id="a day ago"),
    pytest.param(Proofs(own=False, words={ACME: NOW - LASTS - 1}), org(), Door.OWN, id="longer ago than a day"),
    pytest.param(OWN, org(sso=True), Door.PROVIDER, id="required: a password does not do"),
    pytest.param(BOTH, org(sso=True), Door.PROVIDER, id="required: nor does a second factor"),
    pytest.param(Proofs(words={OTHER: NOW}, second=True), org(sso=True), Door.PROVIDER, id="required: nor another's"),
    pytest.param(Proofs(own=False, words={ACME: NOW}), org(sso=True), Door.OPEN, id="required: the provider's word"),
    pytest.param(Proofs(words={ACME: NOW - LASTS - 1}), org(sso=True), Door.PROVIDER, id="required: yesterday's word"),
    pytest.param(OWN, org(sso=True, role="owner"), Door.PROVIDER, id="required: an owner with a password alone"),
    pytest.param(BOTH, org(sso=True, role="owner"), Door.BYPASS, id="required: an owner with two factors"),
    pytest.param(BOTH, org(sso=True, role="admin"), Door.PROVIDER, id="required: an admin with two factors"),
    pytest.param(
        Proofs(own=False, second=True, words={OTHER: NOW}),
        org(sso=True, role="owner"),
        Door.PROVIDER,
        id="required: an owner vouched for by another organization",
    ),
    pytest.param(BOTH, org(role="owner"), Door.OPEN, id="not required: nothing to pass by"),
]


@pytest.mark.asvs("8.1.3", "8.2.4", "7.6.1")
@pytest.mark.parametrize(("proofs", "mine", "door"), DOORS)
def test_doors(proofs, mine, door):
    assert decide(proofs, mine, NOW) is door


def log_in(browser, email, then="/"):
    return browser.post("/accounts/login/", {"login": email, "password": PASSWORD, "next": then})


@pytest.mark.asvs("6.8.1")
class TestOneProviderOpensOneOrganization:
    @pytest.fixture
    def ada(self, world, trip):
        """Acme's provider made her account; she belongs to Elsewhere as well."""
        browser = Client()
        trip(browser)
        making.accept(browser)
        ada = User.objects.get(email="ada@acme.test")
        accounts.join(world.elsewhere, ada, "admin")
        return ada

    def test_not_another_organization(self, ada, trip, world):
        browser = Client()
        assert path(trip(browser)) == "/acme/"
        assert browser.get("/acme/").status_code == 200
        for address in ("/elsewhere/", "/elsewhere/findings/", "/elsewhere/settings/"):
            answer = browser.get(address)
            assert answer.status_code == 403
            assert b"opens that organization alone" in answer.content
        assert browser.post("/elsewhere/settings/teams/make/", {"name": "x"}).status_code == 403

    def test_ones_own_password_opens_it_in_the_same_session(self, ada, trip, world):
        ada.set_password(PASSWORD)
        ada.save()
        browser = Client()
        trip(browser)
        assert b"by means of your own" in browser.get("/elsewhere/").content
        browser.post("/accounts/reauthenticate/?next=/elsewhere/", {"password": PASSWORD})
        assert browser.get("/elsewhere/").status_code == 200

    def test_a_provider_of_the_other_organization_knows_nobody_of_this_one(self, ada, world):
        """The same subject, said by Elsewhere's own provider, is somebody else: here nobody at all."""
        add_oidc(world.elsewhere, world.charlie, world.fake)
        browser = Client()
        answer = come_back(browser, world.fake, onward(browser.post("/accounts/sso/", {"who": "elsewhere"})))
        assert answer.status_code == 403
        assert WORDS[Reason.FOREIGN_DOMAIN].partition(".")[0] in answer.content.decode()
        assert signed_in_as(browser) == ""

    def test_a_domain_that_is_lost_no_longer_opens_accounts(self, ada, world, trip):
        with scope(world.org.pk):
            type(world.domain).objects.of(world.org).update(verified_at=None)
        browser = Client()
        url = onward(browser.post("/accounts/sso/", {"who": "acme"}))
        assert path(come_back(browser, world.fake, url)) == "/accounts/sso/confirm/"
        assert signed_in_as(browser) == ""


class TestMembersWithOtherAddresses:
    """Bob's address is not Acme's to speak for: he signs in by his own means, then Acme's provider is added."""

    @pytest.fixture
    def bob(self, world):
        world.fake.person = Person(subject="bob-1", email="bob@acme.test", email_verified=True)
        return world.bob

    def tie(self, browser, world):
        log_in(browser, "bob@example.test")
        url = onward(browser.post("/accounts/sso/", {"who": "acme"}))
        assert path(come_back(browser, world.fake, url)) == "/accounts/sso/confirm/"
        assert path(browser.post("/accounts/sso/confirm/")) == "/acme/"

    def test_he_ties_it_to_his_account(self, bob, world):
        self.tie(Client(), world)
        assert [event.subject for event in events(world.org, "sso.tied")] == [bob.pk]
        assert not User.objects.filter(email="bob@acme.test").exists()

    def test_signed_out_it_opens_nothing_by_itself(self, bob, world):
        self.tie(Client(), world)
        browser = Client()
        url = onward(browser.post("/accounts/sso/", {"who": "acme"}))
        assert path(come_back(browser, world.fake, url)) == "/accounts/sso/confirm/"
        assert signed_in_as(browser) == ""
        log_in(browser, "bob@example.test")
        assert path(browser.post("/accounts/sso/confirm/")) == "/acme/"
        assert signed_in_as(browser) == "bob@example.test"

    def test_signed_in_it_is_added(self, bob, world):
        self.tie(Client(), world)
        services.enforce(world.provider, world.alice, on=True)
        browser = Client()
        log_in(browser, "bob@example.test")
        assert browser.get("/acme/").status_code == 403
        url = onward(browser.post("/accounts/sso/", {"who": "acme"}))
        assert path(come_back(browser, world.fake, url)) == "/acme/"
        assert browser.get("/acme/").status_code == 200


class TestRequired:
    @pytest.fixture
    def ada(self, world):
        """A member with a password, an address in the proved domain, and a provider that is required."""
        ada = making.person("ada@acme.test")
        accounts.join(world.org, ada, "developer")
        services.enforce(world.provider, world.alice, on=True)
        return ada

    def test_a_password_signs_in_but_does_not_open_the_organization(self, ada, world):
        browser = Client()
        log_in(browser, ada.email)
        assert signed_in_as(browser) == ada.email
        answer = browser.get("/acme/findings/?q=x")
        assert answer.status_code == 403
        page = answer.content.decode()
        assert "Use single sign-on of Acme" in page
        assert "owner" not in page
        hidden = dict(re.findall(r'type="hidden" name="(who|next)" value="([^"]*)"', page))
        url = onward(browser.post("/accounts/sso/", hidden))
        assert come_back(browser, world.fake, url).headers["Location"] == "/acme/findings/?q=x"
        assert browser.get("/acme/findings/").status_code == 200

    @pytest.mark.asvs("7.6.1")
    def test_the_provider_is_asked_again_after_a_day(self, ada, world, trip):
        browser = Client()
        trip(browser)
        assert browser.get("/acme/").status_code == 200
        with travelled(timedelta(hours=11)):
            assert browser.get("/acme/").status_code == 200
        with travelled(timedelta(hours=22)):
            assert browser.get("/acme/").status_code == 200
        with travelled(timedelta(hours=25)):
            assert browser.get("/acme/").status_code == 403

    def test_members_with_other_addresses_use_their_password(self, ada, world):
        browser = Client()
        log_in(browser, "bob@example.test")
        assert browser.get("/acme/").status_code == 200

    def test_changing_ones_address_does_not_lead_past_it(self, ada, world, trip):
        trip(Client())
        User.objects.filter(pk=ada.pk).update(email="ada@elsewhere.test")
        browser = Client()
        log_in(browser, "ada@acme.test")
        browser.force_login(User.objects.get(pk=ada.pk))
        assert browser.get("/acme/").status_code == 403

    def test_a_token_of_hers_goes_on(self, ada, world):
        _, text = tokens.make(world.org, ada, tokens.Wanted(name="ci", role="developer"))
        answer = Client(headers={"Authorization": f"Bearer {text}"}).get("/api/v1/findings")
        assert answer.status_code == 200

    @pytest.mark.asvs("6.8.4")
    def test_an_owner_passes_with_two_factors_and_everybody_hears_of_it(self, ada, world, monkeypatch):
        owner = making.person("grace@acme.test")
        accounts.join(world.org, owner, "owner")
        moment = time.time() // 30 * 30 + 15
        monkeypatch.setattr(totp, "time", SimpleNamespace(time=lambda: moment))
        first = Browser(owner.email)
        first.sign_in()
        first.add_app()
        browser = with_app_of(first)
        browser.sign_in()
        assert signed_in_as(browser) == ""
        browser.post("/accounts/2fa/authenticate/", {"code": browser.code()})
        assert signed_in_as(browser) == owner.email
        assert browser.get("/acme/").status_code == 200
        assert browser.get("/acme/findings/").status_code == 200
        assert [event.subject for event in events(world.org, "sso.bypassed")] == [owner.pk]
        mails = mailing.mails(subject="An owner of Acme came in without single sign-on")
        assert {mail.to for mail in mails} == {"alice@example.test", "grace@acme.test"}

    def test_an_owner_with_a_password_alone_does_not(self, ada, world):
        owner = making.person("grace@acme.test")
        accounts.join(world.org, owner, "owner")
        browser = Client()
        log_in(browser, owner.email)
        answer = browser.get("/acme/")
        assert answer.status_code == 403
        assert b"as an owner you can sign out, then sign in with password and second factor" in answer.content
        assert events(world.org, "sso.bypassed") == []

    def test_switched_off_the_password_opens_it_again(self, ada, world):
        services.stop(world.provider, world.alice)
        browser = Client()
        log_in(browser, ada.email)
        assert browser.get("/acme/").status_code == 200


class TestAgain:
    """Somebody without password and second factor proves at the provider who they are."""

    @pytest.fixture
    def admin(self, world, trip):
        browser = Client()
        trip(browser)
        making.accept(browser)
        with scope(world.org.pk):
            Membership.objects.of(world.org).filter(user__email="ada@acme.test").update(role="admin")
        return browser

    def ask(self, browser):
        answer = browser.get("/acme/settings/sso/add/oidc/")
        assert unquote(answer.headers["Location"]) == "/accounts/sso/again/?next=/acme/settings/sso/add/oidc/"
        page = browser.get(answer.headers["Location"]).content.decode()
        then = re.search(r'name="next" value="([^"]*)"', page).group(1)
        return onward(browser.post("/accounts/sso/again/", {"next": then}))

    @pytest.mark.asvs("7.5.3", "6.8.4")
    def test_the_provider_asks_and_the_page_opens(self, admin, world):
        url = self.ask(admin)
        assert (world.fake.asked[-1:] or [{}])[0].get("prompt") is None
        answer = come_back(admin, world.fake, url)
        assert (world.fake.asked[-1]["prompt"], world.fake.asked[-1]["max_age"]) == ("login", "0")
        assert answer.headers["Location"] == "/accounts/sso/again/?next=%2Facme%2Fsettings%2Fsso%2Fadd%2Foidc%2F"
        assert admin.get(answer.headers["Location"]).headers["Location"] == "/acme/settings/sso/add/oidc/"
        assert admin.get("/acme/settings/sso/add/oidc/").status_code == 200
        with travelled(timedelta(minutes=11)):
            assert admin.get("/acme/settings/sso/add/oidc/").status_code == 302

    def test_what_was_posted_goes_on(self, admin, world):
        answer = admin.post("/acme/settings/sso/domains/", {"name": "acme.example"})
        assert path(answer) == "/accounts/sso/again/"
        page = admin.get(answer.headers["Location"]).content.decode()
        then = re.search(r'name="next" value="([^"]*)"', page).group(1)
        answer = come_back(admin, world.fake, onward(admin.post("/accounts/sso/again/", {"next": then})))
        assert path(admin.get(answer.headers["Location"])) == "/acme/settings/sso/"
        assert [event.data for event in events(world.org, "sso.domain_added")] == [{"domain": "acme.example"}]

    @pytest.mark.asvs("6.8.4")
    def test_a_provider_that_did_not_ask_is_not_believed(self, admin, world):
        world.fake._signed_in_at = time.time() - 3600
        world.fake.remembers = True
        answer = come_back(admin, world.fake, self.ask(admin))
        assert WORDS[Reason.STALE].partition(".")[0] in answer.content.decode()
        assert admin.get("/acme/settings/sso/add/oidc/").status_code == 302

    def test_somebody_else_proves_nothing(self, admin, world):
        world.fake.person = Person(subject="somebody", email="somebody@acme.test")
        answer = come_back(admin, world.fake, self.ask(admin))
        assert WORDS[Reason.OTHER_PERSON].partition(".")[0] in answer.content.decode()
        assert not User.objects.filter(email="somebody@acme.test").exists()

    def test_signing_in_is_not_proof_enough(self, admin):
        assert admin.get("/acme/settings/sso/add/oidc/").status_code == 302

    def test_with_a_password_of_ones_own_that_is_asked_for(self, admin, world):
        ada = User.objects.get(email="ada@acme.test")
        ada.set_password(PASSWORD)
        ada.save()
        admin.force_login(ada)
        assert path(admin.get("/acme/settings/sso/add/oidc/")) == "/accounts/reauthenticate/"
        assert admin.post("/accounts/sso/again/").status_code == 404

    def test_where_the_provider_may_not_open_the_account_a_password_is_needed(self, admin, world):
        with scope(world.org.pk):
            type(world.domain).objects.of(world.org).update(verified_at=None)
        assert path(admin.get("/acme/settings/sso/add/oidc/")) == "/accounts/no-proof/"


def test_somebody_without_a_password_can_set_one_by_mail(world, trip, settings):
    """When the domain is lost, or the provider is gone."""
    settings.EMAIL_BACKEND = "vallum_web.mail.backend.OutboxBackend"
    browser = Client()
    trip(browser)
    making.accept(browser)
    services.remove(world.provider, world.alice)
    browser = Client()
    browser.post("/accounts/password/reset/", {"email": "ada@acme.test"})
    mail = mailing.last(to="ada@acme.test")
    link = re.search(r"/accounts/password/reset/key/\S+", mail.text).group(0)
    page = browser.get(link).headers["Location"]
    browser.post(page, {"password1": "another horse 1234", "password2": "another horse 1234"})
    answer = browser.post("/accounts/login/", {"login": "ada@acme.test", "password": "another horse 1234"})
    assert answer.status_code == 302
    assert signed_in_as(browser) == "ada@acme.test"
    assert browser.get("/acme/").status_code == 200


def test_the_operator_can_open_a_door_that_nobody_can(world, capsys):
    """Required, the provider broken, and the last owner's second factor gone."""
    services.enforce(world.provider, world.alice, on=True)
    call_command("require_sso_no_longer", "acme")
    assert "no longer" in capsys.readouterr().out
    with scope(world.org.pk):
        kept = IdentityProvider.objects.of(world.org).get()
    assert (kept.enabled, kept.enforced) == (True, False)
    assert [event.actor for event in events(world.org, "sso.not_required")] == [None]
    with pytest.raises(CommandError, match="requires no single sign-on"):
        call_command("require_sso_no_longer", "acme")
    with pytest.raises(CommandError, match="No organization"):
        call_command("require_sso_no_longer", "nowhere")


def test_switched_off_it_signs_nobody_in(world):
    browser = Client()
    url = onward(browser.post("/accounts/sso/", {"who": "acme"}))
    services.stop(world.provider, world.alice)
    answer = come_back(browser, world.fake, url)
    assert WORDS[Reason.OFF].partition(".")[0] in answer.content.decode()
    with scope(world.org.pk):
        assert not IdentityProvider.objects.of(world.org).get().enforced
