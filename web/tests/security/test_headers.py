"""What every answer tells a browser, walked over every address of the resolver, for people signed in and out, plain and with TLS."""

import json
import os
import re
import subprocess
import sys

import pytest
from django.core.exceptions import DisallowedHost, SuspiciousOperation
from django.test import Client
from django.urls import clear_url_caches, path
from test_strangers import ALL, filled, one_of_everything

from vallum_web.accounts import tokens
from vallum_web.config import urls

TLS = (
    "SESSION_COOKIE_NAME", "SESSION_COOKIE_SECURE", "CSRF_COOKIE_NAME", "CSRF_COOKIE_SECURE",
    "SECURE_HSTS_SECONDS", "SECURE_HSTS_INCLUDE_SUBDOMAINS", "SECURE_HSTS_PRELOAD",
)  # fmt: skip
ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Frame-Options": "DENY",
}
EMBEDDED = {"/trust/badge.svg"}
"""Made to be shown on others' pages, and kept by their readers' browsers."""
POLICY = {"default-src 'self'", "object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"}
OTHERS = (
    "static/ui/tokens.css",
    "static/ui/nothing.css",
    "nothing",
    "api/v1/nothing",
    "acme/nothing/",
    "scim/v2/nothing",
)


def wrong(response):
    """Headers that are missing or say something else."""
    headers = response.headers
    found = [f"{name}: {headers.get(name)}" for name, value in ALWAYS.items() if headers.get(name) != value]
    policy = {each.strip() for each in headers.get("Content-Security-Policy", "").split(";")}
    found += sorted(POLICY - policy)
    if any("unsafe" in each or "*" in each or "data:" in each for each in policy):
        found.append(f"loose: {policy}")
    permissions = headers.get("Permissions-Policy", "")
    found += [name for name in ("camera=()", "microphone=()", "geolocation=()", "usb=()") if name not in permissions]
    return found


def cookies(response, names, *, secure):
    """Cookies that are none of ours, or that are not as closed as ours are."""
    found = []
    for name, cookie in response.cookies.items():
        flags = (cookie["httponly"], cookie["samesite"], cookie["path"], cookie["domain"], bool(cookie["secure"]))
        if name not in names or (cookie["max-age"] != 0 and flags != (True, "Lax", "/", "", secure)):
            found.append(f"{name}: {flags}")
    return found


@pytest.fixture(params=["plain", "TLS"])
def channel(request, settings):
    """How browsers come, and which cookies they may get; with TLS the settings are those a process with it has."""
    if request.param == "plain":
        return {"secure": False}, {"session", "csrf"}
    code = (
        f"from vallum_web.config import settings as s; import json; print(json.dumps([getattr(s, n) for n in {TLS}]))"
    )
    environment = os.environ | {"VALLUM_TLS": "1", "VALLUM_URL": "https://vallum.example.test"}
    done = subprocess.run((sys.executable, "-c", code), env=environment, capture_output=True, text=True, check=True)
    for name, value in zip(TLS, json.loads(done.stdout), strict=True):
        setattr(settings, name, value)
    return {"secure": True}, {"__Host-session", "__Host-csrf"}


def browsers(people):
    signed_in, signed_out, machine = Client(), Client(), Client()
    signed_in.force_login(people.alice)
    _, text = tokens.make(people.org, people.alice, tokens.Wanted(name="headers", role="owner"))
    machine.defaults["HTTP_AUTHORIZATION"] = f"Bearer {text}"
    for each in (signed_in, signed_out, machine):
        each.raise_request_exception = False
    return {"signed in": signed_in, "signed out": signed_out, "a token": machine}


@pytest.mark.policy("PP-7b", "PP-1.4a")
@pytest.mark.slow
@pytest.mark.asvs(
    "3.2.1", "3.3.1", "3.3.2", "3.3.3", "3.3.4", "3.4.1", "3.4.3", "3.4.4", "3.4.5", "3.4.6", "3.4.8", "14.3.2"
)  # fmt: skip
def test_every_answer_locks_what_it_can(people, channel):
    things = one_of_everything(people)
    secure, names = channel
    problems, asked = {}, 0
    # Cookies and HSTS alone depend on the channel: with TLS one who has a session walks.
    for who, browser in browsers(people).items():
        if secure["secure"] and who != "signed in":
            continue
        for route in (*(filled(each, things) for each in ALL), *(f"/{each}" for each in OTHERS)):
            if route == "/accounts/logout/":
                continue
            for method in ("get", "post"):
                response = getattr(browser, method)(route, **secure)
                response.getvalue()  # to its end: closing it oneself would close the test's database too
                assert response.status_code not in {500, 503}, (who, method, route)
                asked += 1
                bad = [each for each in wrong(response) if route not in EMBEDDED or "cross-origin" not in each]
                bad += cookies(response, names, secure=secure["secure"])
                if (
                    route not in EMBEDDED
                    and not route.startswith("/static/")
                    and "no-store" not in response.headers.get("Cache-Control", "")
                ):
                    bad.append("may be kept in a cache")
                hsts = response.headers.get("Strict-Transport-Security", "")
                if hsts != ("max-age=31536000; includeSubDomains; preload" if secure["secure"] else ""):
                    bad.append(f"HSTS: {hsts}")
                if bad:
                    problems[who, method, route, response.status_code] = bad
    assert problems == {}
    assert asked > (150 if secure["secure"] else 400)


def broken(_request):
    raise RuntimeError


def suspicious(_request):
    raise SuspiciousOperation


def disallowed(_request):
    raise DisallowedHost


@pytest.mark.asvs("3.4.4", "3.4.6")
@pytest.mark.parametrize("view", [broken, suspicious, disallowed])
def test_errors_lock_as_much(view, db):
    urls.urlpatterns.insert(0, path("broken-page", view))
    clear_url_caches()
    try:
        response = Client(raise_request_exception=False).get("/broken-page")
    finally:
        urls.urlpatterns.pop(0)
        clear_url_caches()
    assert response.status_code in {400, 500}
    assert wrong(response) == []


@pytest.mark.asvs("3.4.4")
@pytest.mark.parametrize(
    "ask",
    [
        pytest.param({"path": "/", "HTTP_HOST": "evil.example"}, id="another host"),
        pytest.param({"path": "/accounts/login/", "method": "POST"}, id="no CSRF token"),
        pytest.param({"path": "/accounts/login", "method": "GET"}, id="no slash"),
        pytest.param({"path": "/api/v1/findings", "method": "PATCH"}, id="method"),
        pytest.param({"path": "/api/v1/tokens", "method": "POST", "data": "{", "content_type": "application/json"}, id="no JSON"),
    ],
)  # fmt: skip
def test_refusals_lock_as_much(ask, db):
    browser = Client(enforce_csrf_checks=True, raise_request_exception=False)
    response = browser.generic(**{"method": "GET", **ask})
    assert response.status_code >= 300
    assert wrong(response) == []


@pytest.mark.asvs("14.3.1")
def test_signing_out_makes_the_browser_forget(signed_in, alice):
    browser = signed_in(alice)
    kept = browser.get("/acme/")
    assert "Clear-Site-Data" not in kept.headers
    asked = browser.get("/accounts/logout/")
    assert "Clear-Site-Data" not in asked.headers
    gone = browser.post("/accounts/logout/")
    assert gone.headers["Clear-Site-Data"] == '"cache", "storage"'
    assert browser.get("/acme/").status_code == 302


def test_permissions_name_each_feature_once():
    policy = Client().get("/healthz").headers["Permissions-Policy"]
    names = re.findall(r"([a-z-]+)=\((?:self)?\)", policy)
    assert len(names) == len(set(names)) == policy.count("=")
    assert {"publickey-credentials-get", "camera"} <= set(names)
