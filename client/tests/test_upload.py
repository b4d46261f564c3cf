"""`vallum scan --upload`: what the platform receives, and what a person reads when it does not take it."""

import base64
import hashlib
import http.server
import io
import json
import re
import socket
import threading
from dataclasses import dataclass, field

import pytest

from vallum import upload
from vallum.cli.exits import Exit
from vallum_engine import wire


@dataclass
class Platform:
    """A door for uploads that answers as it is told to."""

    url: str = ""
    status: int = 202
    answer: bytes = b'{"id": "u1", "status_url": "/api/v1/uploads/u1"}'
    received: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    before: list[int] = field(default_factory=list)
    """What it answers first; 0 is no answer at all."""


class Handler(http.server.BaseHTTPRequestHandler):
    platform: Platform

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.platform.received.append((self.path, dict(self.headers), body))
        status = self.platform.before.pop(0) if self.platform.before else self.platform.status
        if not status:
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        self.send_response(status)
        self.send_header("Content-Length", str(len(self.platform.answer)))
        self.end_headers()
        self.wfile.write(self.platform.answer)

    def log_message(self, *arguments):
        pass


@pytest.fixture
def platform(monkeypatch):
    served = Platform()
    handler = type("Bound", (Handler,), {"platform": served})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        port = server.server_address[1]
        served.url = f"http://127.0.0.1:{port}"
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        monkeypatch.setenv("VALLUM_EGRESS_ALLOW", f"127.0.0.1/32:{port}")
        monkeypatch.setenv("VALLUM_TOKEN", "vt_example")
        monkeypatch.setattr(upload, "_PAUSES", (0.01, 0.01))
        yield served
        server.shutdown()


def test_the_report_arrives_whole(vallum, tree, token, platform):
    (tree / "a.env").write_text(f"T={token}")
    ran = vallum("scan", tree, "--upload", platform.url, "--asset", "team/shop & co")
    assert ran.code == Exit.FINDINGS
    assert f"Uploaded: {platform.url}/api/v1/uploads/u1" in ran.err
    ((path, headers, body),) = platform.received
    assert path == "/api/v1/uploads?asset=team%2Fshop%20%26%20co"
    assert headers["Authorization"] == "Bearer vt_example"
    assert headers["Content-Type"] == "application/vnd.vallum.wire"
    assert headers["Content-Digest"] == f"sha-256=:{base64.b64encode(hashlib.sha256(body).digest()).decode()}:"
    report = wire.read(io.BytesIO(body))
    assert report.findings[0].locations[0].path == "a.env"
    assert token.encode() not in body


@pytest.mark.parametrize(
    "before", [[], [503], [0], [504, 409]], ids=["at once", "busy", "no answer", "an answer lost, and still running"]
)
def test_what_may_have_arrived_is_sent_again_under_the_same_key(vallum, tree, platform, before):
    platform.before = list(before)
    ran = vallum("scan", tree, "--upload", platform.url, "--asset", "shop")
    assert ran.code == Exit.CLEAN, ran.err
    assert len(platform.received) == len(before) + 1
    (key,) = {headers["Idempotency-Key"] for _, headers, _ in platform.received}
    assert re.fullmatch(r'"[0-9a-f-]{36}"', key)


def test_it_is_not_sent_for_ever(vallum, tree, platform):
    platform.status = 503
    ran = vallum("scan", tree, "--upload", platform.url, "--asset", "shop")
    assert ran.code == Exit.INCOMPLETE
    assert "answered 503" in ran.err
    assert len(platform.received) == 3


@pytest.mark.parametrize("asset", [[], ["--asset", ""], ["--asset", " "]])
def test_without_an_asset_nothing_is_scanned_or_sent(vallum, tree, platform, asset):
    ran = vallum("scan", tree, "--upload", platform.url, *asset)
    assert ran.code == Exit.USAGE
    assert "--upload needs --asset NAME" in ran.err
    assert ran.out == ""
    assert platform.received == []


@pytest.mark.parametrize(
    ("status", "says"),
    [
        pytest.param(400, "send it again", id="damaged on the way"),
        pytest.param(401, "set VALLUM_TOKEN", id="a dead token"),
        pytest.param(403, "may not upload", id="a weak token"),
        pytest.param(404, "check --upload", id="a wrong address"),
        pytest.param(413, "scan parts", id="too large"),
        pytest.param(422, "give --asset one line", id="a name that is none"),
        pytest.param(500, "Try again later", id="a broken platform"),
    ],
)
def test_a_refusal_is_said_with_what_to_do(vallum, tree, platform, status, says):
    platform.status = status
    ran = vallum("scan", tree, "--upload", platform.url, "--asset", "shop")
    assert ran.code == Exit.INCOMPLETE
    assert f"{platform.url} answered {status}. " in ran.err
    assert says in ran.err
    assert ran.out.startswith("No findings.")


@pytest.mark.parametrize("answer", [b"", b"[]", b'{"id": 1}', b"<html>"])
def test_an_answer_that_is_not_the_platforms_is_said(vallum, tree, platform, answer):
    platform.answer = answer
    ran = vallum("scan", tree, "--upload", platform.url, "--asset", "shop")
    assert ran.code == Exit.INCOMPLETE
    assert "its answer is not the platform's" in ran.err


def test_without_a_token_nothing_is_scanned_or_sent(vallum, tree, platform, monkeypatch):
    monkeypatch.delenv("VALLUM_TOKEN")
    ran = vallum("scan", tree, "--upload", platform.url, "--asset", "shop")
    assert ran.code == Exit.USAGE
    assert "VALLUM_TOKEN" in ran.err
    assert ran.out == ""
    assert platform.received == []


def test_an_address_that_is_not_opened_gets_nothing(vallum, tree, platform, monkeypatch):
    monkeypatch.delenv("VALLUM_EGRESS_ALLOW")
    ran = vallum("scan", tree, "--upload", platform.url, "--asset", "shop")
    assert ran.code == Exit.INCOMPLETE
    assert "The report was not uploaded: " in ran.err
    assert platform.received == []


def test_the_records_of_progress_name_the_upload(vallum, tree, platform):
    ran = vallum("scan", tree, "--upload", platform.url, "--asset", "shop", "--progress", "json")
    messages = [record["message"] for record in map(json.loads, ran.err.splitlines()) if "message" in record]
    assert messages == [f"Uploaded: {platform.url}/api/v1/uploads/u1"]


def test_a_report_of_another_tool_arrives_as_ours(vallum, tmp_path, platform):
    place = {"physicalLocation": {"artifactLocation": {"uri": "app.py"}}}
    results = [{"ruleId": "no-eval", "message": {"text": "eval"}, "locations": [place]}]
    (tmp_path / "a.sarif").write_text(json.dumps({"version": "2.1.0", "runs": [{"results": results}]}))
    ran = vallum("convert", tmp_path / "a.sarif", "--upload", platform.url, "--asset", "shop")
    assert ran.code == Exit.FINDINGS
    ((path, _, body),) = platform.received
    assert path == "/api/v1/uploads?asset=shop"
    report = wire.read(io.BytesIO(body))
    assert (report.findings[0].rule, report.target["report"]) == ("no-eval", "sarif")
