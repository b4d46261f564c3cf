"""The site on a port of its own."""

import threading
from collections.abc import Iterator
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

import pytest
from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.core.handlers.wsgi import WSGIHandler
from django.db import connections


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


def sign_in(page, email="alice@example.test", password="correct horse battery", to="/acme/"):
    """By the form and the keyboard, to their organization; without more as Alice of `making.people`."""
    page.goto("/accounts/login/")
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password").fill(password)
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{to}")


NEWCOMER, PASSWORD = "nora@example.test", "correct horse battery staple"


def sign_up(page):
    """As Nora Newcomer, whose address is then confirmed: to where she founds her organization."""
    page.goto("/accounts/signup/")
    page.get_by_label("Your name").fill("Nora Newcomer")
    page.get_by_label("Email").fill(NEWCOMER)
    page.get_by_label("Password").first.fill(PASSWORD)
    page.get_by_label("I accept").check()
    page.get_by_label("18 or older").check()
    page.locator("main button[type=submit]").click()
    page.goto("/inbox/")
    page.locator("a[href*='/accounts/confirm-email/']").first.click()
    page.locator("main button[type=submit]").click()
    if "/login" in page.url:
        page.get_by_label("Email").fill(NEWCOMER)
        page.get_by_label("Password").fill(PASSWORD)
        page.locator("main button[type=submit]").click()
