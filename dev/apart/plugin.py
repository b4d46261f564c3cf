"""pytest plug-in: nothing of the suite reaches anything but this machine.

A hook in each process that runs tests refuses every other destination, and whoever swallows that fails the run all the same. Where the
system lets us (as root), the run lives in a network of its own besides, which has a loopback and nothing else: what tests start,
in whatever language, has no way out either.
"""

import ctypes
import fcntl
import ipaddress
import os
import socket
import struct
import sys
from collections.abc import Generator
from typing import Any, Final

import pytest

APART: Final = "VALLUM_TESTS_APART"
"""Set where the network is one without a way out; test processes and what they start inherit it."""
OUT: Final = "VALLUM_TESTS_OUT"
"""1 where the tests are to speak to the world itself (`make live-smoke`)."""
_CLONE_NEWNET: Final = 0x40000000
_SIOCSIFFLAGS, _IFF_UP = 0x8914, 0x1
_INTERNET: Final = frozenset({socket.AF_INET, socket.AF_INET6})
# Names that nobody can own, and networks that nobody can have (RFC 2606, 5737, 3849): tests speak of them, and get no answer.
_NOBODY: Final = ("test", "example", "invalid", "localhost", "example.com", "example.net", "example.org")
_NOWHERE: Final = tuple(
    ipaddress.ip_network(each) for each in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32")
)


class LeftError(Exception):
    """A test tried to reach something outside of this machine."""


class Watch:
    """The hook; there is no taking it back, so the next run in this process gets the same one."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event in {"socket.connect", "socket.sendto", "socket.sendmsg"}:
            self.sent(*arguments)
        elif event in {"socket.getaddrinfo", "socket.gethostbyname"}:
            self.asked(arguments[0])

    def sent(self, connection: socket.socket, place: object = None) -> None:
        if connection.family not in _INTERNET or not isinstance(place, tuple):
            return
        host = str(place[0])
        address = _address(host)
        if address is None:
            self.asked(host)
        elif not (address.is_loopback or address.is_unspecified):
            if any(address in network for network in _NOWHERE if network.version == address.version):
                raise OSError(101, f"Network is unreachable: {address} is nobody's")
            self._refuse(f"{host}:{place[1]} was connected to")

    def asked(self, name: object) -> None:
        host = name.decode("utf-8", "replace") if isinstance(name, bytes) else str(name or "")
        if host in {"", "localhost", socket.gethostname()} or _address(host) is not None:
            return
        lower = host.lower().rstrip(".")
        if any(lower == each or lower.endswith(f".{each}") for each in _NOBODY):
            raise socket.gaierror(socket.EAI_NONAME, f"{host} is nobody's")
        self._refuse(f"{host!r} was looked up")

    def _refuse(self, what: str) -> None:
        self.seen.append(f"{what} ({os.environ.get('PYTEST_CURRENT_TEST', 'outside of a test')})")
        raise LeftError(f"{what}: the suite reaches nothing but this machine.")


watch = Watch()


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        found = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return None
    return found.ipv4_mapped or found if isinstance(found, ipaddress.IPv6Address) else found


def cut_off() -> bool:
    """A network with a loopback alone, for this process and all that it starts. False where the system refuses."""
    if os.environ.get(APART):
        return True
    if sys.platform != "linux" or ctypes.CDLL(None, use_errno=True).unshare(_CLONE_NEWNET) != 0:
        return False
    with socket.socket(type=socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, _SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", _IFF_UP))
    os.environ[APART] = "1"
    return True


@pytest.hookimpl(tryfirst=True)
def pytest_configure() -> None:
    """Before anything is started: test processes are the children of this one."""
    if os.environ.get(OUT) != "1":
        cut_off()
        sys.addaudithook(watch)


def pytest_report_header() -> str:
    if os.environ.get(OUT) == "1":
        return f"egress: open, as {OUT} says"
    where = "a network with a loopback alone" if os.environ.get(APART) else "a hook in each test process"
    return f"egress: nothing but this machine, by {where}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """What was refused and swallowed fails the test all the same."""
    report = yield
    if watch.seen:
        said, watch.seen = "; ".join(watch.seen), []
        if report.outcome != "failed":
            report.outcome, report.longrepr = "failed", f"Left this machine, and was refused: {said}."
    return report
