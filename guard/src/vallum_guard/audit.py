"""The tripwire around libraries: connections, datagrams and look-ups that did not come through the guard are refused.

It cannot see connections made in C (libpq, curl); those are kept in by the sandbox and by the host's
own network rules. It is a tripwire against mistakes, not a wall against hostile code in this process.
"""

import socket
import sys
from collections.abc import Callable, Iterable
from typing import Any, Final

from vallum_guard.addresses import NOTHING_OPENED, Opening
from vallum_guard.connect import passing, resolving
from vallum_guard.errors import AddressDenied
from vallum_guard.urls import literal_address

_INTERNET: Final = frozenset({socket.AF_INET, socket.AF_INET6})
_ADVICE: Final = "Use vallum_guard.http, or give the library the guard's proxy."


class _Tripwire:
    """One hook per process: hooks can be added but never removed, so `install` twice changes what one allows."""

    def __init__(self) -> None:
        self.armed = False
        self.allowed: Opening = NOTHING_OPENED
        self.names: frozenset[str] = frozenset()

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self.armed and (watch := _WATCHED.get(event)):
            watch(self, *arguments)

    def made(self, _connection: object, family: int, kind: int, _protocol: int = 0) -> None:
        if kind & 0xF == socket.SOCK_RAW and family in _INTERNET:
            raise AddressDenied("A raw socket was opened: nothing here needs one.")

    def sent(self, connection: socket.socket, place: object = None) -> None:
        """`place` is None where the socket is connected already, and was judged then."""
        if place is None or connection.family == socket.AF_UNIX:
            return
        if not (isinstance(place, tuple) and len(place) >= 2 and connection.family in _INTERNET):
            raise AddressDenied(f"A connection to {place!r} was opened beside the guard. {_ADVICE}")
        if tuple(place[:2]) == passing.get():
            return
        host, port = _text(place[0]), int(place[1])
        address = literal_address(host.partition("%")[0])
        if address is None or not self.allowed.allows(address, port):
            raise AddressDenied(f"A connection to {host}:{port} was opened beside the guard. {_ADVICE}")

    def looked_up(self, name: object, *_more: object) -> None:
        """A look-up tells the name's owner that somebody asked, and a name has room for what must not leave."""
        host = _text(name)
        if literal_address(host.partition("%")[0]) is None and host not in {*self.names, resolving.get()}:
            raise AddressDenied(f"{host!r} was looked up beside the guard. {_ADVICE}")

    def asked_back(self, address: object) -> None:
        """Whose address it is: a question that goes out with the address."""
        host = _text(address[0] if isinstance(address, tuple) else address)
        value = literal_address(host.partition("%")[0])
        if not (value.is_loopback or value.is_unspecified if value is not None else host in self.names):
            raise AddressDenied(f"The name of {host!r} was looked up beside the guard. {_ADVICE}")


_WATCHED: Final[dict[str, Callable[..., None]]] = {
    "socket.__new__": _Tripwire.made,
    "socket.connect": _Tripwire.sent,
    "socket.sendto": _Tripwire.sent,
    "socket.sendmsg": _Tripwire.sent,
    "socket.getaddrinfo": _Tripwire.looked_up,
    "socket.gethostbyname": _Tripwire.looked_up,
    "socket.gethostbyaddr": _Tripwire.asked_back,
    "socket.getnameinfo": _Tripwire.asked_back,
}
_tripwire = _Tripwire()
_hooked: list[bool] = []


def install(infrastructure: Opening, names: Iterable[str] = ()) -> None:
    """From now on this process connects through the guard, to Unix sockets, and to its own infrastructure only.

    `names` are the infrastructure's host names, as its libraries look them up.
    """
    _tripwire.allowed = infrastructure
    _tripwire.names = frozenset({"", "localhost", socket.gethostname(), *names})
    _tripwire.armed = True
    if not _hooked:
        sys.addaudithook(_tripwire)
        _hooked.append(True)


def _text(host: object) -> str:
    if host is None:
        return ""
    return bytes(host).decode("utf-8", "replace") if isinstance(host, bytes | bytearray) else str(host)
