"""Bytes for a listener that answers nothing, over TLS and through the same checks as everything else: syslog (RFC 5425)."""

import contextlib
import ssl
from dataclasses import replace
from socket import socket
from time import monotonic

from vallum_guard import connect
from vallum_guard.addresses import Opening
from vallum_guard.errors import TooSlow, TransportFailed
from vallum_guard.http import Route
from vallum_guard.ledger import Departure
from vallum_guard.urls import Target

SYSLOG_PORT = 6514
_HESITATING = 0.3
"""Seconds in which who refuses does so."""
_PARTING = 3.0
"""Seconds that the other end has to say that it has read all."""


def opened(opening: Opening) -> Opening:
    """The same, with the port of syslog over TLS instead of HTTPS' own."""
    return replace(opening, ports=frozenset({SYSLOG_PORT}))


def deliver(data: bytes, target: Target, *, purpose: str, route: Route, seconds: float = 10.0) -> bool:
    """Send it all, and part as TLS asks. Whether the other end parted so too: then it has read everything.

    False where it just hung up, or is still open: nobody can tell more. Raises GuardError where it surely was not taken whole.
    """
    deadline = monotonic() + seconds
    address, sent, ok = None, 0, False
    try:
        route.gate(purpose, target.host)
        plain, address = _dial(target, route, deadline)
        plain.settimeout(max(deadline - monotonic(), 0.01))
        with connect.secure(plain, target.host, _context(route)) as channel:
            sent = _sent(channel, data, target, deadline)
            has_parted = _parted(channel, target)
        ok = True
        return has_parted
    finally:
        left = Departure(
            party_host=target.host, purpose=purpose, address=address, sent_bytes=sent, received_bytes=0, ok=ok
        )
        route.ledger(left)


def _dial(target: Target, route: Route, deadline: float) -> tuple[socket, str]:
    left = max(deadline - monotonic(), 0.01)
    if route.proxy is not None:
        return connect.through_proxy(route.proxy, target, seconds=left), f"by proxy {route.proxy}"
    found = connect.resolve(
        target.host,
        target.port,
        opening=opened(route.opening),
        own=route.own,
        resolver=route.resolver,
        seconds=left,
    )
    plain, address = connect.open_first(target.host, found, target.port, seconds=max(deadline - monotonic(), 0.01))
    return plain, str(address)


def _sent(channel: ssl.SSLSocket, data: bytes, target: Target, deadline: float) -> int:
    view = memoryview(data)
    try:
        while view:
            channel.settimeout(max(deadline - monotonic(), 0.01))
            view = view[channel.send(view) :]
    except TimeoutError as error:
        raise TooSlow(f"{target.authority} did not take it in the time allowed.") from error
    except OSError as error:
        raise TransportFailed(f"{target.authority} hung up in the middle ({error.strerror or error}).") from error
    return len(data)


def _context(route: Route) -> ssl.SSLContext:
    """Older Pythons (3.11.2 is one) would take an end without a word for one with it."""
    context = connect.tls_context(route.authorities, speaks=())
    context.options &= ~getattr(ssl, "OP_IGNORE_UNEXPECTED_EOF", 0)
    return context


def _is_over(channel: ssl.SSLSocket) -> bool:
    try:
        return not channel.recv(1)
    except ssl.SSLError as error:
        if _is_cut(error):
            return True
        raise


def _is_cut(error: OSError) -> bool:
    return isinstance(error, ssl.SSLError) and error.reason == "UNEXPECTED_EOF_WHILE_READING"


def _parted(channel: ssl.SSLSocket, target: Target) -> bool:
    """First whether it is still there: TLS 1.3 tells only now of a certificate that it wanted and did not get."""
    try:
        channel.settimeout(_HESITATING)
        with contextlib.suppress(TimeoutError):
            if _is_over(channel):
                raise TransportFailed(f"{target.authority} hung up before it could have read all.")
        channel.settimeout(_PARTING)
        channel.unwrap()
    except (TimeoutError, ssl.SSLEOFError, ssl.SSLSyscallError):
        return False
    except OSError as error:
        if error.errno == 0 or _is_cut(error):  # how the library says that the other end just closed
            return False
        raise TransportFailed(f"{target.authority} did not take it ({error.strerror or error}).") from error
    return True
