"""Each fake as a process of its own, and its pages in a browser."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import requests
from playwright.sync_api import sync_playwright

from dev.fakes.loopback import Answer, serving
from dev.fakes.razorpay.api import Razorpay
from dev.tests.fakes.paying import open_shop

ROOT = Path(__file__).resolve().parents[3]
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "path", "status"),
    [("resend", "/inbox", 200), ("stripe", "/v1/customers", 401), ("razorpay", "/v1/plans", 401)],
)
def test_runs_as_a_process(name, path, status):
    command = [sys.executable, "-m", f"dev.fakes.{name}", "--port", "0"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            url = re.search(r"http://127\.0\.0\.1:\d+", process.stdout.readline())[0]
            assert requests.get(url + path, timeout=10).status_code == status
        finally:
            process.terminate()


@pytest.mark.slow
def test_a_hook_needs_its_secret():
    command = [sys.executable, "-m", "dev.fakes.stripe", "--hook", "http://127.0.0.1/"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, "belong together" in done.stderr) == (2, True)


@pytest.fixture
def window():
    if CHROMIUM is None:
        pytest.skip("no Chromium: install the package chromium")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page()
        page.set_default_timeout(30_000)
        yield page
        browser.close()


@pytest.fixture
def home():
    """Where a browser comes back to."""
    with serving(
        lambda _asked: Answer(body=b"<title>Back home</title>", headers={"Content-Type": "text/html"})
    ) as place:
        yield place.url


@pytest.mark.browser
@pytest.mark.slow
def test_a_buyer_at_stripe_fails_then_proves_it_and_pays(clock, window, home):
    with open_shop(clock) as shop:
        session = shop.checkout(shop.price(), success_url=f"{home}/?s={{CHECKOUT_SESSION_ID}}", cancel_url=f"{home}/no")
        window.goto(session.url)
        window.get_by_label("E-mail").fill("ada@acme.test")
        window.get_by_label("Card number").fill("4000 0000 0000 0002")
        window.get_by_role("button", name="Pay").click()
        assert "generic_decline" in window.get_by_role("alert").inner_text()
        window.get_by_role("link", name="Cancel").click()
        assert window.url == f"{home}/no"
        window.goto(session.url)
        window.get_by_label("E-mail").fill("ada@acme.test")
        window.get_by_label("Card number").fill("4000 0027 6000 3184")
        window.get_by_role("button", name="Pay").click()
        window.get_by_role("button", name="Yes, it is me").click()
        window.wait_for_url(f"{home}/?s={session.id}")
        assert shop.v1.checkout.sessions.retrieve(session.id).status == "complete"
        portal = shop.v1.billing_portal.sessions.create(
            {"customer": shop.v1.customers.list().data[0].id, "return_url": home}
        )
        window.goto(portal.url)
        window.get_by_role("button", name="Cancel").click()
        window.get_by_role("button", name="Keep").wait_for()
        assert shop.v1.subscriptions.list().data[0].cancel_at_period_end


@pytest.mark.browser
@pytest.mark.slow
def test_a_mandate_at_razorpay(clock, window):
    fake = Razorpay(clock=clock)
    item = {"name": "Pro", "amount": 1000, "currency": "INR"}
    with fake.open() as place:
        auth = next(iter(fake.keys.items()))
        plan = {"period": "monthly", "interval": 1, "item": item}
        made = requests.post(f"{place.url}/v1/plans", json=plan, auth=auth, timeout=10).json()
        asked = {"plan_id": made["id"], "total_count": 12}
        sub = requests.post(f"{place.url}/v1/subscriptions", json=asked, auth=auth, timeout=10).json()
        window.goto(sub["short_url"])
        window.get_by_role("button", name="Let the bank refuse").click()
        assert window.locator("#status").inner_text() == "created"
        window.get_by_label("Pay by").select_option("upi")
        window.get_by_role("button", name="Authorise").click()
        assert window.locator("#status").inner_text() == "active"
