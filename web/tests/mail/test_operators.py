"""The operators' pages of mail: counts and decisions, without anybody's address; and what is published of the domain."""

from datetime import timedelta

import making
import pytest
from django.core.management import call_command
from django.test import Client
from mailing import come_back

from dev.fakes.dns import SERVER_FAILURE, Nameserver, Reply
from vallum_web.mail import queries, services
from vallum_web.mail.letters import Letter
from vallum_web.mail.models import Message
from vallum_web.tenancy import clock
from vallum_web.tenancy.models import PlatformDeparture
from vallum_web.tenancy.scope import outbox

pytestmark = pytest.mark.django_db
PAGE, DOMAIN = "/operator/mail/", "/operator/mail/domain/"


@pytest.fixture
def olga(people, signed_in):
    """An operator's browser."""
    olga = making.person("olga@example.test", name="Olga")
    call_command("operator", "add", "olga@example.test")
    return signed_in(olga)


def write(kind="security", **values):
    key = services.queue(kind=kind, to="bob@acme.test", letter=Letter(subject="Secret subject", text="Hello.\n"))
    with outbox():
        Message.objects.filter(pk=key).update(**values)
    return key


def test_they_see_how_mails_fare_and_nobodys_address(olga, provider):
    unknown = write(state="unknown", why="no answer")
    write(state="delivered")
    spam = write(state="delivered", complained_at=clock.now())
    page = olga.get(PAGE).content.decode()
    assert "Resend, as Vallum" in page
    assert f"/operator/mail/{unknown}/again/" in page
    assert f"/operator/mail/{spam}/reviewed/" in page
    assert "no answer" in page
    assert "bob@acme.test" not in page
    assert "Secret subject" not in page
    assert olga.post(f"/operator/mail/{unknown}/again/")["Location"] == PAGE
    assert olga.post(f"/operator/mail/{unknown}/again/").status_code == 404
    assert olga.post(f"/operator/mail/{spam}/reviewed/")["Location"] == PAGE
    page = olga.get(PAGE).content.decode()
    assert page.count("<p>None.</p>") == 2


def test_an_operator_lifts_what_keeps_mails_from_an_address(olga):
    come_back("bob@acme.test")
    assert "1 that mails come back from" in olga.get(PAGE).content.decode()
    olga.post("/operator/mail/lift/", {"address": "bob@acme.test"})
    assert queries.suppressed("bob@acme.test") == ""
    assert "Nothing keeps mails" in olga.post("/operator/mail/lift/", {"address": "x"}, follow=True).content.decode()


def test_it_says_that_no_mail_leaves(olga):
    assert "No mail leaves" in olga.get(PAGE).content.decode()


def test_for_everybody_else_there_is_no_such_page(people, signed_in):
    key = write(state="unknown")
    for path in (
        PAGE,
        DOMAIN,
        f"/operator/mail/{key}/again/",
        f"/operator/mail/{key}/reviewed/",
        "/operator/mail/lift/",
    ):
        for method in ("get", "post"):
            assert getattr(signed_in(people.alice), method)(path).status_code in {404, 405}
            assert getattr(Client(), method)(path).status_code in {302, 405}


def test_the_domain_is_asked_about_through_the_guard(olga, settings, monkeypatch, provider):
    settings.DEFAULT_FROM_EMAIL = "Vallum <mail@acme.example>"
    with Nameserver() as dns:
        monkeypatch.setenv("VALLUM_NAMESERVERS", f"127.0.0.1:{dns.place[1]}")
        dns.publish("send.acme.example", "TXT", "v=spf1 include:amazonses.com ~all")
        dns.publish("_dmarc.acme.example", "TXT", "v=DMARC1; p=none; rua=mailto:<b>@acme.example")
        dns.say("resend._domainkey.acme.example", "TXT", Reply(rcode=SERVER_FAILURE))
        assert "<h2>What is published" not in olga.get(DOMAIN).content.decode()
        assert dns.asked == []
        page = olga.post(DOMAIN, {"selector": "resend"}).content.decode()
    for words in ("as it has to be", "could be stricter", "could not be asked", "mailto:&lt;b&gt;"):
        assert words in page
    assert PlatformDeparture.objects.filter(purpose="mail domain").count() == 3
    assert olga.post(DOMAIN, {"selector": "a b"}).status_code == 422


def test_counts_are_of_thirty_days(olga):
    write(state="unknown", written_at=clock.now() - timedelta(days=31))
    page = olga.get(PAGE).content.decode()
    assert '<td class="grow">Nobody knows</td><td class="fit num">0</td>' in page
