"""A CONNECT-only proxy on a Unix socket: the single hole in a sandbox without network.

It resolves each name once, refuses what is not the public internet, connects to the very
address it judged, and counts. What it refused, and why, stays readable for the caller.
"""

import contextlib
import os
import select
import socket
import tempfile
import threading
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from types import TracebackType
from typing import Final, Self

from vallum_guard import connect, urls
from vallum_guard.addresses import PORTS
from vallum_guard.errors import AddressDenied, BadUrl, GuardError, NotForeseen, TooLarge, TooSlow, TransportFailed
from vallum_guard.http import Route
from vallum_guard.ledger import Departure

_CHUNK: Final = 64 * 1024
_HEAD: Final = 8 * 1024
_CONNECTIONS: Final = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bytes (both ways, all connections together) and seconds (from the start) this proxy carries."""

    total_bytes: int = 1024 * 1024 * 1024
    seconds: float = 600.0


class ConnectProxy:
    """`with ConnectProxy(route=…, purpose="clone") as proxy:` listens on `proxy.path` until the block ends.

    With `only`, no host but those may be named. `problems` holds every refusal and every limit hit, in order.
    """

    def __init__(
        self, *, route: Route, purpose: str, limits: Limits | None = None, only: AbstractSet[str] | None = None
    ) -> None:
        self.problems: list[GuardError] = []
        self._route = route
        self._purpose = purpose
        self._limits = limits or Limits()
        self._only = only
        self._lock = threading.Lock()
        self._carried = 0
        self._open: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._places = threading.BoundedSemaphore(_CONNECTIONS)

    def __enter__(self) -> Self:
        # Its own 0700 folder: other accounts of this machine must not borrow the hole.
        self._folder = tempfile.TemporaryDirectory(prefix="vallum-proxy-")
        self.path = Path(self._folder.name) / "s"
        self._deadline = monotonic() + self._limits.seconds
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.bind(str(self.path))
        self._listener.listen(_CONNECTIONS)
        self._stop_read, self._stop_write = os.pipe()
        self._acceptor = threading.Thread(target=self._accept, name="guard proxy", daemon=True)
        self._acceptor.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.write(self._stop_write, b"x")
        self._acceptor.join()
        self._listener.close()
        with self._lock:
            for each in self._open:
                with contextlib.suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(timeout=10)
        os.close(self._stop_read)
        os.close(self._stop_write)
        self._folder.cleanup()

    @property
    def carried_bytes(self) -> int:
        return self._carried

    def _accept(self) -> None:
        while True:
            ready, _, _ = select.select([self._listener.fileno(), self._stop_read], [], [])
            if self._stop_read in ready:
                return
            client, _ = self._listener.accept()
            if not self._places.acquire(blocking=False):
                client.close()
                continue
            thread = threading.Thread(target=self._serve, args=(client,), name="guard proxy tunnel", daemon=True)
            self._threads = [each for each in self._threads if each.is_alive()] + [thread]
            thread.start()

    def _serve(self, client: socket.socket) -> None:
        try:
            with client, self._known(client):
                self._handle(client)
        except OSError:
            pass  # the sandbox hung up: nothing is left to tell it
        finally:
            self._places.release()

    @contextlib.contextmanager
    def _known(self, each: socket.socket) -> Iterator[None]:
        with self._lock:
            self._open.add(each)
        try:
            yield
        finally:
            with self._lock:
                self._open.discard(each)

    def _handle(self, client: socket.socket) -> None:
        host, port = "(unread)", 0
        address: str | None = None
        server: socket.socket | None = None
        tally = _Tally()
        ok = False
        try:
            host, port = _destination(client)
            server, address = self._dial(host, port)
            with server, self._known(server):
                client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
                with contextlib.suppress(ConnectionError):  # either end may hang up when it has what it wanted
                    self._carry(client, server, tally)
            ok = True
        except TimeoutError:
            self.problems.append(TooSlow(f"{host}:{port} or its peer stopped taking what was sent to it."))
        except GuardError as error:
            self.problems.append(error)
            if server is None:
                _refuse(client, error)
        finally:
            self._route.ledger(
                Departure(
                    party_host=host,
                    purpose=self._purpose,
                    address=address,
                    sent_bytes=tally.sent,
                    received_bytes=tally.received,
                    ok=ok,
                )
            )

    def _dial(self, host: str, port: int) -> tuple[socket.socket, str]:
        if self._only is not None and host not in self._only:
            raise AddressDenied(f"Only {', '.join(sorted(self._only))} may be reached from here, not {host}.")
        if port not in PORTS and not self._route.opening.covers_port(port):
            raise AddressDenied(f"Port {port} of {host} is closed: only {', '.join(map(str, sorted(PORTS)))} are open.")
        self._route.gate(self._purpose, host)
        left = min(max(self._deadline - monotonic(), 0.01), 20)
        if self._route.proxy is not None:
            target = urls.Target(scheme="https", host=host, port=port, path="/")
            return connect.through_proxy(self._route.proxy, target, seconds=left), f"by proxy {self._route.proxy}"
        route = self._route
        found = connect.resolve(host, port, opening=route.opening, own=route.own, resolver=route.resolver, seconds=left)
        server, address = connect.open_first(host, found, port, seconds=left)
        return server, str(address)

    def _carry(self, client: socket.socket, server: socket.socket, tally: "_Tally") -> None:
        sides = {client: server, server: client}
        client.settimeout(20)
        server.settimeout(20)
        while sides:
            left = self._deadline - monotonic()
            ready, _, _ = select.select(list(sides), [], [], max(left, 0))
            if not ready:
                raise TooSlow(f"The transfer took longer than the {self._limits.seconds:.0f} seconds allowed.")
            for source in ready:
                data = source.recv(_CHUNK)
                other = server if source is client else client
                if not data:
                    del sides[source]
                    with contextlib.suppress(OSError):
                        other.shutdown(socket.SHUT_WR)
                    continue
                tally.add(len(data), outward=source is client)
                self._count(len(data))
                other.sendall(data)

    def _count(self, size: int) -> None:
        with self._lock:
            self._carried += size
            if self._carried > self._limits.total_bytes:
                raise TooLarge(f"The transfer is larger than the {self._limits.total_bytes} bytes allowed.")


class _Tally:
    __slots__ = ("received", "sent")

    def __init__(self) -> None:
        self.sent = 0
        self.received = 0

    def add(self, size: int, *, outward: bool) -> None:
        if outward:
            self.sent += size
        else:
            self.received += size


def _destination(client: socket.socket) -> tuple[str, int]:
    """Reads `CONNECT host:port HTTP/1.x`, and takes nothing else."""
    head = b""
    deadline = monotonic() + 10
    while b"\r\n\r\n" not in head:
        try:
            client.settimeout(max(deadline - monotonic(), 0.01))
            piece = client.recv(_HEAD)
        except TimeoutError as error:
            raise TooSlow("The proxy's client did not finish its request in 10 seconds.") from error
        head += piece
        if not piece or len(head) > _HEAD:
            raise TransportFailed("The proxy's client did not send a request the proxy can read.")
    line, _, _ = head.partition(b"\r\n")
    words = line.decode("latin-1").split(" ")
    if len(words) != 3 or words[0] != "CONNECT" or not words[2].startswith("HTTP/1."):
        raise BadUrl("This proxy takes CONNECT host:port only.")
    if not head.endswith(b"\r\n\r\n"):
        raise BadUrl("The proxy's client spoke before it was answered.")
    return urls.split_place(words[1])


def _refuse(client: socket.socket, error: GuardError) -> None:
    status = "403 Forbidden" if isinstance(error, AddressDenied | BadUrl | NotForeseen) else "502 Bad Gateway"
    body = str(error).encode()
    head = f"HTTP/1.1 {status}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {len(body)}\r\n\r\n"
    client.sendall(head.encode() + body)
