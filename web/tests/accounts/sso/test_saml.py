"""Sign-in by SAML, from our page to a provider that speaks the protocol and back."""

from datetime import timedelta
from types import SimpleNamespace
from urllib.parse import parse_qs, urlsplit

import making
import pytest
from django.test import Client
from vouching import add_saml, carried, onward, path, post_back, prove, signed_in_as

from dev.fakes import saml as fake_saml
from dev.fakes.saml import AS_EMAIL, Person, Poison
from vallum_web.accounts.models import Acceptance, IdentityProvider, Membership, SsoAnswer, SsoIdentity, User
from vallum_web.accounts.sso import saml, services
from vallum_web.accounts.sso.errors import WORDS, Reason, UnusableError
from vallum_web.tenancy.clock import travelled
from vallum_web.tenancy.scope import scope


@pytest.fixture
def there(people: SimpleNamespace, tmp_path):
    """The people, Acme's SAML provider in use, and `fake`, which plays it."""
    with fake_saml.provider(tmp_path) as fake:
        people.fake = fake
        people.provider = add_saml(people.org, people.alice, fake)
        people.domain = prove(people.org, "acme.test")
        yield people


def leave(browser, who="ada@acme.test"):
    return onward(browser.post("/accounts/sso/", {"who": who}))


def reads(answer, reason):
    assert answer.status_code == 403, answer.content.decode()
    assert WORDS[reason].partition(".")[0] in answer.content.decode().replace("&#x27;", "'")


def test_a_newcomer_becomes_a_member_by_signing_in(there, live_rows):
    browser = Client()
    answer = post_back(browser, there.fake, leave(browser))
    assert (answer.status_code, path(answer)) == (302, "/acme/")
    making.accept(browser)
    assert browser.get("/acme/").status_code == 200
    user = User.objects.get(email="ada@acme.test")
    assert set(Acceptance.objects.filter(user=user.pk).values_list("method", flat=True)) == {"sso"}
    assert (user.name, user.has_usable_password()) == ("Ada Lovelace", False)
    with scope(there.org.pk):
        assert Membership.objects.of(there.org).get(user=user).role == "developer"
        assert SsoIdentity.objects.of(there.org).get().subject == "ada-1"
        # What was said is gone as soon as it was read; that it was used is kept while it counts.
        assert SsoAnswer.objects.of(there.org).get().said is None
    for canary in ("cdn.test", "+44 1"):
        assert canary not in live_rows()
        assert canary not in str(dict(browser.session))
    (asked,) = there.fake.asked
    assert asked.consumer == f"http://testserver/accounts/sso/{there.provider.pk}/acs/"
    assert asked.audience == f"http://testserver/accounts/sso/{there.provider.pk}/metadata/"
    assert not asked.force


def test_the_second_time_nothing_is_made(there):
    first, second = Client(), Client()
    post_back(first, there.fake, leave(first))
    assert path(post_back(second, there.fake, leave(second))) == "/acme/"
    assert User.objects.filter(email="ada@acme.test").count() == 1


def test_an_address_as_the_name(there):
    there.fake.person = Person(name_id="ada@acme.test", name_format=AS_EMAIL, email="", name="", more={})
    browser = Client()
    assert path(post_back(browser, there.fake, leave(browser))) == "/acme/"
    assert signed_in_as(browser) == "ada@acme.test"


def test_a_comment_inside_a_name_cuts_nothing_off(there):
    """Readers that stop at the comment would see somebody else's address."""
    there.fake.person = Person(
        name_id="ada@acme.test<!-- -->.evil.test", name_format=AS_EMAIL, email="", name="", more={}
    )
    browser = Client()
    reads(post_back(browser, there.fake, leave(browser)), Reason.FOREIGN_DOMAIN)


EXCEPTIONS = {Poison.WRONG_REQUEST: Reason.EXPIRED}


@pytest.mark.asvs("6.8.2", "1.5.1", "10.5.4")
@pytest.mark.parametrize("poison", list(Poison), ids=lambda poison: poison.replace(" ", "-"))
def test_a_lie_signs_nobody_in(there, poison):
    there.fake.poison = poison
    browser = Client()
    reads(post_back(browser, there.fake, leave(browser)), EXCEPTIONS.get(poison, Reason.NOT_GENUINE))
    assert signed_in_as(browser) == ""
    assert not User.objects.filter(email__in=["ada@acme.test", "owner@acme.test"]).exists()
    with scope(there.org.pk):
        assert not SsoIdentity.objects.of(there.org).exists()


@pytest.mark.asvs("6.8.3")
class TestAnswersToOthers:
    def test_an_assertion_counts_once(self, there):
        browser = Client()
        action, posted = carried(there.fake, leave(browser))
        first = Client().post(action, {"SAMLResponse": posted})
        reads(Client().post(action, {"SAMLResponse": posted}), Reason.REPLAYED)
        assert path(browser.get(first.headers["Location"])) == "/acme/"
        # Its ticket too.
        reads(browser.get(first.headers["Location"]), Reason.EXPIRED)

    def test_an_assertion_is_remembered_while_it_counts(self, there):
        browser = Client()
        action, posted = carried(there.fake, leave(browser))
        Client().post(action, {"SAMLResponse": posted})
        with travelled(timedelta(minutes=4)):
            services.forget_answers()
            with scope(there.org.pk):
                assert SsoAnswer.objects.of(there.org).get().said
        with travelled(timedelta(minutes=6)):
            services.forget_answers()
            with scope(there.org.pk):
                assert SsoAnswer.objects.of(there.org).get().said is None
        with travelled(timedelta(minutes=20)):
            services.forget_answers()
            with scope(there.org.pk):
                assert not SsoAnswer.objects.of(there.org).exists()

    def test_an_answer_counts_in_the_session_that_asked(self, there):
        action, posted = carried(there.fake, leave(Client()))
        answer = Client().post(action, {"SAMLResponse": posted})
        victim = Client()
        reads(victim.get(answer.headers["Location"]), Reason.EXPIRED)
        assert signed_in_as(victim) == ""

    def test_an_answer_counts_for_ten_minutes(self, there):
        browser = Client()
        url = leave(browser)
        with travelled(timedelta(minutes=11)):
            reads(post_back(browser, there.fake, url), Reason.EXPIRED)

    @pytest.mark.asvs("7.6.2")
    def test_an_answer_that_nobody_asked_for_only_leads_to_our_page(self, there):
        browser = Client()
        url = leave(browser)
        there.fake.solicited = False
        action, posted = carried(there.fake, url)
        answer = browser.post(action, {"SAMLResponse": posted})
        assert answer.headers["Location"] == "/accounts/sso/at/acme/"
        assert signed_in_as(browser) == ""
        with scope(there.org.pk):
            assert not SsoAnswer.objects.of(there.org).exists()

    def test_an_answer_for_one_of_our_providers_is_none_for_another(self, there):
        other = add_saml(there.elsewhere, there.charlie, there.fake)
        browser = Client()
        _, posted = carried(there.fake, leave(browser))
        reads(browser.post(f"/accounts/sso/{other.pk}/acs/", {"SAMLResponse": posted}), Reason.NOT_GENUINE)


def test_what_we_say_of_ourselves_is_what_a_provider_can_load(there):
    answer = Client().get(f"/accounts/sso/{there.provider.pk}/metadata/")
    text = answer.content.decode()
    assert answer.headers["Content-Type"] == "application/samlmetadata+xml"
    assert f'entityID="http://testserver/accounts/sso/{there.provider.pk}/metadata/"' in text
    assert 'WantAssertionsSigned="true"' in text
    assert f"/accounts/sso/{there.provider.pk}/acs/" in text


def test_the_request_carries_nothing_but_itself(there):
    query = parse_qs(urlsplit(leave(Client())).query, keep_blank_values=True)
    assert query.keys() == {"SAMLRequest", "RelayState"}
    assert query["RelayState"] == [""]


@pytest.fixture(scope="module")
def fake(tmp_path_factory):
    with fake_saml.provider(tmp_path_factory.mktemp("saml")) as running:
        yield running


BROKEN = [
    pytest.param(lambda fake: "hello", "no metadata", id="no XML"),
    pytest.param(lambda fake: "<a/>", "one identity provider", id="another document"),
    pytest.param(lambda fake: f"<!DOCTYPE a>{fake.metadata()}", "no metadata", id="a document type"),
    pytest.param(
        lambda fake: f'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>{fake.metadata()}',
        "no metadata",
        id="an external entity",
    ),
    pytest.param(
        lambda fake: (
            f'<md:EntitiesDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata">{fake.metadata() * 2}'
            "</md:EntitiesDescriptor>"
        ),
        "one identity provider",
        id="a whole federation",
    ),
    pytest.param(lambda fake: fake.metadata(wants_signed=True), "signed requests", id="signed requests wanted"),
    pytest.param(lambda fake: fake.metadata(binding="HTTP-POST"), "HTTP-Redirect", id="no redirect binding"),
    pytest.param(lambda fake: fake.metadata().replace("https:", "http:"), "https://", id="not encrypted"),
    pytest.param(lambda fake: fake.metadata().replace("https:", "javascript:"), "https://", id="a script"),
    pytest.param(
        lambda fake: fake.metadata(certificate=fake_saml.pair(1024).certificate), "2048 bits", id="a short key"
    ),
    pytest.param(
        lambda fake: fake.metadata(certificate="-----A-----\nAAAA\n-----B-----"), "cannot be read", id="no certificate"
    ),
    pytest.param(
        lambda fake: fake.metadata().replace('entityID="', 'entityID="' + "x" * 600), "500 characters", id="long name"
    ),
]


@pytest.mark.parametrize(("write", "words"), BROKEN)
def test_metadata_that_makes_no_provider(fake, write, words):
    with pytest.raises(UnusableError, match=words):
        saml.parsed(write(fake).encode())


def test_metadata_that_does(fake):
    found = saml.parsed(fake.metadata().encode())
    assert (found.entity, found.sign_in) == (fake.entity, f"{fake.site.url}/sign-in")
    assert found.good_until is not None


def test_a_provider_of_the_other_protocol_is_missing(there):
    gone = Client().get("/nothing-at-all/x/")
    for what in ("callback", "finish"):
        other = "saml" if what == "callback" else "oidc"
        with scope(there.org.pk):
            IdentityProvider.objects.of(there.org).filter(pk=there.provider.pk).update(kind=other)
        answer = Client().get(f"/accounts/sso/{there.provider.pk}/{what}/")
        assert (answer.status_code, answer.content) == (404, gone.content)
