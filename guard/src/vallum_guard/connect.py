"""From a name to a socket, with one look-up in between.

The name is resolved once, every answer is judged, and the connection goes to the very
address that was judged: a name that answers differently a moment later gains nothing.
"""

import contextlib
import ipaddress
import queue
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Sequence
from contextvars import ContextVar
from pathlib import Path
from time import monotonic

from vallum_guard import addresses, urls
from vallum_guard.addresses import Address, Network, Opening, embedded
from vallum_guard.errors import AddressDenied, BadUrl, GuardError, TooSlow, TransportFailed, Unresolvable
from vallum_guard.urls import Target, literal_address

Resolver = Callable[[str, int], Sequence[str]]

# The address that is being connected to by this module right now: what `audit` lets through.
passing: ContextVar[tuple[str, int] | None] = ContextVar("passing", default=None)
# The name that is being looked up by this module right now.
resolving: ContextVar[str | None] = ContextVar("resolving", default=None)


def system_resolver(host: str, port: int) -> Sequence[str]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(str(entry[4][0]) for entry in found))


def resolve(
    host: str,
    port: int,
    *,
    opening: Opening = addresses.NOTHING_OPENED,
    own: Sequence[Network] = (),
    resolver: Resolver = system_resolver,
    seconds: float = 10.0,
) -> tuple[Address, ...]:
    """Every address of the name, looked up once. One that may not be reached refuses them all.

    An address instead of a name passes only where it is opened. `own` are public addresses that lead back to us.
    """
    if (literal := literal_address(host)) is not None:
        address = _judge(host, str(literal), port, opening, own)
        if not opening.allows(address, port):
            raise AddressDenied(f"{host} is an IP address: write the host's name.")
        return (address,)
    answers = _look_up(host, port, resolver, seconds)
    if not answers:
        raise Unresolvable(f"{host} has no address: check the spelling.")
    return tuple(_judge(host, answer, port, opening, own) for answer in answers)


def _judge(host: str, answer: str, port: int, opening: Opening, own: Sequence[Network]) -> Address:
    try:
        address = addresses.check(answer, port, opening=opening)
    except AddressDenied as error:
        raise AddressDenied(f"{host} resolves to {answer}, and {error}" if host != answer else str(error)) from error
    if not opening.allows(address, port) and any(is_own(each, own) for each in (address, *embedded(address))):
        raise AddressDenied(f"{host} resolves to {address}, an address of this very machine.")
    return address


def is_own(address: Address, named: Sequence[Network] = ()) -> bool:
    """Only an address of this machine can be bound to (unless the kernel lets anybody bind to anything).

    Behind a translation the machine does not know its public ones: those are `named`.
    """
    if any(address.version == network.version and address in network for network in named):
        return True
    return _bindable(address) and not _bindable(
        ipaddress.ip_address("192.0.2.1" if address.version == 4 else "3fff::1")
    )


def _bindable(address: Address) -> bool:
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.bind((str(address), 0))
    except OSError:
        return False
    return True


def _look_up(host: str, port: int, resolver: Resolver, seconds: float) -> Sequence[str]:
    """The C library's look-up cannot be interrupted, so a thread waits for it and may be left behind."""
    answers: queue.SimpleQueue[Sequence[str] | Exception] = queue.SimpleQueue()

    def ask() -> None:
        resolving.set(host)  # this thread's, and it ends with the answer
        try:
            answers.put(tuple(resolver(host, port)))
        except Exception as error:  # noqa: BLE001 - whatever goes wrong, nothing was looked up, and that refuses
            answers.put(error)

    threading.Thread(target=ask, name=f"resolve {host}", daemon=True).start()
    try:
        answer = answers.get(timeout=max(seconds, 0.01))
    except queue.Empty as error:
        raise TooSlow(f"Looking up {host} took longer than {seconds:.0f} seconds: try again later.") from error
    if isinstance(answer, GuardError):
        raise answer
    if isinstance(answer, Exception):
        raise Unresolvable(f"{host} cannot be resolved ({answer}): check the spelling and this machine's DNS.")
    return answer


@contextlib.contextmanager
def let_pass(address: tuple[str, int]) -> Iterator[None]:
    token = passing.set(address)
    try:
        yield
    finally:
        passing.reset(token)


def open_socket(address: Address, port: int, *, seconds: float) -> socket.socket:
    """A TCP connection to exactly this address, its other end checked afterwards."""
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    place = (str(address), port)
    connection = socket.socket(family, socket.SOCK_STREAM)
    try:
        connection.settimeout(max(seconds, 0.01))
        with let_pass(place):
            connection.connect(place)
        _check_peer(connection, address, port)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    except BaseException:
        connection.close()
        raise
    return connection


def _check_peer(connection: socket.socket, address: Address, port: int) -> None:
    peer = connection.getpeername()
    if ipaddress.ip_address(peer[0]) != address or peer[1] != port:
        raise AddressDenied(f"Asked for {address}:{port}, but connected to {peer[0]}:{peer[1]}.")


def open_first(host: str, found: Sequence[Address], port: int, *, seconds: float) -> tuple[socket.socket, Address]:
    """Tries the checked addresses in the resolver's order."""
    deadline = monotonic() + seconds
    last: OSError | None = None
    for address in found:
        left = deadline - monotonic()
        if left <= 0:
            break
        try:
            return open_socket(address, port, seconds=left), address
        except OSError as error:
            last = error
    if last is None or isinstance(last, TimeoutError):
        raise TooSlow(f"{host}:{port} did not accept a connection within {seconds:.0f} seconds.") from last
    raise TransportFailed(f"{host}:{port} cannot be reached ({last.strerror or last}).") from last


def tls_context(authorities: Path | None = None, *, speaks: Sequence[str] = ("http/1.1",)) -> ssl.SSLContext:
    """TLS 1.2 or newer, certificates verified by the system's authorities (SSL_CERT_FILE counts) or by these.

    `speaks`: what is offered by ALPN; nothing where the protocol has no name there.
    """
    context = ssl.create_default_context(cafile=str(authorities) if authorities else None)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if speaks:
        context.set_alpn_protocols(list(speaks))
    return context


def secure(connection: socket.socket, host: str, context: ssl.SSLContext) -> ssl.SSLSocket:
    try:
        return context.wrap_socket(connection, server_hostname=host)
    except ssl.SSLCertVerificationError as error:
        connection.close()
        raise TransportFailed(
            f"{host} shows a certificate that is not trusted here ({error.verify_message}). "
            "Name your own authority's file in SSL_CERT_FILE if it is yours."
        ) from error
    except TimeoutError as error:
        connection.close()
        raise TooSlow(f"{host} did not finish the TLS handshake in time.") from error
    except OSError as error:
        connection.close()
        raise TransportFailed(f"{host} does not speak TLS 1.2 or newer here ({error.strerror or error}).") from error


def through_proxy(proxy: str, target: Target, *, seconds: float) -> socket.socket:
    """A tunnel through the proxy that the operator (or the sandbox around us) named; it resolves and judges."""
    deadline = monotonic() + seconds
    if urls.is_treacherous(target.host):
        raise AddressDenied(f"{target.host} names the proxy's own machine or its cloud's metadata service.")
    host, port = _proxy_place(proxy)
    found = tuple(ipaddress.ip_address(answer) for answer in _resolved(host, port, seconds))
    for address in found:
        if reason := addresses.never(address):
            raise AddressDenied(f"The proxy {proxy} is at {address}, {reason}.")
    connection, _address = open_first(host, found, port, seconds=max(deadline - monotonic(), 0.01))
    place = f"[{target.host}]:{target.port}" if ":" in target.host else f"{target.host}:{target.port}"
    try:
        connection.sendall(f"CONNECT {place} HTTP/1.1\r\nHost: {place}\r\n\r\n".encode())
        status = _proxy_answer(connection, deadline)
    except TimeoutError as error:
        connection.close()
        raise TooSlow(f"The proxy {proxy} did not answer in time.") from error
    except OSError as error:
        connection.close()
        raise TransportFailed(f"The proxy {proxy} hung up ({error.strerror}).") from error
    if status.split(" ")[1:2] != ["200"]:
        connection.close()
        raise TransportFailed(f"The proxy {proxy} refused {place}: {status or 'it did not answer as a proxy does'}.")
    return connection


def _proxy_answer(connection: socket.socket, deadline: float) -> str:
    """The status line, or nothing. Read byte by byte: what follows the head belongs to the tunnel already."""
    head = b""
    while b"\r\n\r\n" not in head:
        connection.settimeout(max(deadline - monotonic(), 0.01))
        piece = connection.recv(1)
        if not piece or len(head) > 8_192:
            return ""
        head += piece
    return head.split(b"\r\n", 1)[0].decode("latin-1")


def _proxy_place(proxy: str) -> tuple[str, int]:
    scheme, slashes, place = proxy.rstrip("/").partition("://")
    host, _colon, port = place.rpartition(":")
    if scheme != "http" or not slashes or not host or not port.isdigit() or "@" in place:
        raise BadUrl(f"{urls.redact(proxy)!r} is no proxy we can use: write http://host:port.")
    return host.strip("[]"), int(port)


def _resolved(host: str, port: int, seconds: float) -> Sequence[str]:
    return (host,) if literal_address(host) is not None else _look_up(host, port, system_resolver, seconds)
