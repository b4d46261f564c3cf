"""The pages of webhooks in a real browser: without JavaScript, in light and dark, wide and narrow, for everybody."""

import making
import pytest
from hooking import PATH, Hook
from looking import barriers
from served import sign_in

from dev.fakes.loopback import Answer
from dev.fakes.site import running

pytestmark = pytest.mark.browser
HOOKS = "/acme/settings/webhooks/"


@pytest.fixture
def people(live_database):
    return making.people()


@pytest.fixture
def receiver(tmp_path, monkeypatch):
    with running(tmp_path) as site:
        monkeypatch.setenv("VALLUM_EGRESS_ALLOW", site.opening)
        monkeypatch.setenv("SSL_CERT_FILE", str(site.authority))
        site.pages[PATH] = Answer(status=500, body=b"A long answer of a proxy that is out of order. " * 9)
        yield site


def test_without_javascript_a_webhook_is_made_and_tested(chromium, site, people, receiver):
    window = chromium.new_context(base_url=site, java_script_enabled=False).new_page()
    sign_in(window)
    window.get_by_role("link", name="Settings").click()
    window.get_by_role("link", name="Notifications").click()
    window.get_by_role("link", name="Webhooks").click()
    window.get_by_role("link", name="New webhook").click()
    window.get_by_label("Name", exact=True).fill("Our SIEM")
    window.get_by_label("Address").fill("https://10.0.0.7/in")
    window.get_by_label("Findings opened").check()
    window.get_by_role("button", name="Save").click()
    assert "10.0.0.7" in window.locator(".errorlist").inner_text()
    window.get_by_label("Address").fill(f"{receiver.url}{PATH}")
    window.get_by_role("button", name="Save").click()
    assert "whsec_" in window.get_by_role("heading", name="The secret").locator("..").inner_text()
    window.get_by_role("button", name="Send a test").click()
    window.get_by_text("goes out within seconds").wait_for()
    window.context.close()


def test_nobody_is_left_out(chromium, site, people, receiver):
    hook = Hook(
        people, f"{receiver.url}{PATH}", name="A receiver with quite a long name, as some of them have it", severity=3
    )
    Hook(people, f"{receiver.url}{PATH}", name="Other", occasions=("scan.failed",))
    made = hook.test()
    hook.work()
    window = chromium.new_context(base_url=site, bypass_csp=True).new_page()
    sign_in(window)
    found = []
    for name, path in (
        ("list", HOOKS),
        ("one", f"{HOOKS}{hook.pk}/"),
        ("new", f"{HOOKS}new/"),
        ("message", f"{HOOKS}deliveries/{made.pk}/"),
    ):
        window.goto(path)
        found += barriers(window, f"webhooks-{name}")
    window.context.close()
    assert found == []
