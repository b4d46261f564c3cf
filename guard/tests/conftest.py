"""A code host on loopback: real git over real TLS, with one path for every way a host can misbehave."""

import base64
import http.server
import os
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import trustme

from vallum_guard.addresses import Opening
from vallum_guard.http import Route
from vallum_guard.ledger import Departure

GIT_ENV = {
    "PATH": os.environ["PATH"],
    "HOME": "/nonexistent",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_AUTHOR_NAME": "Alice",
    "GIT_AUTHOR_EMAIL": "alice@example.org",
    "GIT_COMMITTER_NAME": "Alice",
    "GIT_COMMITTER_EMAIL": "alice@example.org",
}


@dataclass(kw_only=True)
class Host:
    """Where the server listens, what it serves, and what was asked of it."""

    port: int
    root: Path
    authorities: Path
    requests: list[tuple[str, str, dict[str, str], bytes]] = field(default_factory=list)
    departures: list[Departure] = field(default_factory=list)
    holding: threading.Event = field(default_factory=threading.Event)
    released: threading.Event = field(default_factory=threading.Event)

    @property
    def address(self) -> str:
        return f"https://127.0.0.1:{self.port}"

    @property
    def opening(self) -> Opening:
        return Opening.parse(f"127.0.0.1/32:{self.port}")

    @property
    def route(self) -> Route:
        return Route(opening=self.opening, authorities=self.authorities, ledger=self.departures.append)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    host: Host

    def do_GET(self) -> None:
        self._serve(b"")

    def do_POST(self) -> None:
        self._serve(self._body())

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            pieces = []
            while size := int(self.rfile.readline(), 16):
                pieces.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            return b"".join(pieces)
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def _serve(self, body: bytes) -> None:
        self.close_connection = True
        self.host.requests.append((self.command, self.path, dict(self.headers), body))
        first = self.path.split("/")[1].split("?")[0]
        answer = getattr(self, f"serve_{first.replace('-', '_')}", None)
        if answer:
            answer(body)
        else:
            self.git(self.path, body)

    def say(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def serve_hello(self, _body: bytes) -> None:
        self.say(200, b"hello")

    def serve_page(self, _body: bytes) -> None:
        self.say(200, b"<!doctype html>\n<title>Not a repository</title>\n<p>hello\n", Content_Type="text/html")

    def serve_echo(self, body: bytes) -> None:
        self.say(200, body)

    def serve_large(self, _body: bytes) -> None:
        self.say(200, b"x" * 300_000)

    def serve_endless(self, _body: bytes) -> None:
        self.send_response(200)
        self.end_headers()
        try:
            for _ in range(10_000):
                self.wfile.write(b"x" * 10_000)
        except OSError:
            pass

    def serve_drip(self, _body: bytes) -> None:
        try:
            for byte in b"HTTP/1.1 200 OK\r\nX-Slow: " + b"y" * 200:
                self.connection.sendall(bytes([byte]))
                time.sleep(0.1)
        except OSError:
            pass

    def serve_odd_length(self, _body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "\u00b2" if self.path.endswith("sign") else "9" * 5000)
        self.end_headers()
        self.wfile.write(b"hello")

    def serve_short(self, _body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "100")
        self.end_headers()
        self.wfile.write(b"only this")

    def serve_range(self, _body: bytes) -> None:
        start = int(self.headers["Range"].removeprefix("bytes=").removesuffix("-"))
        content = b"0123456789"
        self.say(206, content[start:], Content_Range=f"bytes {start}-9/10")

    def serve_redirect(self, _body: bytes) -> None:
        left = int(self.path.rpartition("/")[2])
        self.say(302, Location=f"/redirect/{left - 1}" if left else "/hello")

    def serve_to_metadata(self, _body: bytes) -> None:
        self.say(302, Location="https://169.254.169.254/latest/meta-data/")

    def serve_to_plain(self, _body: bytes) -> None:
        self.say(301, Location="http://example.org/")

    def serve_to_localhost(self, _body: bytes) -> None:
        self.say(307, Location=f"https://localhost:{self.host.port}/hello")

    def serve_locked(self, body: bytes) -> None:
        if not self.headers.get("Authorization", "").startswith("Basic "):
            self.say(401, WWW_Authenticate='Basic realm="x"')
            return
        self.git(self.path.removeprefix("/locked"), body)

    def serve_held(self, body: bytes) -> None:
        """As locked, but the pack itself waits for the test's word."""
        if self.command == "POST":
            self.host.holding.set()
            self.host.released.wait(30)
        self.path = self.path.removeprefix("/held")
        self.serve_locked(body)

    def serve_telltale(self, _body: bytes) -> None:
        """Repeats what it was sent, where git shows it to its user."""
        if not self.headers.get("Authorization"):
            self.say(401, WWW_Authenticate='Basic realm="x"')
            return
        proof = self.headers["Authorization"].removeprefix("Basic ")
        told = f"You said {proof}, which is {base64.b64decode(proof).decode()}\n"
        self.say(403, told.encode(), Content_Type="text/plain")

    def serve_stuck(self, _body: bytes) -> None:
        time.sleep(30)

    def git(self, path: str, body: bytes) -> None:
        place, _, query = path.partition("?")
        if not (self.host.root / place.split("/")[1]).is_dir():
            self.say(404, b"no such repository")
            return
        environment = GIT_ENV | {
            "GIT_PROJECT_ROOT": str(self.host.root),
            "GIT_HTTP_EXPORT_ALL": "1",
            "PATH_INFO": place,
            "QUERY_STRING": query,
            "REQUEST_METHOD": self.command,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(len(body)),
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
            "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
        }
        out = subprocess.run(("git", "http-backend"), input=body, env=environment, capture_output=True, check=True)
        head, _, content = out.stdout.partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n"))
        status = int(headers.pop("Status", "200 OK").split()[0])
        headers.pop("Content-Length", None)
        self.say(status, content, **{name.replace("-", "_"): value for name, value in headers.items()})

    def log_message(self, *_arguments: object) -> None:
        pass


class Server(http.server.ThreadingHTTPServer):
    def handle_error(self, request: object, client_address: object) -> None:
        """Clients of these tests hang up on purpose."""


def git(*arguments: str, cwd: Path) -> str:
    done = subprocess.run(("git", *arguments), cwd=cwd, env=GIT_ENV, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def publish(root: Path, name: str, work: Path) -> str:
    """Commits everything in `work` and serves it as `name`; the commit's id."""
    git("init", "-q", "-b", "main", cwd=work)
    git("add", "-A", "-f", cwd=work)
    git("commit", "-q", "-m", "First", cwd=work)
    git("clone", "-q", "--bare", str(work), str(root / name), cwd=root)
    git("config", "uploadpack.allowFilter", "true", cwd=root / name)
    return git("rev-parse", "HEAD", cwd=work)


@pytest.fixture(scope="session")
def running_host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    root = tmp_path_factory.mktemp("forge")
    authority = trustme.CA()
    certificate = authority.issue_cert("127.0.0.1", "localhost", "code.example.org")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    bundle = tmp_path_factory.mktemp("authority") / "ca.pem"
    authority.cert_pem.write_to_path(bundle)
    server = Server(("127.0.0.1", 0), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.block_on_close = False
    Handler.host = Host(port=server.server_address[1], root=root, authorities=bundle)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield Handler.host
    server.shutdown()
    server.server_close()


@pytest.fixture
def host(running_host: Host) -> Host:
    running_host.requests.clear()
    running_host.departures.clear()
    running_host.holding.clear()
    running_host.released.clear()
    return running_host


@pytest.fixture(scope="session")
def repository(running_host: Host, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """`project.git` with a link, a nested file, a large file, attributes; its address and newest commit."""
    work = tmp_path_factory.mktemp("project")
    (work / "README").write_text("hello\n")
    (work / "nested" / "deep").mkdir(parents=True)
    (work / "nested" / "deep" / "file.txt").write_text("deep\n")
    (work / "passwd").symlink_to("/etc/passwd")
    (work / "large.bin").write_bytes(os.urandom(300_000))
    (work / ".gitattributes").write_text("*.txt filter=lfs diff=lfs merge=lfs -text\n")
    (work / ".gitmodules").write_text('[submodule "x"]\n\tpath = x\n\turl = https://127.0.0.1/x.git\n')
    commit = publish(running_host.root, "project.git", work)
    git("branch", "feature", cwd=running_host.root / "project.git")
    subprocess.run(("git", "init", "-q", "--bare", str(running_host.root / "empty.git")), env=GIT_ENV, check=True)
    return f"{running_host.address}/project.git", commit
