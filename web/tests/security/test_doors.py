"""What every door does with a stranger's input: forged cursors, odd texts, bodies of the wrong kind. Never a 500."""

import base64
import io
import json
import re
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

import making
import pytest
from django.conf import settings as configured
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from vallum_web.accounts import tokens
from vallum_web.accounts.models import Membership
from vallum_web.findings import services as findings
from vallum_web.findings.models import Finding
from vallum_web.ingest import services as ingest
from vallum_web.repositories import checkout, uploads
from vallum_web.repositories import services as repositories
from vallum_web.repositories.models import Repository
from vallum_web.scans import services as scans
from vallum_web.tenancy import blobs, clock
from vallum_web.tenancy.keyset import MOST_CURSOR
from vallum_web.tenancy.scope import scope

KEY = str(uuid4())
# Doors that no cookie opens: a bearer token does, or knowing a token is all it takes (accounts/leaks.py).
REQUESTS_OF_MACHINES = ("api/v1/", "scim/v2/", "security/leaked-token/")
RIGHT_TO_LEFT = "\u202e"


@pytest.fixture
def asset(people):
    """An asset of Alice's organization with two findings."""
    made = repositories.add_by_url(people.org, people.alice.pk, url="https://code.example.test/acme/shop").asset
    scan = scans.uploaded(made, people.alice.pk)
    findings.digest(scan, making.report(making.secret("one"), making.secret("two", line=9)))
    return made


@pytest.fixture
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


@pytest.mark.policy("PP-5d")
@pytest.mark.parametrize("route", sorted(set(posts())))
@pytest.mark.asvs("3.5.1")
def test_no_page_takes_a_post_without_its_token(route, asset, alice):
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(alice)
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


class TestFiles:
    PATH = "/acme/assets/add/archive/"

    @pytest.fixture
    def incoming(self, monkeypatch):
        """What is written to the folder of uploads: the number of bytes of each file that was begun."""
        begun = []

        class Watched(uploads.LimitedUpload):
            def new_file(self, *args, **kwargs):
                super().new_file(*args, **kwargs)
                begun.append(0)

            def receive_data_chunk(self, raw_data, start):
                super().receive_data_chunk(raw_data, start)
                begun[-1] += len(raw_data)

        monkeypatch.setattr(uploads, "LimitedUpload", Watched)
        return begun

    def left(self):
        return list(Path(configured.FILE_UPLOAD_TEMP_DIR).iterdir())

    def form(self, size=5000, name="shop.zip"):
        return {"name": "shop", "archive": SimpleUploadedFile(name, b"PK\x03\x04" + b"x" * size)}

    @pytest.mark.parametrize("path", ["/accounts/login/", "/accounts/signup/", PATH, "/nowhere/"])
    def test_nobody_s_files_reach_the_disk(self, path, people, incoming):
        assert Client().post(path, self.form()).status_code in {200, 302, 404, 405}
        assert (incoming, self.left()) == ([], [])

    def test_files_for_a_page_without_files_do_not_either(self, alice, signed_in, incoming):
        signed_in(alice).post("/acme/assets/add/", self.form())
        assert (incoming, self.left()) == ([], [])

    @pytest.mark.asvs("5.2.1")
    def test_a_body_that_says_it_is_too_large_is_not_begun(self, alice, org, signed_in, incoming, monkeypatch):
        monkeypatch.setattr(uploads, "ARCHIVE_BYTES", 1000)
        monkeypatch.setattr(uploads, "FORM_BYTES", 1000)
        answer = signed_in(alice).post(self.PATH, self.form())
        assert answer.status_code == 422
        assert "it was not kept" in answer.content.decode()
        assert 'value="shop"' in answer.content.decode()
        assert (incoming, self.left()) == ([], [])

    def test_one_that_breaks_off_leaves_nothing(self, alice, incoming):
        head = b'--b\r\nContent-Disposition: form-data; name="archive"; filename="a.zip"\r\n\r\n' + b"x" * 200_000

        class Broken(io.BytesIO):
            def read(self, size=-1):
                data = super().read(size)
                if not data:
                    raise OSError("the connection is gone")
                return data

        more = {
            "wsgi.input": Broken(head),
            "CONTENT_LENGTH": "900000",
            "CONTENT_TYPE": "multipart/form-data; boundary=b",
        }
        browser = Client(enforce_csrf_checks=True)
        browser.force_login(alice)
        browser.cookies["csrf"] = "a" * 32
        answer = browser.generic("POST", self.PATH, b"", **more)
        assert answer.status_code == 403
        assert incoming
        assert self.left() == []

    def test_what_a_killed_process_had_begun_is_gone_after_a_day(self, org):
        begun = [
            Path(configured.FILE_UPLOAD_TEMP_DIR) / "x.upload.zip",
            blobs.path(org.pk, org.pk).with_suffix(".part"),
        ]
        for file in begun:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(b"x")
        assert (uploads.prune(), blobs.prune()) == (0, 0)
        assert all(file.exists() for file in begun)
        with clock.travelled(blobs.ABANDONED * 1.01):
            assert (uploads.prune(), blobs.prune()) == (1, 1)
        assert not any(file.exists() for file in begun)

    @pytest.mark.parametrize("parts", [200, 5000])
    def test_more_files_than_a_form_has_are_refused(self, parts, alice, signed_in):
        body = b"".join(
            b'--b\r\nContent-Disposition: form-data; name="f%d"; filename="a.zip"\r\n\r\nx\r\n' % n
            for n in range(parts)
        )
        answer = signed_in(alice).generic("POST", self.PATH, body + b"--b--\r\n", "multipart/form-data; boundary=b")
        assert answer.status_code == 400
        assert self.left() == []

    @pytest.mark.parametrize(
        "name", ["../../x.zip", "..\\x.zip", "/etc/passwd.zip", ".zip", "é" * 190 + ".zip", "a.zip\x00.zip", "-rf.zip"]
    )
    @pytest.mark.asvs("5.3.2", "5.4.1")
    def test_a_file_s_name_leads_nowhere(self, name, alice, org, signed_in):
        answer = signed_in(alice).post(self.PATH, self.form(name=name))
        assert answer.status_code == 302
        with scope(org.pk):
            made = Repository.objects.of(org).get()
        assert "/" not in made.archive_name
        with TemporaryDirectory(dir=configured.HOME) as scratch:  # a copy, as in the folder of a scan
            job = brought(made, Path(scratch))
            assert job == Path(scratch) / "archive"
            assert job.read_bytes() == making.stored(org.pk, made.archive)

    @pytest.mark.parametrize("name", [".bashrc", "x.zip.exe", "zip", "x.zip "])
    @pytest.mark.asvs("5.2.2")
    def test_what_is_named_as_no_archive_is_refused(self, name, alice, org, signed_in):
        assert signed_in(alice).post(self.PATH, self.form(name=name)).status_code == 422

    @pytest.mark.asvs("2.3.3")
    def test_nothing_is_kept_of_what_could_not_be_recorded(self, org, alice, monkeypatch, tmp_path):
        (tmp_path / "sent").write_bytes(b"x")
        monkeypatch.setattr(repositories, "add_archive", lambda *_, **__: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            repositories.upload(org, alice.pk, name="n", archive_name="a.zip", file=tmp_path / "sent")
        monkeypatch.setattr(ingest, "keep", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            ingest.accept(org.pk, alice.pk, asset_name="n", chunks=[b"x"])
        assert list(blobs.path(org.pk, org.pk).parent.iterdir()) == []


def brought(repository, scratch):
    with scope(repository.org_id):
        return checkout.bring(repository, scratch, progress=print).path
