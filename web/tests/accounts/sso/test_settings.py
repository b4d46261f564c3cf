"""An administrator's pages: providers, what they said in a test, when they may be switched on and required."""

import re
from datetime import timedelta
from json import dumps

import pytest
from browsing import Browser
from django.core.files.uploadedfile import SimpleUploadedFile
from vouching import add_oidc, add_saml, come_back, events, onward, path, post_back, prove

from dev.fakes import saml as fake_saml
from dev.fakes.loopback import Answer
from dev.fakes.oidc import Person, Poison
from vallum_web.accounts.models import IdentityProvider, SsoIdentity
from vallum_web.accounts.sso import services
from vallum_web.tenancy.clock import travelled
from vallum_web.tenancy.keyring import unseal
from vallum_web.tenancy.models import Departure, Event
from vallum_web.tenancy.scope import scope

NAME = "Their login"


@pytest.fixture
def alice(world):
    """Signed in a moment ago, with her password."""
    browser = Browser("alice@example.test")
    browser.sign_in()
    return browser


@pytest.fixture
def entered(world):
    return {
        "name": NAME,
        "issuer": world.fake.issuer,
        "client_id": "vallum",
        "secret": "quite-a-secret",
        "role": "auditor",
    }


def provider(world, **wanted):
    with scope(world.org.pk):
        return IdentityProvider.objects.of(world.org).get(**wanted)


def rows(world):
    """The organization's rows, as an export or a dump would show them."""
    with scope(world.org.pk):
        kept = [*IdentityProvider.objects.of(world.org).values(), *Event.objects.of(world.org).values()]
    return str(kept)


class TestOidc:
    @pytest.mark.asvs("10.5.3", "13.3.1")
    def test_a_provider_is_added_and_its_secret_sealed(self, alice, world, entered):
        answer = alice.post("/acme/settings/sso/add/oidc/", entered)
        made = provider(world, name=NAME)
        assert answer.headers["Location"] == f"/acme/settings/sso/{made.pk}/"
        assert (made.kind, made.role, made.enabled, made.tested_at) == ("oidc", "auditor", False, None)
        assert unseal(world.org, f"accounts.IdentityProvider.secret:{made.pk}", made.secret) == "quite-a-secret"
        page = alice.get(answer.headers["Location"]).content.decode()
        assert f"http://testserver/accounts/sso/{made.pk}/callback/" in page
        assert "kept sealed, never shown" in page
        form = alice.get(f"/acme/settings/sso/{made.pk}/change/").content.decode()
        for text in (page, form, rows(world)):
            assert "quite-a-secret" not in text
        assert made.secret not in page + form
        added = [event for event in events(world.org, "sso.provider_added") if event.subject == made.pk]
        assert [(event.actor, event.data) for event in added] == [(world.alice.pk, {"protocol": "oidc"})]

    def test_the_address_of_the_discovery_document_will_do(self, alice, world, entered):
        entered["issuer"] += "/.well-known/openid-configuration"
        alice.post("/acme/settings/sso/add/oidc/", entered)
        assert provider(world, name=NAME).issuer == world.fake.issuer

    @pytest.mark.asvs("10.5.3", "1.3.6")
    @pytest.mark.parametrize(
        ("change", "words"),
        [
            ({"issuer": "http://login.example.test"}, "begins with https://"),
            ({"issuer": "https://login.example.test/?a=b"}, "neither ? nor #"),
            ({"issuer": "javascript:alert(1)"}, "begins with https://"),
            ({"issuer": "https://169.254.169.254"}, "could not be read"),
            ({"issuer": "https://10.0.0.1"}, "could not be read"),
            ({"issuer": "https://localhost"}, "could not be read"),
            ({"issuer": "https://user:correct-horse@login.example.test"}, "could not be read"),
            ({"issuer": "{fake}/"}, "enter exactly that one"),
            ({"client_id": "a\tb"}, "signs of ASCII"),
            ({"secret": "geheim\u00fc"}, "signs of ASCII"),
            ({"name": "a\nb"}, "one line"),
            ({"role": "owner"}, "Select a valid choice"),
            ({"role": "admin"}, "Select a valid choice"),
        ],
    )
    def test_what_makes_no_provider(self, alice, world, entered, change, words):
        change = {name: value.replace("{fake}", world.fake.issuer) for name, value in change.items()}
        answer = alice.post("/acme/settings/sso/add/oidc/", {**entered, **change})
        assert answer.status_code == 422
        assert words in answer.content.decode()
        assert (
            "correct-horse"
            not in re.sub(r'<input[^>]*name="issuer"[^>]*>', "", answer.content.decode()).partition("<main")[2]
        )
        with scope(world.org.pk):
            assert not IdentityProvider.objects.of(world.org).filter(name=NAME).exists()

    def test_another_issuers_document(self, alice, world, entered):
        document = {**world.fake.document(), "issuer": "https://evil.test"}
        world.fake.site.pages["/.well-known/openid-configuration"] = Answer(body=dumps(document).encode())
        answer = alice.post("/acme/settings/sso/add/oidc/", entered)
        assert answer.status_code == 422
        assert "says that its issuer is https://evil.test" in answer.content.decode()

    def test_what_the_guard_let_through_is_on_record(self, alice, world, entered):
        alice.post("/acme/settings/sso/add/oidc/", entered)
        with scope(world.org.pk):
            row = Departure.objects.of(world.org).latest("id")
        assert (row.party, row.purpose, row.ok) == ("127.0.0.1", "single sign-on", True)

    def test_a_change_without_a_secret_keeps_it_and_one_of_the_issuer_asks_for_a_test(self, alice, world, entered):
        before = world.provider.secret
        kept = {**entered, "name": "Renamed", "client_id": world.provider.client_id, "secret": "", "role": "developer"}
        alice.post(f"/acme/settings/sso/{world.provider.pk}/change/", kept)
        after = provider(world, name="Renamed")
        assert (after.secret, after.tested_at) == (before, world.provider.tested_at)
        alice.post(f"/acme/settings/sso/{world.provider.pk}/change/", {**kept, "client_id": "another"})
        assert provider(world, name="Renamed").tested_at is None
        changes = [event.data for event in events(world.org, "sso.provider_changed")]
        assert changes == [{"secret": False, "who_vouches": False}, {"secret": False, "who_vouches": True}]

    @pytest.mark.asvs("6.8.1")
    def test_whose_subjects_it_knows_does_not_change(self, alice, world, entered):
        sent = {**entered, "issuer": "https://other.example.test", "secret": "new"}
        alice.post(f"/acme/settings/sso/{world.provider.pk}/change/", sent)
        after = provider(world, pk=world.provider.pk)
        assert (after.name, after.issuer) == (NAME, world.fake.issuer)


class TestSaml:
    @pytest.fixture
    def saml(self, tmp_path_factory, world, monkeypatch):
        with fake_saml.provider(tmp_path_factory.mktemp("saml")) as fake:
            monkeypatch.setenv("VALLUM_EGRESS_ALLOW", fake.site.opening)
            monkeypatch.setenv("SSL_CERT_FILE", str(fake.site.authority))
            yield fake

    def file(self, text):
        return SimpleUploadedFile("metadata.xml", text.encode(), content_type="application/xml")

    def test_by_file(self, alice, world, saml):
        form = {"name": NAME, "role": "developer", "metadata": self.file(saml.metadata())}
        answer = alice.post("/acme/settings/sso/add/saml/", form)
        made = provider(world, name=NAME)
        assert (made.kind, made.issuer, made.metadata) == ("saml", saml.entity, saml.metadata())
        page = alice.get(answer.headers["Location"]).content.decode()
        assert f"/accounts/sso/{made.pk}/metadata/" in page
        assert f"/accounts/sso/{made.pk}/acs/" in page
        assert "Certificate ends" in page

    def test_by_address(self, alice, world, saml):
        alice.post("/acme/settings/sso/add/saml/", {"name": NAME, "role": "developer", "metadata_url": saml.entity})
        made = provider(world, name=NAME)
        assert (made.issuer, made.metadata_url) == (saml.entity, saml.entity)

    @pytest.mark.asvs("1.3.6")
    @pytest.mark.parametrize(
        ("form", "words"),
        [
            ({}, "one of the two"),
            ({"metadata_url": "https://169.254.169.254/"}, "could not be fetched"),
            ({"metadata_url": "http://login.example.test/"}, "could not be fetched"),
            ({"metadata_url": "file:///etc/passwd"}, "could not be fetched"),
            ({"metadata_url": "{fake}/nothing"}, "could not be fetched"),
            ({"metadata": "hello"}, "no metadata"),
            ({"metadata": "x" * 300_000}, "At most 256 KiB"),
        ],
    )
    def test_what_makes_no_provider(self, alice, world, saml, form, words):
        sent = {
            name: self.file(value) if name == "metadata" else value.replace("{fake}", saml.site.url)
            for name, value in form.items()
        }
        answer = alice.post("/acme/settings/sso/add/saml/", {"name": NAME, "role": "developer", **sent})
        assert answer.status_code == 422
        assert words in answer.content.decode()

    def test_a_change_keeps_metadata_that_is_not_given_anew(self, alice, world, saml):
        made = add_saml(world.elsewhere, world.charlie, saml)  # another organization's is not touched
        known = services.add(
            world.org, world.alice, kind="saml", name=NAME, issuer=saml.entity, metadata=saml.metadata()
        )
        alice.post(f"/acme/settings/sso/{known.pk}/change/", {"name": "Renamed", "role": "auditor"})
        after = provider(world, pk=known.pk)
        assert (after.name, after.role, after.metadata) == ("Renamed", "auditor", saml.metadata())
        assert alice.post(f"/acme/settings/sso/{made.pk}/change/", {"name": "x", "role": "auditor"}).status_code == 404

    @pytest.mark.asvs("6.8.1")
    def test_new_metadata_is_the_same_providers(self, alice, world, saml):
        known = add_saml(world.org, world.alice, saml)
        other = saml.metadata().replace(f'entityID="{saml.entity}"', 'entityID="https://other.example.test"')
        form = {"name": NAME, "role": "developer", "metadata": self.file(other)}
        answer = alice.post(f"/acme/settings/sso/{known.pk}/change/", form)
        assert answer.status_code == 422
        assert "add that one as another provider" in answer.content.decode()
        again = {**form, "metadata": self.file(saml.metadata())}
        assert alice.post(f"/acme/settings/sso/{known.pk}/change/", again).status_code == 302

    def test_a_test_shows_what_was_said(self, alice, world, saml):
        known = services.add(
            world.org, world.alice, kind="saml", name=NAME, issuer=saml.entity, metadata=saml.metadata()
        )
        answer = post_back(alice, saml, onward(alice.post(f"/acme/settings/sso/{known.pk}/test/")))
        page = alice.get(answer.headers["Location"]).content.decode()
        assert "Its answer is genuine" in page
        assert re.search(r"ada@acme\.test, verified", page)
        assert "picture" in page
        assert "cdn.test" not in page


class TestTesting:
    def travel(self, alice, world, **person):
        if person:
            world.fake.person = Person(**person)
        url = onward(alice.post(f"/acme/settings/sso/{world.provider.pk}/test/"))
        answer = come_back(alice, world.fake, url)
        assert path(answer) == f"/acme/settings/sso/{world.provider.pk}/tested/"
        page = alice.get(answer.headers["Location"])
        again = alice.get(answer.headers["Location"])
        assert (page.status_code, again.status_code) == (200, 302)
        return page.content.decode()

    def test_it_shows_what_is_kept_and_names_what_is_dropped(self, alice, world):
        page = self.travel(alice, world)
        for kept in ("ada-1", "ada@acme.test, verified", "Ada Lovelace", "would have made this person a member"):
            assert kept in page
        for dropped in ("groups", "phone_number", "picture"):
            assert f">{dropped}<" in page
        assert "+44 1" not in page
        assert "cdn.test" not in page

    def test_it_signs_nobody_in_and_makes_nobody(self, alice, world):
        self.travel(alice, world)
        assert b"alice@example.test" in alice.get("/accounts/profile/").content
        with scope(world.org.pk):
            assert not SsoIdentity.objects.of(world.org).exists()
        assert [event.subject for event in events(world.org, "sso.tested")][-1] == world.provider.pk

    def test_it_says_what_would_be_refused(self, alice, world):
        assert "does not say that your email address was verified" in self.travel(alice, world, email_verified=False)
        assert "not in a domain of this organization" in self.travel(alice, world, email="ada@elsewhere.test")

    def test_it_says_what_exactly_was_wrong(self, alice, world):
        world.fake.poison = Poison.WRONG_AUDIENCE
        page = self.travel(alice, world)
        assert "It was refused" in page
        assert "The ID token was refused: Audience doesn" in page

    def test_only_the_session_that_asked_sees_it(self, alice, world):
        url = onward(alice.post(f"/acme/settings/sso/{world.provider.pk}/test/"))
        other = Browser("bob@example.test")
        other.sign_in()
        assert come_back(other, world.fake, url).status_code == 403


class TestSwitches:
    def switch(self, alice, world, to, which=None):
        key = (which or world.provider).pk
        answer = alice.post(f"/acme/settings/sso/{key}/switch/", {"to": to})
        return alice.get(answer.headers["Location"]).content.decode()

    def test_one_is_in_use_at_a_time(self, alice, world):
        other = add_oidc(world.org, world.alice, world.fake)
        assert [p.pk for p in self.used(world)] == [other.pk]
        self.switch(alice, world, "on")
        assert [p.pk for p in self.used(world)] == [world.provider.pk]
        self.switch(alice, world, "off")
        assert self.used(world) == []

    def used(self, world):
        with scope(world.org.pk):
            return list(IdentityProvider.objects.of(world.org).filter(enabled=True))

    def test_what_was_never_tested_is_not_switched_on(self, alice, world):
        untested = services.add(world.org, world.alice, kind="oidc", name=NAME, issuer="https://login.example.test")
        assert "Test the provider first" in self.switch(alice, world, "on", untested)
        assert [p.pk for p in self.used(world)] == [world.provider.pk]

    def test_it_can_be_required_once_an_owner_has_a_second_factor(self, alice, world):
        assert "No owner has a second factor" in self.switch(alice, world, "required")
        alice.add_app()
        alice.post("/accounts/2fa/reauthenticate/", {"code": alice.code()})
        page = self.switch(alice, world, "required")
        assert "It is in use, and required" in page
        assert provider(world, pk=world.provider.pk).enforced
        self.switch(alice, world, "not_required")
        assert not provider(world, pk=world.provider.pk).enforced
        assert [event.kind for event in events(world.org, "sso.required", "sso.not_required")] == [
            "sso.required",
            "sso.not_required",
        ]

    def test_it_cannot_be_required_without_a_proved_domain(self, alice, world):
        alice.add_app()
        alice.post("/accounts/2fa/reauthenticate/", {"code": alice.code()})
        with scope(world.org.pk):
            type(world.domain).objects.of(world.org).update(verified_at=None)
        assert "Prove a domain first" in self.switch(alice, world, "required")

    def test_a_button_of_no_page_changes_nothing(self, alice, world):
        assert "Nothing was changed" in self.switch(alice, world, "everything")

    def test_removed_with_whom_it_knew(self, alice, world, trip):
        trip(Browser())
        alice.post(f"/acme/settings/sso/{world.provider.pk}/remove/")
        with scope(world.org.pk):
            assert not SsoIdentity.objects.of(world.org).exists()
            assert not IdentityProvider.objects.of(world.org).exists()

    def test_untied_an_identity_is_free(self, alice, world, trip):
        trip(Browser())
        with scope(world.org.pk):
            known = SsoIdentity.objects.of(world.org).get()
        assert "ada-1" in alice.get(f"/acme/settings/sso/{world.provider.pk}/").content.decode()
        alice.post(f"/acme/settings/sso/identities/{known.pk}/untie/")
        world.fake.person = Person(subject="ada-2")
        assert path(trip(Browser())) == "/acme/"


@pytest.mark.asvs("7.5.3")
def test_a_change_asks_to_prove_again_who_one_is(world, alice):
    with travelled(timedelta(minutes=11)):
        for address in ("add/oidc/", "add/saml/", f"{world.provider.pk}/change/"):
            assert path(alice.get(f"/acme/settings/sso/{address}")) == "/accounts/reauthenticate/"
        assert path(alice.post("/acme/settings/sso/domains/", {"name": "a.example"})) == "/accounts/reauthenticate/"
        assert alice.get("/acme/settings/sso/").status_code == 200


def test_another_organizations_things_are_missing(world, alice):
    domain = prove(world.elsewhere, "elsewhere.example")
    theirs = services.add(world.elsewhere, world.charlie, kind="oidc", name="x", issuer="https://l.example.test")
    gone = alice.get("/nothing-at-all/").content
    for address in (
        f"{theirs.pk}/switch/",
        f"{theirs.pk}/test/",
        f"{theirs.pk}/remove/",
        f"domains/{domain.pk}/check/",
        f"domains/{domain.pk}/remove/",
    ):
        answer = alice.post(f"/acme/settings/sso/{address}", {"to": "on"})
        assert (answer.status_code, answer.content) == (404, gone)
