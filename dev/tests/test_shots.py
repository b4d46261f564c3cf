import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from dev import shots

UUID = "0190c2a4-7e2b-7c4e-9d1f-3a5b6c7d8e9f"


@pytest.mark.parametrize(
    ("url", "slug"),
    [
        pytest.param("http://x/", "home", id="the first page"),
        pytest.param("http://x/o/acme/findings/", "o-acme-findings", id="a list"),
        pytest.param(f"http://x/o/acme/findings/{UUID}/", "o-acme-findings-one", id="one of many, by UUID"),
        pytest.param("http://x/scans/12/errors", "scans-one-errors", id="one of many, by number"),
        pytest.param("http://x/o/acme/?q=a&sort=-risk", "o-acme-q-sort", id="a filtered list, by its keys"),
    ],
)
def test_slug(url: str, slug: str) -> None:
    assert shots.shape(url).slug == slug


def test_links_stay_on_the_site_and_do_not_sign_out() -> None:
    hrefs = ["b", "#top", "https://example.com/", "/accounts/logout/", "/static/app.js", "mailto:a@example.com"]
    assert list(shots.worth_following("http://x", "http://x/a/", hrefs)) == ["http://x/a/b", "http://x/a/"]


def test_one_example_of_each_kind_and_few_of_each_path() -> None:
    found = shots.Found()
    assert found.take(f"http://x/findings/{UUID}/")
    assert not found.take(f"http://x/findings/{UUID.replace('9', '8')}/")
    assert [found.take(f"http://x/list?{key}=1") for key in "abcd"] == [True, True, True, False]


PAGES = {
    "/": '<a href="/list">list</a> <a href="/report.json">report</a> <a href="/accounts/logout/">out</a>',
    "/list": '<a href="/one/1">1</a><a href="/one/2">2</a><p style="min-width: 900px">wide</p>',
    "/one/1": '<img src="/missing.png">',
}
FORM = '<form method="post"><input name="login"><input name="password"><button type="submit">in</button></form>'


class Site(BaseHTTPRequestHandler):
    def answer(self, body: str, *, status: int = 200, kind: str = "text/html", **headers: str) -> None:
        data = body.encode()
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(data)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def do_GET(self) -> None:
        inside = "session=alice" in self.headers.get("Cookie", "")
        if self.path == "/favicon.ico":
            self.answer("", status=204)
        elif self.path == "/report.json":
            self.answer("{}", kind="application/json")
        elif self.path.startswith("/accounts/"):
            self.answer(FORM)
        elif inside and self.path in PAGES:
            self.answer(PAGES[self.path])
        else:
            self.answer("no", status=404)

    def do_POST(self) -> None:
        given = self.rfile.read(int(self.headers["Content-Length"])).decode()
        if "password=open" in given:
            self.answer("", status=302, **{"Location": "/", "Set-Cookie": "session=alice; Path=/"})
        else:
            self.answer(FORM)

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A small site behind a login, and the demo's word about it."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Site) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        url = f"http://127.0.0.1:{server.server_port}"
        tell(tmp_path, url, "open")
        monkeypatch.setenv("VALLUM_HOME", str(tmp_path))
        monkeypatch.setattr(shots, "OUT", tmp_path / "shots")
        yield url
        server.shutdown()
        thread.join()


def tell(home: Path, url: str, password: str) -> None:
    told = {"url": url, "email": "alice@example.com", "password": password}
    (home / "demo.json").write_text(json.dumps(told))


@pytest.fixture
def chromium() -> str:
    try:
        return shots.chromium()
    except shots.CannotShoot as error:
        pytest.skip(str(error))


@pytest.mark.browser
@pytest.mark.usefixtures("chromium")
def test_every_page_is_taken_and_every_complaint_told(
    site: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert shots.shoot() > 0
    taken = sorted(path.name for path in (tmp_path / "shots").iterdir())
    pages = (
        "accounts-login",
        "accounts-password-reset",
        "accounts-signup",
        "home",
        "legal-privacy",
        "legal-terms",
        "list",
        "one-one",
    )
    assert taken == sorted(
        f"{page}-{rest}.png" for page in pages for rest in ("dark-1440", "dark-390", "light-1440", "light-390")
    )
    told = capsys.readouterr().out
    assert "/one/1: 404 for /missing.png" in told
    assert "/list: " in told
    assert "wider than a window of 390 px" in told


@pytest.mark.browser
@pytest.mark.usefixtures("chromium")
def test_a_wrong_login_is_told(site: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tell(tmp_path, site, "shut")
    assert shots.main() == 2
    assert "does not take the demo login" in capsys.readouterr().err


def test_without_a_running_demo_it_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("VALLUM_HOME", str(tmp_path))
    assert shots.main() == 2
    assert "make run" in capsys.readouterr().err
