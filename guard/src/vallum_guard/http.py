"""A small HTTPS client over checked connections: no environment proxies, no cookies, no redirects unless asked.

`stream` hands the answer over piece by piece, as it is on the wire; `fetch` collects and unpacks it.
"""

import contextlib
import http.client
import io
import socket
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from time import monotonic
from typing import Any, BinaryIO, Final
from urllib.parse import urljoin

from vallum_guard import connect, urls
from vallum_guard.addresses import NOTHING_OPENED, Address, Network, Opening
from vallum_guard.connect import Resolver
from vallum_guard.encoding import decoded
from vallum_guard.errors import (
    BadUrl,
    GuardError,
    RedirectRefused,
    TooLarge,
    TooSlow,
    TransportFailed,
)
from vallum_guard.ledger import Departure, Gate, Ledger, ungated, unrecorded
from vallum_guard.urls import Target

_CHUNK: Final = 64 * 1024
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"})
# What proves who is asking is meant for the host that was named, not for where it points; and it may have any name.
_FOR_ANYBODY: Final = frozenset(
    {
        "accept",
        "accept-language",
        "content-type",
        "if-modified-since",
        "if-none-match",
        "if-range",
        "range",
        "user-agent",
    }
)
OURS: Final = frozenset({"host", "content-length", "transfer-encoding", "connection", "accept-encoding"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Seconds for the whole exchange, bytes for the answer's body, redirects followed (never more than 3)."""

    seconds: float = 10.0
    body_bytes: int = 10 * 1024 * 1024
    redirects: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """How connections leave: what is opened, who resolves, whose certificates count, and over which proxy.

    `own` are this platform's public addresses where the machine itself does not have them.
    `proxy` is the operator's VALLUM_HTTPS_PROXY (`http://host:port`) or the sandbox's relay. It then
    resolves the names, so it must be a guard's proxy or one the operator trusts to be.
    """

    opening: Opening = NOTHING_OPENED
    own: tuple[Network, ...] = ()
    resolver: Resolver = connect.system_resolver
    authorities: Path | None = None
    proxy: str | None = None
    gate: Gate = ungated
    ledger: Ledger = unrecorded


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    url: str
    purpose: str  # goes into the ledger: why did this leave?
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | BinaryIO | None = None  # a file is streamed from its position to its end


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer whose body is still on the wire. Header names are lower case."""

    status: int
    headers: Mapping[str, str]
    url: str
    address: str
    chunks: Iterator[bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    status: int
    headers: Mapping[str, str]
    url: str
    address: str
    body: bytes


class _Wire:
    """A socket under one deadline, counting both ways: what `http.client` takes for a socket."""

    def __init__(self, plain: socket.socket, deadline: float, what: str) -> None:
        self._socket = plain
        self._deadline = deadline
        self._what = what
        self.sent = 0
        self.received = 0

    def _arm(self) -> None:
        left = self._deadline - monotonic()
        if left <= 0:
            raise TooSlow(f"{self._what} was not finished in the time allowed: try again, or allow more time.")
        self._socket.settimeout(left)

    def sendall(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            self._arm()
            count = self._socket.send(view)
            self.sent += count
            view = view[count:]

    def receive_into(self, buffer: memoryview) -> int:
        self._arm()
        count = self._socket.recv_into(buffer)
        self.received += count
        return count

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(_Incoming(self), _CHUNK)

    def close(self) -> None:
        self._socket.close()


class _Incoming(io.RawIOBase):
    def __init__(self, wire: _Wire) -> None:
        self._wire = wire

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        return self._wire.receive_into(memoryview(buffer))


@contextlib.contextmanager
def stream(request: Request, *, route: Route, limits: Limits | None = None) -> Iterator[Reply]:
    """Asks, and hands over the answer while it arrives; the connection ends with the block.

    Refuses over-long bodies with TooLarge and late ones with TooSlow while `chunks` is read.
    """
    limits = limits or Limits()
    deadline = monotonic() + limits.seconds
    for _hop in range(min(limits.redirects, 3) + 1):
        with _exchange(request, route=route, limits=limits, deadline=deadline) as reply:
            if reply.status not in _REDIRECTS or not limits.redirects:
                yield reply
                return
            request = _next(request, reply)
    raise RedirectRefused(f"{urls.redact(request.url)}: redirected more than {min(limits.redirects, 3)} times.")


def fetch(request: Request, *, route: Route, limits: Limits | None = None) -> Response:
    """Asks, and returns the whole answer, unpacked where the server compressed it unasked."""
    limits = limits or Limits()
    with stream(request, route=route, limits=limits) as reply:
        encoding = reply.headers.get("content-encoding", "")
        body = decoded(b"".join(reply.chunks), encoding, limit=limits.body_bytes, url=reply.url)
        headers = {name: value for name, value in reply.headers.items() if name != "content-encoding"}
        return Response(status=reply.status, headers=headers, url=reply.url, address=reply.address, body=body)


def _next(request: Request, reply: Reply) -> Request:
    location = reply.headers.get("location", "")
    if not location:
        raise RedirectRefused(f"{reply.url} redirects without saying where.")
    try:
        url = urljoin(reply.url, location)
    except ValueError as error:
        raise RedirectRefused(f"{reply.url} redirects to {urls.redact(location)!r}, which is no address.") from error
    before, after = urls.authority_of(reply.url), urls.authority_of(url)
    if reply.url.startswith("https:") and not url.startswith("https:"):
        raise RedirectRefused(f"{reply.url} redirects to {urls.redact(url)}, which is not encrypted.")
    headers = {
        name: value for name, value in request.headers.items() if before == after or name.lower() in _FOR_ANYBODY
    }
    if reply.status in {307, 308} or request.method in {"GET", "HEAD"}:
        if request.body is not None and (before != after or not isinstance(request.body, bytes)):
            raise RedirectRefused(
                f"{reply.url} redirects a request with a body to {urls.redact(url)}: name that address."
            )
        return replace(request, url=url, headers=headers)
    return replace(request, url=url, headers=headers, method="GET", body=None)


@contextlib.contextmanager
def _exchange(request: Request, *, route: Route, limits: Limits, deadline: float) -> Iterator[Reply]:
    target = urls.parse(request.url, opening=route.opening)
    _vet(request)
    address, ok = None, False
    wires: list[_Wire] = []
    try:
        route.gate(request.purpose, target.host)
        wire, address = _dial(target, route=route, deadline=deadline)
        wires.append(wire)
        answer = _ask(request, target, wire)
        # None where the header is missing or no number: then the body is counted as it comes.
        if answer.length is not None and answer.length > limits.body_bytes:
            raise TooLarge(f"{target.url} announces {answer.length} bytes; {limits.body_bytes} are allowed.")
        yield Reply(
            status=answer.status,
            headers={name.lower(): value for name, value in answer.getheaders()},
            url=target.url,
            address=address,
            chunks=_chunks(answer, target, limits),
        )
        ok = True
    finally:
        for wire in wires:
            wire.close()
        route.ledger(
            Departure(
                party_host=target.host,
                purpose=request.purpose,
                address=address,
                sent_bytes=sum(wire.sent for wire in wires),
                received_bytes=sum(wire.received for wire in wires),
                ok=ok,
            )
        )


def _vet(request: Request) -> None:
    if request.method not in _METHODS:
        raise BadUrl(f"{request.method!r} is not a method this client speaks.")
    for name, value in request.headers.items():
        if name.lower() in OURS:
            raise BadUrl(f"The header {name} is set by the client itself: leave it out.")
        if not (name + value).isprintable():
            raise BadUrl(f"The header {name!r} holds a line break or control character.")


def _dial(target: Target, *, route: Route, deadline: float) -> tuple[_Wire, str]:
    what = f"The exchange with {target.authority}"
    left = max(deadline - monotonic(), 0.01)
    if route.proxy is None:
        found = _found(target, route, left)
        left = max(deadline - monotonic(), 0.01)
        plain, address = connect.open_first(target.host, found, target.port, seconds=left)
        place = str(address)
    else:
        literal = urls.literal_address(target.host)
        if target.scheme == "http" and (literal is None or not route.opening.allows(literal, target.port)):
            raise BadUrl(f"{target.url} is not encrypted: write https://.")
        plain = connect.through_proxy(route.proxy, target, seconds=left)
        place = f"by proxy {route.proxy}"
    if target.scheme == "https":
        plain.settimeout(max(deadline - monotonic(), 0.01))
        plain = connect.secure(plain, target.host, connect.tls_context(route.authorities))
    return _Wire(plain, deadline, what), place


def _found(target: Target, route: Route, seconds: float) -> tuple[Address, ...]:
    opening = route.opening
    found = connect.resolve(
        target.host, target.port, opening=opening, own=route.own, resolver=route.resolver, seconds=seconds
    )
    if target.scheme == "http" and not all(opening.allows(each, target.port) for each in found):
        raise BadUrl(f"{target.url} is not encrypted: write https://.")
    return found


def _ask(request: Request, target: Target, wire: _Wire) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection(target.host, target.port)
    connection.auto_open = 0
    connection.sock = wire  # all that http.client uses of a socket
    with _translated(target):
        connection.putrequest(request.method, target.path, skip_host=True, skip_accept_encoding=True)
        connection.putheader("Host", target.authority)
        connection.putheader("Accept-Encoding", "identity")
        connection.putheader("Connection", "close")
        if not any(name.lower() == "user-agent" for name in request.headers):
            connection.putheader("User-Agent", "vallum")
        for name, value in request.headers.items():
            connection.putheader(name, value.encode())
        length = _length(request)
        if length is not None:
            connection.putheader("Content-Length", str(length))
        connection.endheaders()
        _send_body(request.body, length or 0, wire)
        answer = http.client.HTTPResponse(wire, method=request.method)  # type: ignore[arg-type]  # see above
        answer.begin()
        return answer


def _length(request: Request) -> int | None:
    if request.body is None:
        return 0 if request.method in {"POST", "PUT", "PATCH"} else None
    if isinstance(request.body, bytes):
        return len(request.body)
    start = request.body.tell()
    end = request.body.seek(0, io.SEEK_END)
    request.body.seek(start)
    return end - start


def _send_body(body: bytes | BinaryIO | None, length: int, wire: _Wire) -> None:
    if isinstance(body, bytes):
        wire.sendall(body)
        return
    left = length
    while body is not None and left > 0:
        chunk = body.read(min(_CHUNK, left))
        if not chunk:
            raise TransportFailed("The file to be sent became shorter while it was being sent: send it again.")
        wire.sendall(chunk)
        left -= len(chunk)


def _chunks(answer: http.client.HTTPResponse, target: Target, limits: Limits) -> Iterator[bytes]:
    total = 0
    while True:
        with _translated(target):
            chunk = answer.read1(_CHUNK)
        if not chunk:
            break
        total += len(chunk)
        if total > limits.body_bytes:
            raise TooLarge(f"{target.url} sends more than the {limits.body_bytes} bytes allowed.")
        yield chunk
    if answer.length:  # read1 ends quietly where the peer hung up early
        raise TransportFailed(f"{target.url} ended {answer.length} bytes early: try again.")


@contextlib.contextmanager
def _translated(target: Target) -> Iterator[None]:
    try:
        yield
    except GuardError:
        raise
    except TimeoutError as error:
        raise TooSlow(f"{target.url} did not answer in the time allowed: try again later.") from error
    except ssl.SSLError as error:
        raise TransportFailed(f"{target.url}: the encrypted connection broke ({error.reason}): try again.") from error
    except (OSError, http.client.HTTPException, ValueError) as error:
        reason = str(error) or type(error).__name__
        raise TransportFailed(f"{target.url} did not answer as HTTP ({reason}): try again later.") from error
