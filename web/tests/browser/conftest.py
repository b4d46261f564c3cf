"""A browser in front of the site."""

import os
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, sync_playwright
from served import site

__all__ = ["site"]  # the fixture

# The driver keeps an event loop in this thread, beside which Django would refuse to ask its database.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


# Not for the whole session: one driver at a time may run in a process, and other tests start their own.
@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("no Chromium: install the package chromium")
    with sync_playwright() as driver:
        flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=flags)
        yield browser
        browser.close()


@pytest.fixture
def page(site: str, chromium: Browser) -> Iterator[Page]:
    """A fresh window; the test fails when a page complains in its console or throws."""
    context = chromium.new_context(base_url=site, viewport={"width": 1440, "height": 900})
    window = context.new_page()
    complaints: list[str] = []
    window.on("console", lambda line: complaints.append(line.text) if line.type == "error" else None)
    window.on("pageerror", lambda error: complaints.append(str(error)))
    yield window
    context.close()
    assert complaints == []
