"""`vallum gate --server`: what the platform is asked, and what its answers come to."""

import http.server
import json
import threading
from dataclasses import dataclass, field

import pytest

from vallum import gatekeeper
from vallum.cli.exits import Exit

GATE = {
    "gate": {"id": "g1", "name": "No secret"},
    "verdict": "fail",
    "reasons": [{"code": "no_secret", "text": "1 secret, and none is allowed.", "count": 1, "url": "/acme/findings/"}],
    "counts": {"present": 4, "counted": 3, "unsure": 0, "offending": 1, "suppressed": 1},
    "offending": [
        {"severity": "high", "kind": "secret", "title": "Token", "path": "a.py", "line": 3, "url": "/acme/findings/1/"}
    ],
    "not_listed": 2,
}
PENDING = (202, {"pending": True, "scan": "s1"})


def answered(*verdicts):
    return (200, {"scan": "s1", "evaluations": [{**GATE, "verdict": verdict} for verdict in verdicts]})


@dataclass
class Platform:
    """A door that gives the answers it was told to, the last one again and again."""

    url: str = ""
    answers: list[tuple[int, object]] = field(default_factory=list)
    asked: list[dict[str, str]] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    keys: list[str] = field(default_factory=list)


class Handler(http.server.BaseHTTPRequestHandler):
    platform: Platform

    def do_POST(self):
        assert self.path == "/api/v1/gates/evaluations"
        self.platform.asked.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.platform.headers = dict(self.headers)
        self.platform.keys.append(self.headers["Idempotency-Key"])
        status, body = self.platform.answers[min(len(self.platform.asked), len(self.platform.answers)) - 1]
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

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
        monkeypatch.setattr(gatekeeper, "_PAUSES", (0.01,))
        yield served
        server.shutdown()


@pytest.fixture
def gate(vallum, platform):
    return lambda *more: vallum("gate", "--server", platform.url, "--asset", "team/shop & co", *more)


@pytest.mark.parametrize(
    ("verdicts", "expected"),
    [
        pytest.param(["pass"], Exit.CLEAN, id="pass"),
        pytest.param(["fail"], Exit.FINDINGS, id="fail"),
        pytest.param(["cannot_say"], Exit.INCOMPLETE, id="cannot say"),
        pytest.param(["pass", "pass"], Exit.CLEAN, id="all pass"),
        pytest.param(["pass", "cannot_say"], Exit.INCOMPLETE, id="one cannot say"),
        pytest.param(["cannot_say", "fail", "pass"], Exit.FINDINGS, id="one fails"),
        pytest.param([], Exit.INCOMPLETE, id="no gate holds"),
    ],
)
def test_the_exit_code_is_the_worst_verdict(gate, platform, verdicts, expected):
    platform.answers = [answered(*verdicts)]
    assert gate().code == expected


def test_the_question_is_whole_and_carries_the_token(gate, platform):
    platform.answers = [answered("pass")]
    gate("--gate", "No secret", "--scan", "s1")
    assert platform.asked == [{"asset": "team/shop & co", "gate": "No secret", "scan": "s1"}]
    assert platform.headers["Authorization"] == "Bearer vt_example"
    gate()
    assert platform.asked[1] == {"asset": "team/shop & co"}


def test_a_question_whose_answer_was_lost_is_the_same_question_and_one_after_not_yet_another(gate, platform):
    pending = (202, {"pending": True, "scan": "s1", "status": "queued"})
    platform.answers = [(503, b""), (409, b""), pending, (504, b""), answered("pass")]
    assert gate("--wait", "60").code == Exit.CLEAN
    first, second = platform.keys[0], platform.keys[3]
    assert platform.keys == [first, first, first, second, second]
    assert first != second


def test_reasons_and_findings_are_said_with_their_addresses(gate, platform):
    platform.answers = [answered("fail")]
    ran = gate()
    assert ran.out.splitlines() == [
        "FAIL        No secret",
        f"            1 secret, and none is allowed. {platform.url}/acme/findings/",
        "            - high  Token  a.py:3",
        "            and 2 more",
        "            1 finding is suppressed and does not count.",
        "",
        "team/shop & co, scan s1: FAIL.",
    ]
    (said,) = json.loads(gate("--format", "json").out)["gates"]
    assert said["offending"][0]["url"] == f"{platform.url}/acme/findings/1/"


def test_it_waits_until_the_scan_is_digested(gate, platform):
    platform.answers = [PENDING, PENDING, answered("pass")]
    assert gate().code == Exit.CLEAN
    assert len(platform.asked) == 3


def test_a_scan_that_is_not_digested_in_time_is_no_pass(gate, platform):
    platform.answers = [PENDING]
    ran = gate("--wait", "0")
    assert (ran.code, len(platform.asked)) == (Exit.INCOMPLETE, 1)
    assert "not digested yet" in ran.out
    assert json.loads(gate("--wait", "0", "--format", "json").out)["verdict"] == "cannot_say"


def test_a_platform_that_is_busy_is_asked_again_while_there_is_time(gate, platform):
    platform.answers = [(503, b""), (429, b""), answered("pass")]
    assert gate().code == Exit.CLEAN
    assert (gate("--wait", "0").code, len(platform.asked)) == (Exit.CLEAN, 4)


@pytest.mark.parametrize(
    ("status", "says"),
    [
        pytest.param(401, "set VALLUM_TOKEN", id="a dead token"),
        pytest.param(403, "may not ask gates", id="a weak token"),
        pytest.param(404, "no asset, gate or scan of that name", id="no such thing"),
        pytest.param(422, "check --asset", id="a question that is none"),
        pytest.param(500, "Try again later", id="a broken platform"),
        pytest.param(503, "Try again later", id="busy for longer than there is time"),
    ],
)
def test_a_refusal_is_no_pass_and_says_what_to_do(gate, platform, status, says):
    platform.answers = [(status, b"")]
    ran = gate("--wait", "0")
    assert (ran.code, ran.out) == (Exit.INCOMPLETE, "")
    assert f"{platform.url} answered {status}. " in ran.err
    assert says in ran.err


@pytest.mark.parametrize(
    "answer", [b"", b"[]", b"{}", b"<html>", {"scan": "s", "evaluations": [{"verdict": "pass"}]}, {"evaluations": []}]
)
def test_an_answer_that_is_not_the_platforms_is_no_pass(gate, platform, answer):
    platform.answers = [(200, answer)]
    ran = gate()
    assert ran.code == Exit.INCOMPLETE
    assert "not as the platform does" in ran.err


def test_an_address_that_is_not_opened_is_not_asked(gate, platform, monkeypatch):
    monkeypatch.delenv("VALLUM_EGRESS_ALLOW")
    assert gate().code == Exit.INCOMPLETE
    assert platform.asked == []
