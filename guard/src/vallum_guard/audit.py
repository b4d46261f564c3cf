"""The tripwire around libraries: connections that did not come through the guard are refused.

It cannot see connections made in C (libpq, curl); those are kept in by the sandbox and by the host's
own network rules. It is a tripwire against mistakes, not a wall against hostile code in this process.
"""

import ipaddress
import socket
import sys

from vallum_guard.addresses import Opening
from vallum_guard.connect import passing
from vallum_guard.errors import AddressDenied


class _Tripwire:
    """One hook per process: hooks can be added but never removed, so `install` twice changes what one allows."""

    def __init__(self) -> None:
        self.allowed: Opening | None = None

    def __call__(self, event: str, arguments: tuple[object, ...]) -> None:
        if event != "socket.connect" or self.allowed is None:
            return
        connection, place = arguments
        if not isinstance(connection, socket.SocketType) or connection.family == socket.AF_UNIX:
            return
        if not (isinstance(place, tuple) and len(place) >= 2) or tuple(place[:2]) == passing.get():
            return
        host, port = str(place[0]), int(place[1])
        try:
            address = ipaddress.ip_address(host.partition("%")[0])
        except ValueError:
            address = None
        if address is None or not self.allowed.allows(address, port):
            raise AddressDenied(
                f"A connection to {host}:{port} was opened beside the guard. "
                "Use vallum_guard.http, or give the library the guard's proxy."
            )


_tripwire = _Tripwire()
_hooked: list[bool] = []


def install(infrastructure: Opening) -> None:
    """From now on this process connects through the guard, to Unix sockets, and to its own infrastructure only."""
    _tripwire.allowed = infrastructure
    if not _hooked:
        sys.addaudithook(_tripwire)
        _hooked.append(True)
