"""The site on a port of its own, and a browser in front of it."""

import os
import shutil
import threading
from collections.abc import Iterator
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

import pytest
from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.core.handlers.wsgi import WSGIHandler
from django.db import connections
from playwright.sync_api import Browser, Page, sync_playwright

# The driver keeps an event loop in this thread, beside which Django would refuse to ask its database.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


class _Quiet(WSGIRequestHandler):
    def log_message(self, *_: Any) -> None:
        pass


class _Server(WSGIServer):
    def shutdown_request(self, request: Any) -> None:
        # Between two requests the thread holds no connection: the test's own database comes and goes.
        connections.close_all()
        super().shutdown_request(request)


@pytest.fixture
def site(live_database: Any, settings: Any) -> Iterator[str]:
    """The address of the site, which answers one request after another."""
    settings.ALLOWED_HOSTS = ["127.0.0.1"]
    settings.EMAIL_BACKEND = "vallum_web.mail.backend.OutboxBackend"  # Django's test set-up puts its own there
    server = _Server(("127.0.0.1", 0), _Quiet)
    server.set_app(StaticFilesHandler(WSGIHandler()))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    settings.PUBLIC_URL = f"http://127.0.0.1:{server.server_port}"
    yield settings.PUBLIC_URL
    server.shutdown()
    thread.join()
    server.server_close()


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
