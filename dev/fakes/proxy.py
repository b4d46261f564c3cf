"""An operator's proxy on loopback, which carries every tunnel to one site, whatever name is asked for."""

import contextlib
import socket
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

_CHUNK: Final = 65_536


class _Tunnel(socketserver.BaseRequestHandler):
    site: int
    asked: list[str]

    def handle(self) -> None:
        head = b""
        while b"\r\n\r\n" not in head:
            head += self.request.recv(_CHUNK)
        self.asked.append(head.split(b" ")[1].decode())
        with socket.create_connection(("127.0.0.1", self.site)) as there:  # noqa: TID251 - a proxy opens connections
            self.request.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            back = threading.Thread(target=_carry, args=(there, self.request), daemon=True)
            back.start()
            _carry(self.request, there)
            back.join()


def _carry(one: Any, other: Any) -> None:
    with contextlib.suppress(OSError):
        while data := one.recv(_CHUNK):
            other.sendall(data)
        other.shutdown(socket.SHUT_WR)


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False


@contextmanager
def carrying(site: int) -> Iterator[tuple[str, list[str]]]:
    """Its address for VALLUM_HTTPS_PROXY, and the places that were asked for."""
    asked: list[str] = []
    handler = type("Tunnel", (_Tunnel,), {"site": site, "asked": asked})
    with _Server(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}", asked
        finally:
            server.shutdown()
