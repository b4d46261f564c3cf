"""The development inbox: for this machine alone."""

from io import StringIO

import making
import pytest
from django.core.management import call_command

from vallum_web.mail import services
from vallum_web.mail.letters import Letter


@pytest.fixture
def mail(db):
    text = "Open http://127.0.0.1/accounts/confirm/abc/ <script>x</script>"
    services.queue(kind="verification", to="alice@example.test", letter=Letter(subject="Confirm <b>", text=text))


def test_mails_are_read_without_signing_in(client, mail, settings):
    settings.INBOX_PAGE = True
    page = client.get("/inbox/").content.decode()
    assert 'href="http://127.0.0.1/accounts/confirm/abc/"' in page
    assert "Confirm &lt;b&gt;" in page
    assert "<script>x" not in page


def test_where_there_is_no_inbox_there_is_nothing(client, mail, settings):
    settings.INBOX_PAGE = False
    answer = client.get("/inbox/")
    assert answer.status_code == 404
    assert answer.content == client.get("/nothing/here/either/").content


def test_another_machine_finds_nothing(client, mail, settings):
    settings.INBOX_PAGE = True
    assert client.get("/inbox/", REMOTE_ADDR="192.0.2.7").status_code == 404


def test_the_operator_reads_them_on_the_command_line(mail):
    said = Letter(subject="For Bob", text="line one\x1b[2J\nline two")
    services.queue(kind="security", to="bob@example.test", letter=said)
    said = StringIO()
    call_command("outbox", "Bob@example.test", stdout=said)
    assert "to bob@example.test: For Bob" in said.getvalue()
    assert "line one\\x1b[2J\nline two" in said.getvalue()
    assert "alice" not in said.getvalue()
    call_command("outbox", stdout=said)
    assert "alice@example.test" in said.getvalue()


@pytest.mark.parametrize(("inbox", "where"), [(True, 'href="/inbox/"'), (False, "on its command line")])
def test_pages_that_speak_of_a_mail_say_where_it_is_kept(client, people, settings, inbox, where):
    settings.INBOX_PAGE = inbox
    asked = client.post("/accounts/password/reset/", {"email": "alice@example.test"}, follow=True)
    signed_up = client.post("/accounts/signup/", making.signup_form("dora@example.test"), follow=True)
    for answer in (client.get("/accounts/signup/"), client.get("/accounts/password/reset/"), asked, signed_up):
        page = answer.content.decode()
        assert answer.status_code == 200
        assert "sends no mail" in page
        assert where in page
        assert "spam" not in page


def test_an_empty_inbox_says_what_fills_it(client, db, settings):
    settings.INBOX_PAGE = True
    assert "No mail yet" in client.get("/inbox/").content.decode()
