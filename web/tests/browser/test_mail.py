"""Mails as a reader sees them, and the pages about mails: readable in light and dark, and nothing is fetched for a mail."""

import making
import pytest
from django.core.management import call_command
from django.db import connections
from django.test import Client
from looking import barriers, put
from mailing import come_back

from vallum_web.mail import letters, links, services
from vallum_web.mail.letters import Letter
from vallum_web.mail.models import Message
from vallum_web.tenancy import clock
from vallum_web.tenancy.scope import outbox

pytestmark = pytest.mark.browser


@pytest.fixture
def olga(site, page, settings, monkeypatch):
    """A window in which an operator is signed in, whose own mails come back; and mails of every fate."""
    settings.DEFAULT_FROM_EMAIL = "Vallum <mail@acme.example>"
    monkeypatch.setenv("VALLUM_NAMESERVERS", "127.0.0.1:9")
    making.people()
    olga = making.person("olga@example.test", name="Olga")
    call_command("operator", "add", "olga@example.test")
    for number, state in enumerate(Message.State.values):
        said = Letter(subject="Hello", text="Hello.\n")
        key = services.queue(kind="security", to=f"p{number}@example.test", letter=said)
        with outbox():
            why = "" if state in {"queued", "sent", "delivered"} else "no answer"
            complained = clock.now() if state == "delivered" else None
            Message.objects.filter(pk=key).update(state=state, why=why, complained_at=complained)
    come_back("olga@example.test")
    browser = Client()
    browser.force_login(olga)
    page.context.add_cookies([{"name": "session", "value": browser.cookies["session"].value, "url": site}])
    connections.close_all()
    return olga


def test_a_mail_fetches_nothing_and_can_be_read(page, site, settings):
    settings.INBOX_PAGE = True
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    for name in letters.shapes():
        asked.clear()
        page.goto(f"/inbox/letters/{name}/")
        assert asked == [f"{site}/inbox/letters/{name}/"]
        assert page.evaluate("performance.getEntriesByType('resource').length") == 0
    page.goto("/inbox/letters/alert/")
    assert barriers(page, "letter-alert") == []
    put(page, "light", 1440)
    light = page.evaluate("getComputedStyle(document.body).backgroundColor")
    put(page, "dark", 1440)
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != light


def test_the_pages_about_mails(page, olga, settings):
    settings.INBOX_PAGE = True
    leave = links.unsubscribe(olga.pk, "alert").removeprefix(settings.PUBLIC_URL)
    found = []
    for name, path in (("mails", "/accounts/mails/"), ("leave", leave), ("previews", "/inbox/letters/")):
        page.goto(path)
        found += barriers(page, name)
    page.get_by_role("link", name="Go to the inbox").click()
    page.goto("/operator/mail/")
    if "/reauthenticate" in page.url:
        page.get_by_label("Password").fill("correct horse battery")
        page.keyboard.press("Enter")
        page.wait_for_url("**/operator/mail/")
    found += barriers(page, "operator-mail")
    page.goto("/operator/mail/domain/")
    page.get_by_role("button", name="Ask the DNS").click()
    page.get_by_role("heading", name="DMARC").wait_for()
    found += barriers(page, "operator-domain")
    page.goto(leave)
    page.get_by_role("button", name="Send me no more of these").click()
    page.get_by_role("heading", name="You get no more of these").wait_for()
    assert found == []
