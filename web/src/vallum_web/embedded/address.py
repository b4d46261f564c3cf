"""Where the platform listens, and how it is reached."""

import contextlib
import errno
import ipaddress
import socket
import sys
from dataclasses import dataclass
from pathlib import Path

from vallum_web.embedded.errors import SupervisorError

DEFAULT_PORT = 8000
TRIED = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """What the web server shows, and what a client pins."""

    authority: Path
    chain: Path
    key: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """One place to listen. Without a certificate it is plain HTTP, for loopback only."""

    host: str
    port: int
    names: tuple[str, ...] = ()
    certificate: Certificate | None = None

    def __post_init__(self) -> None:
        if self.certificate is None and not is_loopback(self.host):
            raise SupervisorError(f"Plain HTTP on {self.host} is refused: only loopback may do without TLS.")

    @property
    def url(self) -> str:
        scheme = "https" if self.certificate else "http"
        default = 443 if self.certificate else 80
        shown = bracketed(self.names[0] if self.names else self.host)
        return f"{scheme}://{shown}" + ("" if self.port == default else f":{self.port}")

    @property
    def near(self) -> str:
        """The host under which this machine itself reaches it."""
        try:
            if ipaddress.ip_address(self.host).is_unspecified:
                return "::1" if ":" in self.host else "127.0.0.1"
        except ValueError:  # a name
            pass
        return self.host


def bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def is_loopback(host: str) -> bool:
    """Judged by what is written, not by a resolver: a name other than localhost is not loopback."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A port that is ours until `held` is closed, or we die."""

    port: int
    held: socket.socket | None


def claim_port(host: str, *, wanted: int | None, remembered: int | None) -> Claim:
    """The wanted port or a refusal; else the one of last time, else the first free one from 8000 on."""
    if wanted is not None:
        if (claim := _claim(host, wanted)) is None:
            raise SupervisorError(f"Port {wanted} on {host} is taken. Choose another with --port, or leave it out.")
        return claim
    likely: list[int] = [] if remembered is None else [remembered]
    likely.extend(range(DEFAULT_PORT, DEFAULT_PORT + TRIED))
    for port in likely:
        if (claim := _claim(host, port)) is not None:
            return claim
    raise SupervisorError(f"No free port on {host} from {DEFAULT_PORT} on. Name one with --port.")


def _claim(host: str, port: int) -> Claim | None:
    """Two platforms that start at once would share a port without a word: their web servers ask for it in that way.

    A Unix socket without a file, seen in the same network namespace as the port, has one holder.
    """
    with contextlib.ExitStack() as stack:
        held = None
        if sys.platform == "linux":
            held = stack.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM))
            try:
                held.bind(f"\0vallum-port-{port}")
            except OSError:
                return None
        if not is_free(host, port):
            return None
        stack.pop_all()
    return Claim(port=port, held=held)


def is_free(host: str, port: int) -> bool:
    """Whether we could listen there now; a refusal for a host that is not this machine's."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with contextlib.closing(socket.socket(family, socket.SOCK_STREAM)) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # connections of a server that just ended linger
        try:
            trial.bind((host, port))
            trial.listen(1)
        except OSError as error:
            if error.errno in (errno.EADDRINUSE, errno.EACCES):
                return False
            raise SupervisorError(
                f"Cannot listen on {host}: {error.strerror or error}. Name an address of this machine."
            ) from error
    return True
