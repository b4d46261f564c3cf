"""The development inbox: for this machine alone."""

import pytest

from vallum_web.mail import services


@pytest.fixture
def mail(db):
    services.write(
        "alice@example.test", "Confirm <b>", "Open http://127.0.0.1/accounts/confirm/abc/ <script>x</script>"
    )


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


def test_an_empty_inbox_says_what_fills_it(client, db, settings):
    settings.INBOX_PAGE = True
    assert "No mail yet" in client.get("/inbox/").content.decode()
