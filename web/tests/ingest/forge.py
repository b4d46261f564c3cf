"""A code host on loopback: real git over real TLS."""

import http.server
import os
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import trustme

GIT = {
    "PATH": os.environ["PATH"],
    "HOME": "/nonexistent",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_AUTHOR_NAME": "Alice",
    "GIT_AUTHOR_EMAIL": "alice@example.test",
    "GIT_COMMITTER_NAME": "Alice",
    "GIT_COMMITTER_EMAIL": "alice@example.test",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Forge:
    """Where it listens, what it serves, and whom to trust for it."""

    port: int
    root: Path
    authority: Path

    @property
    def opening(self) -> str:
        """For VALLUM_EGRESS_ALLOW."""
        return f"127.0.0.1/32:{self.port}"

    def address(self, name: str) -> str:
        return f"https://127.0.0.1:{self.port}/{name}"

    def publish(self, name: str, work: Path | None) -> None:
        """Serve the files of `work`, committed; without any it is a repository without a commit."""
        bare = self.root / name
        git("init", "-q", "--bare", "-b", "main", str(bare), at=self.root)
        git("config", "uploadpack.allowFilter", "true", at=bare)
        if work:
            git("init", "-q", "-b", "main", at=work)
            git("add", "-A", "-f", at=work)
            git("commit", "-q", "-m", "First", at=work)
            git("push", "-q", str(bare), "main", at=work)


def git(*arguments: str, at: Path) -> None:
    subprocess.run(("git", *arguments), cwd=at, env=GIT, capture_output=True, check=True)


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    root: Path

    def do_GET(self) -> None:
        self._answer(b"")

    def do_POST(self) -> None:
        self._answer(self._chunks() if "Transfer-Encoding" in self.headers else self.rfile.read(self._length()))

    def _length(self) -> int:
        return int(self.headers.get("Content-Length", 0))

    def _chunks(self) -> bytes:
        pieces = []
        while size := int(self.rfile.readline(), 16):
            pieces.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(pieces)

    def _answer(self, body: bytes) -> None:
        self.close_connection = True
        place, _, query = self.path.partition("?")
        if not (self.root / place.split("/")[1]).is_dir():
            self.send_error(404)
            return
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
        out = subprocess.run(("git", "http-backend"), input=body, env=environment, capture_output=True, check=True)
        head, _, content = out.stdout.partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n"))
        self.send_response(int(headers.pop("Status", "200 OK").split()[0]))
        for name, value in {**headers, "Content-Length": str(len(content))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_arguments: object) -> None:
        pass


class _Server(http.server.ThreadingHTTPServer):
    def handle_error(self, request: object, client_address: object) -> None:
        """Clients hang up when they have what they wanted."""


@contextmanager
def running(folder: Path) -> Iterator[Forge]:
    root = folder / "forge"
    root.mkdir()
    authority = trustme.CA()
    bundle = folder / "authority.pem"
    authority.cert_pem.write_to_path(bundle)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    server = _Server(("127.0.0.1", 0), type("Handler", (_Handler,), {"root": root}))
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.block_on_close = False
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield Forge(port=server.server_address[1], root=root, authority=bundle)
    finally:
        server.shutdown()
        server.server_close()
