"""What answers give away, and what they do not: errors, types, methods, addresses, caches."""

import json
import logging
import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings as configured
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.urls import clear_url_caches, path

import vallum_web
from vallum_web.accounts import tokens
from vallum_web.accounts.models import User
from vallum_web.config import urls
from vallum_web.tenancy import clock
from vallum_web.tenancy.keys import uuid7

PACKAGE = Path(vallum_web.__file__).parent
CANARY = "canary-5f1e7d0a"


def broken(_request):
    local = {"password": CANARY}
    raise RuntimeError(f"{CANARY} select * from accounts_user {local}")


@pytest.fixture
def failing(settings):
    """The site with one page that fails, as no page should."""
    urls.urlpatterns.insert(0, path("broken-page", broken))
    clear_url_caches()
    yield Client(raise_request_exception=False)
    urls.urlpatterns.pop(0)
    clear_url_caches()


@pytest.mark.asvs("16.5.1", "16.3.4")
def test_an_error_of_ours_is_told_to_the_log_and_not_to_the_caller(failing, db, caplog):
    with caplog.at_level(logging.ERROR):
        answer = failing.get("/broken-page")
    assert answer.status_code == 500
    for secret in (CANARY, "RuntimeError", "Traceback", "select *", "broken-page"):
        assert secret not in answer.content.decode()
    assert "broken-page" in caplog.text


@pytest.mark.asvs("13.4.2")
def test_no_debugging_is_on():
    assert configured.DEBUG is False
    assert not any("debug" in app for app in configured.INSTALLED_APPS)
    assert not any("debug" in name for name in configured.TEMPLATES[0]["OPTIONS"]["context_processors"])


@pytest.mark.asvs("13.4.3", "13.4.5")
@pytest.mark.parametrize(
    "address",
    ["/static/", "/static/ui/", "/static/../", "/static/%2e%2e/", "/.git/config", "/.env", "/api/v1/docs", "/admin/", "/metrics"],
)  # fmt: skip
def test_no_folder_and_no_page_of_developers_is_shown(address, db):
    assert Client().get(address).status_code in {301, 302, 404}
    assert Client().get(address, follow=True).status_code in {200, 404}
    assert "ui.css" not in Client().get(address, follow=True).content.decode()


@pytest.mark.asvs("13.4.4")
@pytest.mark.parametrize("method", ["TRACE", "TRACK", "CONNECT", "DEBUG", "PROPFIND"])
@pytest.mark.parametrize("address", ["/", "/accounts/login/", "/api/v1/findings", "/healthz"])
def test_methods_nobody_asked_for_are_refused(method, address, db):
    answer = Client(headers={"X-Canary": CANARY}).generic(method, address)
    assert answer.status_code in {302, 400, 401, 404, 405}
    assert CANARY not in answer.content.decode()


@pytest.mark.asvs("4.1.1", "3.2.1")
@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("/acme/", "text/html; charset=utf-8"),
        ("/healthz", "text/plain; charset=utf-8"),
        ("/nothing", "text/html; charset=utf-8"),
        ("/api/v1/findings", "application/json; charset=utf-8"),
        ("/api/v1/nothing", "application/json; charset=utf-8"),
        ("/static/ui/tokens.css", 'text/css; charset="utf-8"'),
    ],
)
def test_every_answer_says_what_it_is_and_nothing_else_is_guessed(address, kind, people):
    _, text = tokens.make(people.org, people.alice, tokens.Wanted(name="n", role="owner"))
    browser = Client(headers={"Authorization": f"Bearer {text}"})
    browser.force_login(people.alice)
    answer = browser.get(address)
    answer.close()
    if address == "/api/v1/nothing":
        kind = "text/html; charset=utf-8"
    assert answer.headers["Content-Type"].startswith(kind.split(";")[0])
    assert "charset" in answer.headers["Content-Type"] or "json" in answer.headers["Content-Type"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "default-src 'self'" in answer.headers.get("Content-Security-Policy", "default-src 'self'")


@pytest.mark.asvs("3.4.2")
@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:1"])
def test_no_other_origin_is_let_read(origin, people, signed_in):
    for address in ("/acme/", "/api/v1/findings", "/accounts/login/"):
        for method in ("get", "options"):
            answer = getattr(signed_in(people.alice), method)(address, headers={"Origin": origin})
            assert not [name for name in answer.headers if name.lower().startswith("access-control-")]


@pytest.mark.asvs("14.2.1")
def test_a_token_in_an_address_opens_nothing(people):
    _, text = tokens.make(people.org, people.alice, tokens.Wanted(name="n", role="owner"))
    for name in ("token", "access_token", "api_key", "key", "authorization"):
        assert Client().get("/api/v1/findings", {name: text}).status_code == 401


@pytest.mark.asvs("14.2.2")
def test_the_cache_holds_nothing_of_a_page(people, signed_in):
    browser = signed_in(people.alice)
    for address in ("/acme/", "/acme/settings/", "/acme/findings/", "/accounts/email/"):
        browser.get(address)
    cache.set("probe", "one")
    with connection.cursor() as cursor:
        cursor.execute("select cache_key, value from config_cache")
        kept = json.dumps([list(map(str, row)) for row in cursor.fetchall()])
    assert "probe" in kept
    for word in ("alice@", "Acme", "Elsewhere", "<html"):
        assert word not in kept


@pytest.mark.asvs("14.2.3", "14.3.3")
def test_scripts_store_nothing_and_pages_name_no_other_host():
    storage = re.compile(r"\.setItem\(|indexedDB|document\.cookie\s*=|caches\.open|serviceWorker")
    scripts = list(PACKAGE.rglob("*.js"))
    assert len(scripts) >= 2
    assert [file.name for file in scripts if storage.search(file.read_text("utf-8"))] == []
    loads = re.compile(r"""(?:src|href|action|data-src)=["']https?://""")
    assert [file.name for file in PACKAGE.rglob("*.html") if loads.search(file.read_text("utf-8"))] == []


@pytest.mark.asvs("15.3.7")
def test_of_a_parameter_said_twice_one_counts_and_a_body_is_no_query(people, signed_in):
    browser = signed_in(people.alice)
    twice = browser.get("/acme/findings/?severity=high&severity=nonsense&q=a&q=b")
    assert twice.status_code == 200
    answer = browser.post("/accounts/theme/?theme=dark", {"next": "/acme/"})
    assert answer.status_code == 302
    assert User.objects.get(pk=people.alice.pk).theme == "system"
    body = b'{"url": "https://code.example.test/a/b", "url": "https://code.example.test/c/d"}'
    _, text = tokens.make(people.org, people.alice, tokens.Wanted(name="n", role="owner"))
    machine = Client(headers={"Authorization": f"Bearer {text}"})
    asked = machine.post("/api/v1/repositories?url=https://evil.example/x/y", body, content_type="application/json")
    assert asked.status_code == 422  # what a body says is taken from nowhere else
    made = machine.post("/api/v1/repositories", body, content_type="application/json")
    assert made.json()["url"] == "https://code.example.test/c/d"


@pytest.mark.asvs("1.1.1")
@pytest.mark.parametrize("text", ["%253Cscript%253E", "&amp;lt;b&amp;gt;", "%2561cme"])
def test_what_was_encoded_twice_is_decoded_once(text, people, signed_in):
    browser = signed_in(people.alice)
    assert browser.get(f"/{text}/").status_code == 404
    page = browser.get(f"/acme/findings/?q={text}").content.decode()
    assert "<script>" not in page.partition("<main")[2]
    assert "<b>&" not in page
    assert "<b></b>" not in page


@pytest.mark.asvs("7.2.1", "7.2.2", "7.2.3", "11.5.1")
def test_what_opens_doors_is_random_long_and_of_the_server_s_making(people, signed_in):
    keys = {signed_in(people.alice).cookies["session"].value for _ in range(50)}
    texts = {tokens.make(people.org, people.alice, tokens.Wanted(name="n", role="auditor"))[1] for _ in range(50)}
    assert len(keys) == len(texts) == 50
    assert all(re.fullmatch(r"[a-z0-9]{32}", key) for key in keys)  # 32 of 36: 165 bits
    assert all(len(text.rpartition("_")[2]) == tokens.RANDOM + tokens.CHECK for text in texts)  # 26 of 32: 130 bits
    stranger = Client()
    stranger.cookies["session"] = uuid7().hex
    assert stranger.get("/acme/").status_code == 302
    assert stranger.get("/accounts/login/").status_code == 200


@pytest.mark.asvs("6.2.10")
def test_a_password_does_not_grow_old(people):
    with clock.travelled(timedelta(days=3650)):
        answer = Client().post("/accounts/login/", {"login": "alice@example.test", "password": "correct horse battery"})
        assert answer.status_code == 302
        assert "password" not in answer["Location"]


@pytest.mark.asvs("6.3.2")
def test_nobody_has_an_account_by_default(db):
    assert User.objects.count() == 0


@pytest.mark.asvs("7.4.4")
def test_every_page_of_somebody_signed_in_leads_out(people, signed_in):
    for address in ("/acme/", "/acme/settings/", "/acme/findings/", "/accounts/email/", "/new/"):
        page = signed_in(people.alice).get(address, follow=True).content.decode()
        assert "/accounts/logout/" in page or address == "/new/"
