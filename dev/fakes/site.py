"""A web server on loopback with TLS that answers each path as a test wrote down, and remembers what it was asked."""

import http.server
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import trustme


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


Speaker = Callable[[Asked], Answer]


@dataclass(kw_only=True)
class Site:
    """`authority` is the file with whom to trust for it. A path nobody wrote down is missing."""

    port: int
    authority: Path
    name: str = "127.0.0.1"
    pages: dict[str, Answer | Speaker] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"https://{self.name}:{self.port}"

    @property
    def opening(self) -> str:
        """For VALLUM_EGRESS_ALLOW."""
        return f"127.0.0.1/32:{self.port}"

    def redirect(self, path: str, to: str, status: int = 302) -> None:
        self.pages[path] = Answer(status=status, headers={"Location": to})


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    site: Site

    def _answer(self) -> None:
        self.close_connection = True
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        asked = Asked(method=self.command, path=self.path, headers=dict(self.headers), body=body)
        self.site.asked.append(asked)
        page = self.site.pages.get(self.path.partition("?")[0], Answer(status=404))
        answer = page if isinstance(page, Answer) else page(asked)
        self.send_response(answer.status)
        for name, value in {"Content-Length": str(len(answer.body)), **answer.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = _answer  # noqa: N815 - the library's names

    def log_message(self, *_arguments: object) -> None:
        """Says nothing."""


class _Server(http.server.ThreadingHTTPServer):
    def handle_error(self, request: object, client_address: object) -> None:
        """Clients hang up when they have what they wanted."""


@contextmanager
def running(folder: Path, *names: str) -> Iterator[Site]:
    """A site whose certificate is for 127.0.0.1 and these names. `folder` gets the authority's file."""
    authority = trustme.CA()
    bundle = folder / "site-authority.pem"
    authority.cert_pem.write_to_path(bundle)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1", *names).configure_cert(context)
    handler = type("Handler", (_Handler,), {})
    server = _Server(("127.0.0.1", 0), handler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.block_on_close = False
    site = Site(port=server.server_address[1], authority=bundle)
    handler.site = site  # type: ignore[attr-defined]  # a class made two lines above
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()
