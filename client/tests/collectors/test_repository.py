"""`vallum scan https://…`: cloned from a real git server on loopback, over TLS, in the guard's sandbox."""

import http.server
import json
import os
import ssl
import subprocess
import tempfile
import threading
from pathlib import Path

import pytest
import trustme

from vallum.cli.exits import Exit
from vallum_guard import sandbox

GIT = {
    **{name: value for name, value in os.environ.items() if not name.startswith("GIT_")},
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_AUTHOR_NAME": "Alice",
    "GIT_AUTHOR_EMAIL": "alice@example.org",
    "GIT_COMMITTER_NAME": "Alice",
    "GIT_COMMITTER_EMAIL": "alice@example.org",
}

pytestmark = pytest.mark.skipif(
    not sandbox.isolation().mechanism.own_network, reason="no network namespaces here: nothing is cloned without"
)


class Handler(http.server.BaseHTTPRequestHandler):
    root: Path

    def do_GET(self):
        self.serve(b"")

    def do_POST(self):
        self.serve(self.rfile.read(int(self.headers["Content-Length"])))

    def serve(self, body):
        place, _, query = self.path.partition("?")
        environment = GIT | {
            "GIT_PROJECT_ROOT": str(self.root),
            "GIT_HTTP_EXPORT_ALL": "1",
            "PATH_INFO": place,
            "QUERY_STRING": query,
            "REQUEST_METHOD": self.command,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(len(body)),
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
            "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
        }
        done = subprocess.run(["git", "http-backend"], input=body, env=environment, capture_output=True, check=False)
        head, _, content = done.stdout.partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n"))
        self.send_response(int(headers.pop("Status", "200").split()[0]))
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *arguments):
        pass


def git(*arguments, cwd):
    return subprocess.run(
        ["git", *arguments], cwd=cwd, env=GIT, check=True, capture_output=True, text=True
    ).stdout.strip()


@pytest.fixture
def host(tmp_path, monkeypatch):
    root = tmp_path / "served"
    root.mkdir()
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (Handler,), {"root": root})) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        port = server.server_address[1]
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        monkeypatch.setenv("VALLUM_EGRESS_ALLOW", f"127.0.0.1/32:{port}")
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
        yield root, f"https://127.0.0.1:{port}"
        server.shutdown()


def publish(root, name, files):
    work = root.parent / f"work-{name}"
    work.mkdir()
    git("init", "-q", "-b", "main", cwd=work)
    for path, content in files.items():
        (work / path).write_text(content)
    git("add", "-A", "-f", cwd=work)
    git("commit", "-q", "--allow-empty", "-m", "First", cwd=work)
    git("clone", "-q", "--bare", str(work), str(root / name), cwd=root)
    git("config", "uploadpack.allowFilter", "true", cwd=root / name)
    return git("rev-parse", "HEAD", cwd=work)


def test_a_repository_is_cloned_scanned_and_thrown_away(vallum, host, token, tmp_path, monkeypatch):
    root, address = host
    place = tmp_path / "temporary"
    place.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    commit = publish(root, "shop.git", {"a.env": f"T={token}", ".gitignore": "*.env\n"})
    ran = vallum("scan", f"{address}/shop.git", "--format", "json")
    assert ran.code == Exit.FINDINGS, ran.err
    report = json.loads(ran.out)
    assert report["target"] == {"name": "shop", "url": f"{address}/shop.git", "branch": "main", "commit": commit}
    assert report["findings"][0]["locations"] == [{"path": "a.env", "line": 1, "end_line": 1}]
    assert list(place.iterdir()) == []


def test_a_repository_without_commits(vallum, host):
    root, address = host
    git("init", "-q", "--bare", str(root / "empty.git"), cwd=root)
    ran = vallum("scan", f"{address}/empty.git")
    assert ran.code == Exit.INCOMPLETE
    assert "Nothing was scanned: " in ran.err
    assert "empty" in ran.err


@pytest.mark.parametrize(
    ("path", "arguments", "says"),
    [
        pytest.param("/absent.git", (), "Nothing was scanned", id="no such repository"),
        pytest.param("/shop.git", ("--branch", "gone"), "has no such branch", id="no such branch"),
    ],
)
def test_what_cannot_be_cloned_is_said(vallum, host, path, arguments, says):
    root, address = host
    publish(root, "shop.git", {"a": "a"})
    ran = vallum("scan", f"{address}{path}", *arguments)
    assert ran.code == Exit.INCOMPLETE
    assert says in ran.err
    assert ran.out == ""
