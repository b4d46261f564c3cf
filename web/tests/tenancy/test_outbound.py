"""Libraries that speak `requests` leave by the guard: what it refuses they cannot reach, and each exchange is on record."""

import gzip
import json
import time
import zlib

import pytest
import requests

from dev.fakes.loopback import Answer
from dev.fakes.site import running
from vallum_web.tenancy import outbound
from vallum_web.tenancy.models import Departure
from vallum_web.tenancy.scope import scope

PURPOSE = "single sign-on"


@pytest.fixture
def site(tmp_path, monkeypatch):
    with running(tmp_path) as running_site:
        monkeypatch.setenv("VALLUM_EGRESS_ALLOW", running_site.opening)
        monkeypatch.setenv("SSL_CERT_FILE", str(running_site.authority))
        yield running_site


@pytest.fixture
def session(org):
    return outbound.session(org.pk, PURPOSE)


def departures(org):
    with scope(org.pk):
        return list(Departure.objects.of(org).order_by("id"))


def test_a_library_gets_its_answer_and_the_ledger_its_row(site, session, org):
    site.pages["/config"] = Answer(body=json.dumps({"a": "é"}).encode(), headers={"Content-Type": "application/json"})
    answer = session.get(f"{site.url}/config", params={"q": "1"}, headers={"Authorization": "Bearer x"}, timeout=5)
    answer.raise_for_status()
    assert answer.json() == {"a": "é"}
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/json")
    [asked] = site.asked
    assert (asked.path, asked.headers["Authorization"], asked.headers["Accept-Encoding"]) == (
        "/config?q=1",
        "Bearer x",
        "identity",
    )
    [row] = departures(org)
    assert (row.party, row.purpose, row.address, row.ok) == ("127.0.0.1", PURPOSE, "127.0.0.1", True)
    assert row.sent > 0
    assert row.received > 0


def test_a_form_is_posted(site, session):
    site.pages["/token"] = Answer(body=b"access_token=1")
    answer = session.post(f"{site.url}/token", data={"code": "c d"}, auth=("id", "secret"), timeout=(1, 5))
    assert answer.text == "access_token=1"
    assert site.asked[0].body == b"code=c+d"
    assert site.asked[0].headers["Authorization"].startswith("Basic ")


def test_an_error_answer_is_an_answer(site, session):
    assert session.get(f"{site.url}/nothing").status_code == 404


@pytest.mark.asvs("15.3.2")
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(site, session, status):
    site.redirect("/there", f"{site.url}/elsewhere", status)
    with pytest.raises(requests.TooManyRedirects, match="/elsewhere: name that address"):
        session.get(f"{site.url}/there")
    assert [each.path for each in site.asked] == ["/there"]


REFUSED = [
    pytest.param("https://169.254.169.254/latest/", requests.ConnectionError, id="metadata"),
    pytest.param("https://10.0.0.1/", requests.ConnectionError, id="private address"),
    pytest.param("http://public.example/", requests.exceptions.InvalidURL, id="not encrypted"),
    pytest.param("https://user:pw@public.example/", requests.exceptions.InvalidURL, id="credential in the address"),
    pytest.param("https://public.example:22/", requests.exceptions.InvalidURL, id="closed port"),
    pytest.param("https://localhost/", requests.ConnectionError, id="this machine"),
    pytest.param("file:///etc/passwd", requests.exceptions.InvalidSchema, id="file"),
    pytest.param("ftp://public.example/", requests.exceptions.InvalidSchema, id="ftp"),
]


@pytest.mark.asvs("1.3.6")
@pytest.mark.parametrize(("url", "kind"), REFUSED)
def test_what_the_guard_refuses_a_library_cannot_reach(session, url, kind):
    with pytest.raises(kind) as refusal:
        session.get(url)
    assert "pw" not in str(refusal.value)


@pytest.mark.parametrize(
    "less", [{"verify": False}, {"verify": "/tmp/ca"}, {"cert": "/tmp/me"}, {"proxies": {"https": "http://x:1"}}]
)
def test_a_library_cannot_ask_for_less_safety(site, session, less):
    with pytest.raises(requests.RequestException, match="guard"):
        session.get(f"{site.url}/config", **less)
    assert not site.asked


def test_an_unknown_authority_is_not_believed(site, session, monkeypatch):
    monkeypatch.delenv("SSL_CERT_FILE")
    with pytest.raises(requests.ConnectionError, match="not trusted"):
        session.get(f"{site.url}/config")


def test_the_environment_is_not_asked(site, session, monkeypatch, tmp_path):
    site.pages["/config"] = Answer(body=b"ok")
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login a password b\n")
    (tmp_path / "netrc").chmod(0o600)
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nonexistent")
    assert session.get(f"{site.url}/config").text == "ok"
    assert "Authorization" not in site.asked[0].headers


def test_cookies_are_not_kept(site, session):
    site.pages["/config"] = Answer(headers={"Set-Cookie": "a=b"})
    session.get(f"{site.url}/config")
    session.get(f"{site.url}/config")
    assert not session.cookies
    assert all("Cookie" not in each.headers for each in site.asked)


def test_a_purpose_that_nobody_foresaw_is_refused(site, org):
    with pytest.raises(requests.ConnectionError, match="Nothing may leave"):
        outbound.session(org.pk, "telemetry").get(f"{site.url}/config")
    assert not site.asked


def test_a_body_that_is_not_whole_is_not_sent(site, session):
    with pytest.raises(requests.RequestException, match="whole"):
        session.post(f"{site.url}/token", data=iter([b"a"]))


BOMB = gzip.compress(b"\0" * (64 << 20))
BODIES = [
    pytest.param(b"x" * (5 << 20), {}, "allowed", id="too long"),
    pytest.param(BOMB, {"Content-Encoding": "gzip"}, "once unpacked", id="gzip bomb"),
    pytest.param(
        zlib.compress(b"\0" * (64 << 20)), {"Content-Encoding": "deflate"}, "once unpacked", id="deflate bomb"
    ),
    pytest.param(gzip.compress(BOMB), {"Content-Encoding": "gzip, gzip"}, "did not ask for", id="twice"),
    pytest.param(b"x", {"Content-Encoding": "br"}, "did not ask for", id="brotli"),
    pytest.param(b"plain", {"Content-Encoding": "gzip"}, "is not gzip", id="no gzip"),
    pytest.param(gzip.compress(b"x" * 99)[:-4], {"Content-Encoding": "gzip"}, "does not end", id="cut short"),
]


@pytest.mark.parametrize(("body", "headers", "words"), BODIES)
def test_bodies_have_limits_before_and_after_unpacking(site, session, body, headers, words):
    site.pages["/config"] = Answer(body=body, headers=headers)
    with pytest.raises(requests.ConnectionError, match=words):
        session.get(f"{site.url}/config")


@pytest.mark.parametrize("pack", [gzip.compress, zlib.compress], ids=["gzip", "deflate"])
def test_what_was_compressed_unasked_is_unpacked(site, session, pack):
    encoding = "gzip" if pack is gzip.compress else "deflate"
    site.pages["/config"] = Answer(body=pack(b"hello"), headers={"Content-Encoding": encoding})
    answer = session.get(f"{site.url}/config")
    assert answer.content == b"hello"
    assert "Content-Encoding" not in answer.headers


def test_a_slow_answer_is_a_timeout(site, session):
    site.pages["/config"] = lambda _asked: time.sleep(1.0) or Answer()
    with pytest.raises(requests.Timeout):
        session.get(f"{site.url}/config", timeout=0.2)
