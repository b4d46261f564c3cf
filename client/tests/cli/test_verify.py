"""`vallum scan --verify`: issuers that answer as theirs do, over real TLS behind a real proxy."""

import json
import socket
import ssl
import subprocess
import threading
import time
from itertools import pairwise

import pytest
import trustme

from vallum import verifying
from vallum.cli.exits import Exit
from vallum.progress import Progress
from vallum.verifying import Limits, Witness
from vallum_engine.model.finding import Confidence, Finding, Kind, Location, Severity
from vallum_engine.model.report import Report
from vallum_engine.secrets.confirm import Match
from vallum_engine.secrets.context import Trust
from vallum_engine.secrets.rulefile import read
from vallum_engine.secrets.samples import fill

HOSTS = (
    "api.github.com",
    "slack.com",
    "api.stripe.com",
    "api.telegram.org",
    "api.groq.com",
    "a.shop.test",
    "b.shop.test",
)
OWN = """\
provider = "Shop"
references = ["https://shop.test/keys"]
rotate = ["Revoke it."]

[[rule]]
id = "shop-key"
title = "Shop key"
severity = "high"
pattern = '''\\b(shop_[a-z0-9]{20})\\b'''
leaks = ["KEY=shop_{lower-alnum:20}"]
clean = ["shop_"]
[rule.verify]
get = "https://a.shop.test/me"
headers = { Key = "{secret}" }
live = [200]
revoked = [401]
"""


class Issuers:
    """A proxy that answers for every host: what it is told to answer, in order, the last one again and again."""

    def __init__(self, authority):
        self.answers = {}
        self.requests = []
        self.tunnels = []
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(*HOSTS).configure_cert(self._context)
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self):
        self._listening.close()

    def _serve(self):
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            threading.Thread(target=self._one, args=(connection,), daemon=True).start()

    def _one(self, connection):
        try:
            place = self._head(connection).split()[1]
            self.tunnels.append(place)
            connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            with self._context.wrap_socket(connection, server_side=True) as inner:
                self._answer(inner, place.partition(":")[0])
        except OSError:
            connection.close()

    def _answer(self, inner, host):
        head = self._head(inner)
        length = [line for line in head.splitlines() if line.lower().startswith("content-length:")]
        body = inner.recv(int(length[0].partition(":")[2])) if length and not length[0].endswith(" 0") else b""
        self.requests.append((host, head, body, time.monotonic()))
        queue = self.answers[host]
        answer = queue.pop(0) if len(queue) > 1 else queue[0]
        if answer == "silence":
            time.sleep(3)
            return
        status, headers, content = answer
        data = content if isinstance(content, bytes) else json.dumps(content).encode()
        lines = [f"HTTP/1.1 {status} OK", f"Content-Length: {len(data)}", "Connection: close", *headers]
        inner.sendall("\r\n".join(lines).encode() + b"\r\n\r\n" + data)

    @staticmethod
    def _head(connection):
        head = b""
        while b"\r\n\r\n" not in head:
            piece = connection.recv(1)
            if not piece:
                raise OSError("hung up")
            head += piece
        return head.decode()


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


@pytest.fixture
def issuers(authority, tmp_path, monkeypatch):
    trusted = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(str(trusted))
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    made = Issuers(authority)
    monkeypatch.setenv("VALLUM_HTTPS_PROXY", made.address)
    yield made
    made.close()


def put(tree, **files):
    for name, text in files.items():
        (tree / f"{name}.env").write_text(text + "\n")


def told(ran):
    return {
        finding["rule"]: (finding["verification"]["result"], finding["verification"]["host"])
        for finding in json.loads(ran.out)["findings"]
        if "verification" in finding
    }


def test_without_the_option_nobody_is_asked(vallum, tree, token, issuers):
    put(tree, a=f"T={token}")
    ran = vallum("scan", tree, "--format", "json")
    assert told(ran) == {}
    assert issuers.tunnels == []


def test_each_issuer_is_asked_about_its_own(vallum, tree, token, issuers):
    stripe, telegram = fill("sk_live_{base62:30}"), fill("{digits:10}:AA{base64url:33}")
    put(
        tree,
        a=f"T={token}",
        b=f"S={fill('xoxb-{digits:12}-{digits:12}-{base62:24}')}",
        c=f"K={stripe}",
        d=f"B={telegram}",
    )
    issuers.answers = {
        "api.github.com": [(200, [], {"rate": {}})],
        "slack.com": [(200, [], {"ok": False, "error": "token_revoked"})],
        "api.stripe.com": [(503, [], "busy")],
        "api.telegram.org": [(401, [], {"ok": False})],
    }
    ran = vallum("scan", tree, "--verify", "--format", "json", "--only", "secrets")
    assert told(ran) == {
        "github-personal-access-token": ("live", "api.github.com"),
        "slack-bot-token": ("revoked", "slack.com"),
        "stripe-secret-key": ("unknown", "api.stripe.com"),
        "telegram-bot-token": ("revoked", "api.telegram.org"),
    }
    assert ran.code == Exit.FINDINGS
    heads = {host: head for host, head, _, _ in issuers.requests}
    assert f"Authorization: Bearer {token}" in heads["api.github.com"]
    assert heads["slack.com"].startswith("POST /api/auth.test ")
    assert sorted(issuers.tunnels) == sorted(f"{host}:443" for host in issuers.answers)
    for host, head in heads.items():
        assert (token in head) is (host == "api.github.com")
    rows = [line for line in ran.err.splitlines() if "Asked " in line]
    assert len(rows) == 4
    assert "Asked api.github.com about 1 secret (1 request, " in rows[0]
    for value in (token, stripe, telegram):
        assert value not in ran.out + ran.err


@pytest.mark.parametrize("form", ["table", "sarif", "json"])
def test_every_report_says_what_came_of_it(vallum, tree, token, issuers, form):
    put(tree, a=f"T={token}")
    issuers.answers = {"api.github.com": [(200, [], {})]}
    ran = vallum("scan", tree, "--verify", "--format", form, "--only", "secrets")
    assert "api.github.com" in ran.out
    assert "answered 200" in ran.out


def test_a_redirect_is_not_followed(vallum, tree, token, issuers):
    put(tree, a=f"T={token}")
    issuers.answers = {"api.github.com": [(302, ["Location: https://a.shop.test/"], b"")]}
    assert told(vallum("scan", tree, "--verify", "--format", "json")) == {
        "github-personal-access-token": ("unknown", "api.github.com")
    }
    assert issuers.tunnels == ["api.github.com:443"]


def test_an_issuer_that_asks_to_wait_is_asked_once_more(vallum, tree, token, issuers):
    put(tree, a=f"T={token}")
    issuers.answers = {"api.github.com": [(429, ["Retry-After: 1"], {}), (200, [], {})]}
    assert told(vallum("scan", tree, "--verify", "--format", "json"))["github-personal-access-token"][0] == "live"
    first, second = (when for *_, when in issuers.requests)
    assert second - first >= 1.0


def test_an_issuer_that_asks_to_wait_long_is_left_alone(vallum, tree, token, issuers):
    put(tree, a=f"T={token}")
    issuers.answers = {"api.github.com": [(429, ["Retry-After: 3600"], {})]}
    assert told(vallum("scan", tree, "--verify", "--format", "json"))["github-personal-access-token"][0] == "unknown"
    assert len(issuers.requests) == 1


def test_a_certificate_that_is_not_trusted_gets_no_secret(vallum, tree, token, issuers, tmp_path, monkeypatch):
    put(tree, a=f"T={token}")
    other = tmp_path / "other.pem"
    trustme.CA().cert_pem.write_to_path(str(other))
    monkeypatch.setenv("SSL_CERT_FILE", str(other))
    issuers.answers = {"api.github.com": [(200, [], {})]}
    ran = vallum("scan", tree, "--verify", "--format", "json")
    assert told(ran)["github-personal-access-token"][0] == "unknown"
    assert issuers.requests == []


def test_what_is_hidden_is_not_asked_about(vallum, tree, token, issuers):
    put(tree, a=f"T={token}  # vallum:ignore ours to know")
    assert told(vallum("scan", tree, "--verify", "--format", "json")) == {}
    assert issuers.tunnels == []


def test_what_only_the_history_holds_is_asked_about_too(vallum, tree, token, issuers):
    def git(*words):
        subprocess.run(["git", "-C", tree, "-c", "user.name=A", "-c", "user.email=a@example.org", *words], check=True)

    git("init", "-q")
    put(tree, a=f"T={token}")
    git("add", "-A")
    git("commit", "-qm", "one")
    put(tree, a="T=")
    git("commit", "-qam", "two")
    issuers.answers = {"api.github.com": [(200, [], {})]}
    ran = vallum("scan", tree, "--verify", "--history", "--format", "json", "--only", "secrets")
    assert told(ran) == {"github-personal-access-token": ("live", "api.github.com")}
    assert len(issuers.requests) == 1


def test_rules_of_the_scanned_folder_ask_nobody(vallum, tree, issuers):
    folder = tree / ".vallum/rules"
    folder.mkdir(parents=True)
    (folder / "shop.toml").write_text(OWN)
    put(tree, a=fill("KEY=shop_{lower-alnum:20}"))
    issuers.answers = {"a.shop.test": [(200, [], {})]}
    ran = vallum("scan", tree, "--verify", "--repository-rules", "--format", "json", "--only", "secrets")
    assert told(ran) == {}
    assert issuers.tunnels == []
    ran = vallum("scan", tree, "--verify", "--rules", folder, "--format", "json", "--only", "secrets")
    assert told(ran) == {"shop-key": ("live", "a.shop.test")}


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        pytest.param(("--offline",), "--verify asks the issuers", id="offline"),
        pytest.param(("--only", "packages"), "--verify asks about secrets", id="no secrets"),
    ],
)
def test_what_makes_no_sense(vallum, tree, arguments, says):
    ran = vallum("scan", tree, "--verify", *arguments)
    assert ran.code == Exit.USAGE
    assert says in ran.err


def cases(count, host="a.shop.test"):
    """A report of so many keys of one issuer, and who saw them."""
    ((rule, _),) = read(OWN.replace("a.shop.test", host), "shop.toml")
    witness, found = Witness(), []
    for number in range(count):
        identity = ("secret/1", rule.id, f"{number:032x}")
        trust = Trust(Confidence.HIGH, "")
        witness._note(
            identity,
            Match(
                rule=rule,
                value=b"shop_%020d" % number,
                before=b"",
                start=0,
                end=1,
                severity=Severity.HIGH,
                trust=trust,
                pair_value=b"",
            ),
        )
        found.append(
            Finding(
                kind=Kind.SECRET, ruleset="secrets", rule=rule.id, title="t", severity=Severity.HIGH,
                confidence=Confidence.HIGH, message="m", locations=(Location(path="a"),), identity=identity,
                fingerprint=verifying.fingerprint(identity),
            )
        )  # fmt: skip
    return Report(findings=tuple(found)), witness


def results(report):
    return [(finding.verification.result.value, finding.verification.reason) for finding in report.findings]


def test_one_host_is_asked_slowly_and_one_question_after_the_other(issuers):
    issuers.answers = {"a.shop.test": [(200, [], {}), (401, [], {}), (200, [], {})]}
    report, witness = cases(3)
    done = verifying.verified(report, witness, Progress(), Limits(pause=0.2))
    assert [result for result, _ in results(done)] == ["live", "revoked", "live"]
    moments = [when for *_, when in issuers.requests]
    assert all(later - earlier >= 0.2 for earlier, later in pairwise(moments))


def test_the_number_of_questions_is_limited(issuers):
    issuers.answers = {"a.shop.test": [(200, [], {})]}
    report, witness = cases(4)
    done = verifying.verified(report, witness, Progress(), Limits(pause=0, questions=2))
    assert [result for result, _ in results(done)] == ["live", "live", "unknown", "unknown"]
    assert results(done)[3][1] == "was not asked: the number of questions allowed was over"
    assert len(issuers.requests) == 2


def test_the_time_is_limited(issuers):
    issuers.answers = {"a.shop.test": ["silence"]}
    report, witness = cases(3)
    started = time.monotonic()
    done = verifying.verified(report, witness, Progress(), Limits(pause=0, seconds=1.0, each=0.6))
    assert time.monotonic() - started < 2.5
    assert {result for result, _ in results(done)} == {"unknown"}
    assert results(done)[0][1] == "did not answer in time"


def test_a_host_that_fails_again_and_again_is_left_alone(issuers):
    issuers.answers = {"a.shop.test": ["silence"]}
    report, witness = cases(5)
    done = verifying.verified(report, witness, Progress(), Limits(pause=0, each=0.2, failures=2))
    assert [why for _, why in results(done)][2:] == ["failed 2 times in a row, and was left alone"] * 3
    assert len(issuers.tunnels) == 2


def test_an_answer_without_end_is_not_read(issuers):
    issuers.answers = {"a.shop.test": [(200, [], b"x" * 100_000)]}
    report, witness = cases(1)
    assert results(verifying.verified(report, witness, Progress())) == [("unknown", "answered more than is read")]


def test_no_value_is_in_what_stands_for_a_case(issuers):
    report, witness = cases(1)
    [case] = witness.cases(report.findings)
    assert "shop_0000" not in repr(case)
