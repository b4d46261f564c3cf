"""The bell and the notices: driven by keys, read with the time as proof, readable in light and dark."""

import making
import pytest
from django.db import connections
from django.test import Client
from looking import barriers

from vallum_web.mail import notices
from vallum_web.mail.letters import Letter, sample

pytestmark = pytest.mark.browser


@pytest.fixture
def alice(site, page):
    """A window in which Alice is signed in, who was told of three things."""
    people = making.people()
    notices.post(people.alice.pk, "security", Letter(subject="Somebody signed in to your account", text="From Oslo.\n"))
    notices.post(people.alice.pk, "alert", sample("alert"), org=people.org.pk)
    notices.post(people.alice.pk, "policy", sample("policy_change"), about="privacy-2")
    browser = Client()
    browser.force_login(people.alice)
    page.context.add_cookies([{"name": "session", "value": browser.cookies["session"].value, "url": site}])
    connections.close_all()
    return people.alice


def test_notices_are_read_by_keys(page, alice):
    page.goto("/acme/")
    page.keyboard.press("n")
    page.wait_for_url("**/notices/")
    assert page.get_by_label("Notices, 3 not read").is_visible()
    assert barriers(page, "notices") == []
    # The newest is what the law asks to be told: its row opens, and says nothing by itself.
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="I have read this").wait_for()
    assert barriers(page, "notice-legal") == []
    page.keyboard.press("r")
    page.get_by_text("read on").wait_for()
    page.goto("/notices/")
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("r")
    page.get_by_label("Notices, 1 not read").wait_for()
    page.keyboard.press("a")
    page.get_by_label("Notices, 0 not read").wait_for()
    page.goto("/notices/?show=unread")
    assert barriers(page, "notices-none") == []
