"""Proving a domain: by a text in DNS, by a file on its website, and what becomes of it when the proof is gone."""

from datetime import timedelta

import pytest
from browsing import Browser
from mailing import pairs
from vouching import events

from dev.fakes.dns import REFUSED, SERVER_FAILURE, Nameserver, Reply
from dev.fakes.loopback import Answer
from dev.fakes.proxy import carrying
from dev.fakes.site import running
from vallum_web.accounts.models import Domain
from vallum_web.accounts.sso import domains
from vallum_web.accounts.sso.domains import FILE, Seen, TakenError, TooManyError, refused
from vallum_web.tenancy.clock import now, travelled
from vallum_web.tenancy.scope import scope

NAME = "acme.example"


@pytest.fixture
def dns(monkeypatch):
    with Nameserver() as server:
        host, port = server.place
        monkeypatch.setenv("VALLUM_NAMESERVERS", f"{host}:{port}")
        yield server


@pytest.fixture
def domain(people):
    return domains.add(people.org, people.alice, NAME)


def text(domain):
    return f"vallum-verification={domain.challenge}"


def state(org, key):
    with scope(org.pk):
        return Domain.objects.of(org).get(pk=key)


@pytest.mark.parametrize("where", [f"_vallum.{NAME}", NAME])
def test_a_text_in_dns(people, dns, domain, where):
    dns.publish(where, "TXT", "v=spf1 -all", text(domain))
    assert domains.check(people.org.pk, domain.pk, people.alice).seen is Seen.PROVED
    after = state(people.org, domain.pk)
    assert after.verified_at is not None
    assert after.checked_at is not None
    assert [event.data for event in events(people.org, "sso.domain_verified")] == [{"domain": NAME}]


LIES = [
    pytest.param(lambda d: [], id="nothing"),
    pytest.param(lambda d: ["vallum-verification="], id="an empty challenge"),
    pytest.param(lambda d: [d.challenge], id="the challenge alone"),
    pytest.param(lambda d: [f"vallum-verification={d.challenge}x"], id="a longer one"),
    pytest.param(lambda d: [f"x vallum-verification={d.challenge}"], id="something before it"),
    pytest.param(lambda d: [f"vallum-verification={d.challenge.upper()}"], id="other letters"),
    pytest.param(lambda d: ["vallum-verification=" + "0" * 40], id="another one"),
]


@pytest.mark.parametrize("said", LIES)
def test_another_text_is_no_proof(people, dns, domain, said):
    dns.publish(NAME, "TXT", *said(domain))
    assert domains.check(people.org.pk, domain.pk).seen is Seen.ABSENT
    assert state(people.org, domain.pk).verified_at is None


def test_two_organizations_have_challenges_of_their_own(people, dns, domain):
    theirs = domains.add(people.elsewhere, people.charlie, NAME)
    dns.publish(NAME, "TXT", text(theirs))
    assert domains.check(people.org.pk, domain.pk).seen is Seen.ABSENT


def test_a_domain_has_one_owner(people, dns, domain):
    """Whoever proves it second has to wait until the first lets go."""
    theirs = domains.add(people.elsewhere, people.charlie, NAME)
    dns.publish(NAME, "TXT", text(domain), text(theirs))
    domains.check(people.elsewhere.pk, theirs.pk)
    with pytest.raises(TakenError, match=r"Another organization has proved acme\.example"):
        domains.check(people.org.pk, domain.pk)
    assert state(people.org, domain.pk).verified_at is None
    domains.remove(theirs, people.charlie)
    assert domains.check(people.org.pk, domain.pk).seen is Seen.PROVED


@pytest.fixture
def website(monkeypatch, tmp_path):
    """The domain's own website, reached by an operator's proxy."""
    with running(tmp_path, NAME) as site, carrying(site.port) as (address, asked):
        monkeypatch.setenv("VALLUM_HTTPS_PROXY", address)
        monkeypatch.setenv("SSL_CERT_FILE", str(site.authority))
        site.names = asked
        yield site


def test_a_file_on_the_website(people, dns, domain, website):
    website.pages[FILE] = Answer(body=text(domain).encode() + b"\n")
    assert domains.check(people.org.pk, domain.pk).seen is Seen.PROVED
    assert website.names == [f"{NAME}:443"]


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(lambda d: Answer(status=404, body=text(d).encode()), id="missing"),
        pytest.param(lambda d: Answer(body=b"<p>" + text(d).encode()), id="inside a page"),
        pytest.param(lambda d: Answer(body=text(d).encode() + b"\n" * 5000), id="too long"),
        pytest.param(
            lambda d: Answer(status=302, headers={"Location": f"https://{NAME}/other"}, body=text(d).encode()),
            id="a redirect, which anybody may have made",
        ),
    ],
)
def test_another_file_is_no_proof(people, dns, domain, website, answer):
    website.pages[FILE] = website.pages["/other"] = answer(domain)
    assert domains.check(people.org.pk, domain.pk).seen is Seen.ABSENT


class TestLater:
    @pytest.fixture
    def proved(self, people, dns, domain):
        dns.publish(NAME, "TXT", text(domain))
        domains.check(people.org.pk, domain.pk)
        return domain

    def mails(self):
        return pairs()

    def test_gone_once_the_owners_are_told_and_twice_it_is_lost(self, people, dns, proved):
        dns.forget(NAME)
        domains.check_all()
        assert state(people.org, proved.pk).verified_at is not None
        assert self.mails() == [("alice@example.test", f"The proof for {NAME} is gone")]
        with travelled(timedelta(days=1)):
            domains.check_all()
        after = state(people.org, proved.pk)
        assert (after.verified_at, after.misses) == (None, 0)
        assert self.mails()[1:] == [("alice@example.test", f"{NAME} is no longer proved to be yours")]
        (lost,) = events(people.org, "sso.domain_lost")
        assert (lost.actor, lost.data) == (None, {"domain": NAME})

    def test_back_in_time_it_stays(self, people, dns, proved):
        dns.forget(NAME)
        domains.check_all()
        dns.publish(NAME, "TXT", text(proved))
        domains.check_all()
        assert state(people.org, proved.pk).misses == 0
        dns.forget(NAME)
        domains.check_all()
        assert state(people.org, proved.pk).verified_at is not None

    @pytest.mark.parametrize(
        "reply",
        [Reply(rcode=SERVER_FAILURE), Reply(rcode=REFUSED)],
        ids=["it failed", "it refused"],
    )
    def test_dns_that_does_not_answer_says_nothing_for_a_week(self, people, dns, proved, reply):
        for name in (NAME, f"_vallum.{NAME}"):
            dns.say(name, "TXT", reply)
        for day in range(1, 7):
            with travelled(timedelta(days=day)):
                domains.check_all()
        assert state(people.org, proved.pk).misses == 0
        with travelled(timedelta(days=8)):
            domains.check_all()
        assert state(people.org, proved.pk).misses == 1

    def test_what_was_never_proved_is_not_looked_for(self, people, dns, proved):
        domains.add(people.org, people.alice, "other.example")
        dns.asked.clear()
        domains.check_all()
        assert {question.name for question in dns.asked} <= {NAME, f"_vallum.{NAME}"}


REFUSALS = [
    ("gmail.com", "Anybody can have an address"),
    ("outlook.com", "Anybody can have an address"),
    ("co.uk", "belong to many"),
    ("github.io", "belong to many"),
    ("com", "such as example.com"),
    ("localhost", "such as example.com"),
    ("127.0.0.1", "such as example.com"),
    ("acme..example", "such as example.com"),
    ("-acme.example", "such as example.com"),
    ("acme.example/path", "such as example.com"),
    ("user@acme.example", "such as example.com"),
    ("a" * 64 + ".example", "such as example.com"),
    ("m\u00fcnchen.example", "xn--"),
    ("acme.ex\u0430mple", "xn--"),
]


@pytest.mark.parametrize(("name", "words"), REFUSALS)
def test_domains_that_cannot_be_anybodys(name, words):
    assert words in refused(name)


@pytest.mark.parametrize("name", ["acme.example", "a.b.c.example", "xn--mnchen-3ya.example", "acme.co.uk", "1.example"])
def test_domains_that_can(name):
    assert refused(name) == ""


def test_there_is_an_end_to_naming(people):
    with scope(people.org.pk):
        Domain.objects.bulk_create(
            Domain(org=people.org, name=f"d{n}.example", challenge=str(n)) for n in range(domains.MOST)
        )
    with pytest.raises(TooManyError):
        domains.add(people.org, people.alice, NAME)


class TestPage:
    @pytest.fixture
    def alice(self, people):
        browser = Browser("alice@example.test")
        browser.sign_in()
        return browser

    def test_from_naming_to_proving(self, people, dns, alice):
        alice.post("/acme/settings/sso/domains/", {"name": " @Acme.Example. "})
        with scope(people.org.pk):
            domain = Domain.objects.of(people.org).get(name=NAME)
        page = alice.get("/acme/settings/sso/").content.decode()
        assert text(domain) in page
        assert f"_vallum.{NAME}" in page
        assert f"https://{NAME}{FILE}" in page
        check = f"/acme/settings/sso/domains/{domain.pk}/check/"
        assert b"The proof is not there yet" in alice.post(check, follow=True).content
        dns.publish(NAME, "TXT", text(domain))
        page = alice.post(check, follow=True).content.decode()
        assert "The domain is proved to be yours" in page
        assert text(domain) not in page
        alice.post(f"/acme/settings/sso/domains/{domain.pk}/remove/")
        assert NAME not in alice.get("/acme/settings/sso/").content.decode().partition("There is no domain yet")[2]

    def test_dns_that_does_not_answer_is_said_so(self, people, alice):
        domain = domains.add(people.org, people.alice, NAME)
        page = alice.post(f"/acme/settings/sso/domains/{domain.pk}/check/", follow=True).content.decode()
        assert "DNS did not answer, so nothing changed" in page

    def test_the_taken_one_is_said_so(self, people, dns, alice):
        domain = domains.add(people.org, people.alice, NAME)
        with scope(people.elsewhere.pk):
            Domain.objects.create(org=people.elsewhere, name=NAME, challenge="x", verified_at=now())
        dns.publish(NAME, "TXT", text(domain))
        page = alice.post(f"/acme/settings/sso/domains/{domain.pk}/check/", follow=True).content.decode()
        assert "Another organization has proved acme.example" in page

    def test_a_name_that_cannot_be_is_refused_in_its_form(self, people, alice):
        answer = alice.post("/acme/settings/sso/domains/", {"name": "gmail.com"})
        assert answer.status_code == 422
        assert b"Anybody can have an address at gmail.com" in answer.content
