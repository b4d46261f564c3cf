"""What every door does with a stranger's input: forged cursors, odd texts, bodies of the wrong kind. Never a 500."""

import base64
import json
import re
from uuid import uuid4

import making
import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from vallum_web.accounts import tokens
from vallum_web.accounts.models import Membership
from vallum_web.findings import services as findings
from vallum_web.findings.models import Finding
from vallum_web.ingest import services as ingest
from vallum_web.repositories import services as repositories
from vallum_web.repositories.models import Repository
from vallum_web.scans import services as scans
from vallum_web.tenancy.keyset import MOST_CURSOR
from vallum_web.tenancy.scope import scope

pytestmark = pytest.mark.django_db
KEY = str(uuid4())
# Doors that no cookie opens: a bearer token does, or knowing a token is all it takes (accounts/leaks.py).
REQUESTS_OF_MACHINES = ("api/v1/", "scim/v2/", "security/leaked-token/")
RIGHT_TO_LEFT = "\u202e"


@pytest.fixture(scope="module")
def people(standing):
    """As everywhere, but made once for all that is walked here."""
    return making.people()


@pytest.fixture(scope="module")
def asset(people):
    """An asset of Alice's organization with two findings."""
    made = repositories.add_by_url(people.org, people.alice.pk, url="https://code.example.test/acme/shop").asset
    scan = scans.uploaded(made, people.alice.pk)
    findings.digest(scan, making.report(making.secret("one"), making.secret("two", line=9)))
    return made


@pytest.fixture(scope="module")
def machine(people):
    _, text = tokens.make(people.org, people.alice, tokens.Wanted(name="ci", role=Membership.Role.OWNER))
    return Client(headers={"Authorization": f"Bearer {text}"})


def packed(value):
    text = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(text).decode().rstrip("=")


CURSORS = {
    "no base64": "%%%",
    "letters beyond ASCII": "é日",
    "NUL": "\x00",
    "no JSON": packed(b"\xff\xfe"),
    "NaN": packed(b"NaN"),
    "a list of NaN": packed(b'[NaN, "1"]'),
    "null": packed(None),
    "an object": packed({"a": "1", "b": KEY}),
    "too short": packed(["1"]),
    "too long": packed(["1", KEY, KEY, KEY]),
    "a number": packed([1, KEY]),
    "a number beyond the column": packed(["99999999999", KEY]),
    "a number of 5,000 digits": packed(b"9" * 5000),
    "digits of another script": packed(["\uff11\uff12", KEY]),
    "NUL in a text": packed(["\x00", KEY]),
    "half a character": packed(["\ud800", KEY]),
    "a path of half a character": packed([KEY, "\ud800", KEY]),
    "lists within lists": packed(b"[" * 4000),
    "objects within objects": packed(b'{"a":' * 4000),
    "long": packed([KEY, "a" * 50_000, KEY]),
    "longer than any of ours": "A" * (MOST_CURSOR + 1),
}


@pytest.mark.parametrize("cursor", CURSORS.values(), ids=CURSORS)
def test_a_forged_cursor_is_none(cursor, asset, alice, signed_in, machine):
    browser = signed_in(alice)
    for name in ("after", "before"):
        for sort in ("-risk", "severity", "opened", "path", "-path"):
            page = browser.get("/acme/findings/", {name: cursor, "sort": sort})
            assert page.status_code == 200
        assert browser.get("/acme/assets/", {name: cursor}).status_code == 200
        assert browser.get(f"/acme/assets/{asset.pk}/", {name: cursor}).status_code == 200
    of_asset = {"after": cursor, "asset": asset.pk, "sort": "path"}
    assert machine.get("/api/v1/findings", of_asset).status_code == 200
    assert machine.get("/api/v1/scans", {"after": cursor}).status_code == 422


def test_a_cursor_of_another_organization_shows_nothing_of_it(asset, people, charlie, signed_in):
    """It holds a key and a place in an order, and both mean nothing elsewhere."""
    with scope(people.org.pk):
        theirs = Finding.objects.of(people.org).first()
    cursor = packed(["100", str(theirs.pk)])
    page = signed_in(charlie).get("/elsewhere/findings/", {"after": cursor, "asset": str(asset.pk), "status": "any"})
    assert page.status_code == 200
    for word in ("Example token", "app.py", "acme/shop"):
        assert word not in page.content.decode()


SEARCHES = [
    "'",
    "''",
    "\\",
    "\\'",
    "a'",
    "a:*",
    "&",
    "!!a",
    "<->",
    "(",
    "'a':*",
    "$$",
    "%s",
    "{}",
    "/*",
    "--",
    "ﬀ\u0300",
    "\x00a",
]


@pytest.mark.parametrize("text", [*SEARCHES, " ".join(SEARCHES), "a " * 5000, "a" * 5000], ids=ascii)
@pytest.mark.asvs("1.2.4", "1.2.9")
def test_nothing_that_is_searched_for_is_syntax(text, asset, alice, signed_in):
    for name in ("q", "rule", "asset", "severity", "sort", "status"):
        assert signed_in(alice).get("/acme/findings/", {name: text}).status_code == 200


@pytest.mark.parametrize("text", ["\x00", "a\x00b", "\ud800", "a\nb", f"a{RIGHT_TO_LEFT}b", "\x1b[31m"], ids=ascii)
@pytest.mark.asvs("1.3.3", "2.2.1", "2.2.2")
def test_names_that_would_not_be_shown_as_they_are_are_refused(text, asset, machine, alice, signed_in):
    for path, body in (
        ("/api/v1/tokens", {"name": text}),
        ("/api/v1/repositories", {"url": "https://code.example.test/a/b", "name": text}),
    ):
        assert machine.post(path, data=json.dumps(body), content_type="application/json").status_code == 422
    if "\ud800" not in text:
        sent = machine.post("/api/v1/uploads", query_params={"asset": text}, data=b"x", content_type="a/b")
        assert sent.status_code == 422
        browser = signed_in(alice)
        assert browser.post("/new/", {"name": text, "slug": "new-one"}).status_code == 422
        assert (
            browser.post("/acme/settings/tokens/make/", {"name": text, "role": "auditor", "days": 1}).status_code == 422
        )
        url = {"url": "https://code.example.test/a/b", "name": text}
        assert browser.post("/acme/assets/add/", url).status_code == 422


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"[" * 200_000, id="brackets"),
        pytest.param(b"\xff", id="no text"),
        pytest.param(b"9" * 5000, id="a number of 5,000 digits"),
        pytest.param(b"null", id="null"),
        pytest.param(b'{"note": "\\u0000", "reason": "test_data"}', id="NUL"),
        pytest.param(b'{"note": "\\ud800", "reason": "test_data"}', id="half a character"),
        pytest.param(b'{"a": "' + b"x" * 3_000_000 + b'"}', id="three megabytes"),
    ],
)
@pytest.mark.asvs("1.5.2", "1.4.2", "15.3.5")
def test_bodies_that_are_none_are_refused(body, asset, machine, people):
    with scope(people.org.pk):
        finding = Finding.objects.of(people.org).first()
    for path in (f"findings/{finding.pk}/suppression", "tokens", "repositories", "scans"):
        assert machine.post(f"/api/v1/{path}", data=body, content_type="application/json").status_code in {400, 422}


@pytest.mark.asvs("15.3.3", "8.2.3")
def test_no_field_can_be_set_that_was_not_offered(asset, machine, people, alice, signed_in):
    further = {"org": str(people.elsewhere.pk), "org_id": str(people.elsewhere.pk), "status": "done", "folder": "/etc"}
    for path, body in (
        ("tokens", {"name": "n"}),
        ("repositories", {"url": "https://code.example.test/a/b"}),
        ("scans", {"asset": str(asset.pk)}),
    ):
        sent = machine.post(f"/api/v1/{path}", data=json.dumps({**body, **further}), content_type="application/json")
        assert sent.status_code == 422
    browser = signed_in(alice)
    browser.post("/acme/assets/add/", {"url": "https://code.example.test/c/d", **further, "archive": str(asset.pk)})
    browser.post("/acme/settings/tokens/", {"name": "sly", "role": "owner", "days": 1})
    with scope(people.org.pk):
        made = Repository.objects.of(people.org).get(url="https://code.example.test/c/d")
        assert (made.folder, made.archive) == ("", None)
        assert [token.name for token in tokens.ApiToken.objects.of(people.org)] == ["ci"]


def test_things_of_another_organization_cannot_be_named_in_a_body(asset, people, charlie):
    _, text = tokens.make(people.elsewhere, charlie, tokens.Wanted(name="ci", role=Membership.Role.OWNER))
    stranger = Client(headers={"Authorization": f"Bearer {text}"})
    body = json.dumps({"asset": str(asset.pk)})
    answer = stranger.post("/api/v1/scans", data=body, content_type="application/json")
    missing = stranger.post("/api/v1/scans", data=json.dumps({"asset": KEY}), content_type="application/json")
    assert (answer.status_code, answer.content) == (404, missing.content)
    for path, more in (("scans", {}), ("findings", {"status": "any"})):
        found = stranger.get(f"/api/v1/{path}", {"asset": str(asset.pk), **more})
        assert (found.status_code, found.json()["items"]) == (200, [])
    # A name is the organization's own: the other one's asset of that name is not touched.
    upload = stranger.post("/api/v1/uploads", query_params={"asset": asset.name}, data=b"x", content_type="a/b")
    assert upload.status_code == 202
    with scope(people.elsewhere.pk):
        assert ingest.assets.named(people.elsewhere, asset.kind, asset.name).pk != asset.pk


def posts(resolver=None, prefix=""):
    for item in (resolver or get_resolver()).url_patterns:
        path = prefix + re.sub(r"^\^|\$$|\\Z", "", str(item.pattern))
        if isinstance(item, URLResolver):
            yield from posts(item, path)
        elif isinstance(item, URLPattern) and not path.startswith(REQUESTS_OF_MACHINES):
            yield path


@pytest.fixture(scope="module")
def cookies(people):
    browser = Client()
    browser.force_login(people.alice)
    return browser.cookies


@pytest.mark.policy("PP-5d")
@pytest.mark.parametrize("route", sorted(set(posts())))
@pytest.mark.asvs("3.5.1")
def test_no_page_takes_a_post_without_its_token(route, asset, cookies):
    browser = Client(enforce_csrf_checks=True)
    browser.cookies = cookies.copy()
    path = "/" + re.sub(r"<([^>]*)>|\(\?P<[^>]*>[^)]*\)", lambda m: "acme" if "org" in m[0] else KEY, route)
    for headers in ({}, {"HX-Request": "true"}, {"X-HTTP-Method-Override": "POST"}, {"X-CSRFToken": "a" * 32}):
        assert browser.post(path, {"_method": "GET"}, headers=headers).status_code in {403, 404}


@pytest.mark.asvs("3.5.3")
def test_what_changes_something_is_no_link(asset, alice, signed_in, people):
    browser = signed_in(alice)
    with scope(people.org.pk):
        finding = Finding.objects.of(people.org).first()
    for path in (
        f"/acme/assets/{asset.pk}/scan/",
        "/acme/settings/tokens/make/?name=n&role=auditor&days=1",
        "/accounts/theme/?theme=dark",
    ):
        assert browser.get(path).status_code in {404, 405}
    assert browser.get(f"/acme/findings/{finding.pk}/suppress/?reason=test_data").status_code == 200
    with scope(people.org.pk):
        assert Finding.objects.get(pk=finding.pk).status == "open"
    browser.get("/accounts/logout/")
    assert browser.get("/acme/").status_code == 200


@pytest.mark.asvs("3.5.2")
def test_the_api_knows_no_cookie(asset, alice, signed_in):
    browser = signed_in(alice)
    assert browser.get("/api/v1/findings").status_code == 401
    body = {"asset": str(asset.pk)}
    assert browser.post("/api/v1/scans", data=body, content_type="application/json").status_code == 401
