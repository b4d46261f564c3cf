"""An HTTP server on loopback that hands every request to one function, with TLS or without."""

import http.server
import socket
import socketserver
import ssl
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import trustme
from requests.structures import CaseInsensitiveDict

LONGEST: Final = 50 << 20
"""Bytes of a body; more is refused with 413."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """`headers` are found under their names in any case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


Speaker = Callable[[Asked], Answer]


class HangUp(Exception):
    """Raised by who speaks: the connection ends without an answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """`authority` is the file with whom to trust for it; None without TLS."""

    port: int
    authority: Path | None

    @property
    def url(self) -> str:
        return f"{'https' if self.authority else 'http'}://127.0.0.1:{self.port}"

    @property
    def opening(self) -> str:
        """For VALLUM_EGRESS_ALLOW."""
        return f"127.0.0.1/32:{self.port}"


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 30
    disable_nagle_algorithm = True  # a body waits up to 40 ms for the client to own to the headers, else
    speak: Speaker

    def _answer(self) -> None:
        length = self.headers.get("Content-Length", "0")
        if not length.isdigit() or int(length) > LONGEST:
            self.close_connection = True
            self._write(Answer(status=413))
            return
        headers = CaseInsensitiveDict(self.headers.items())
        asked = Asked(method=self.command, path=self.path, headers=headers, body=self.rfile.read(int(length)))
        try:
            answer = type(self).speak(asked)
        except HangUp:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        self._write(answer)

    def _write(self, answer: Answer) -> None:
        self.send_response(answer.status)
        for name, value in {"Content-Length": str(len(answer.body)), **answer.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = _answer  # noqa: N815 - the library's names

    def log_message(self, *_arguments: object) -> None:
        """Says nothing."""


class Loud(socketserver.ThreadingMixIn, socketserver.TCPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients hang up when they have enough, or trust nobody here; anything else is a fault of the fake, and loud."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]  # passed on as it came


class _Server(Loud, http.server.HTTPServer):
    pass


@contextmanager
def serving(
    speak: Speaker, *, port: int = 0, folder: Path | None = None, names: Sequence[str] = ("localhost",)
) -> Iterator[Place]:
    """Serve until the block ends. With a folder: by TLS, and the authority's file lies there; `names` beside 127.0.0.1."""
    handler = type("Handler", (_Handler,), {"speak": staticmethod(speak)})
    server = _Server(("127.0.0.1", port), handler)
    bundle = None
    if folder:
        authority = trustme.CA()
        bundle = folder / f"authority-{server.server_address[1]}.pem"
        authority.cert_pem.write_to_path(bundle)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("127.0.0.1", *names).configure_cert(context)
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield Place(port=server.server_address[1], authority=bundle)
    finally:
        server.shutdown()
        server.server_close()
