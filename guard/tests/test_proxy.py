"""The CONNECT proxy: what it carries, what it refuses, and what it remembers of both."""

import socket
import ssl
import threading
import time
from dataclasses import replace

import pytest

from vallum_guard import errors
from vallum_guard.http import Route
from vallum_guard.proxy import ConnectProxy, Limits


def said_to(proxy, request, *, more=b""):
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(10)
        client.connect(str(proxy.path))
        client.sendall(request)
        answer = client.recv(65_536)
        if more and b" 200 " in answer:
            client.sendall(more)
        while data := client.recv(65_536):
            answer += data
        return answer.decode()


def settled(condition):
    deadline = time.monotonic() + 5
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert condition()


def test_a_tunnel_carries_tls_to_the_named_host(host):
    with (
        ConnectProxy(route=host.route, purpose="test", only={"127.0.0.1"}) as proxy,
        socket.socket(socket.AF_UNIX) as client,
    ):
        client.connect(str(proxy.path))
        client.sendall(f"CONNECT 127.0.0.1:{host.port} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        assert client.recv(1000).startswith(b"HTTP/1.1 200 ")
        context = ssl.create_default_context(cafile=str(host.authorities))
        with context.wrap_socket(client, server_hostname="127.0.0.1") as tls:
            tls.sendall(b"GET /hello HTTP/1.1\r\nHost: x\r\n\r\n")
            answer = b""
            while data := tls.recv(1000):
                answer += data
        assert answer.endswith(b"hello")
        settled(lambda: host.departures)
        assert proxy.carried_bytes > 500
    [departure] = host.departures
    assert (departure.ok, departure.purpose, departure.address) == (True, "test", "127.0.0.1")
    assert departure.sent_bytes + departure.received_bytes == proxy.carried_bytes
    assert not proxy.path.exists()


NAMES = {
    "github.local": ["10.0.0.1"],
    "mixed.example": ["93.184.216.34", "127.0.0.1"],
    "meta.example": ["169.254.169.254"],
}


def resolver(name, _port):
    if name in NAMES:
        return NAMES[name]
    raise OSError("no such name")


REFUSED = [
    pytest.param("CONNECT github.local:443", "403", errors.AddressDenied, "github.local resolves to 10.0.0.1", id="private"),
    pytest.param("CONNECT mixed.example:443", "403", errors.AddressDenied, "127.0.0.1", id="mixed"),
    pytest.param("CONNECT meta.example:443", "403", errors.AddressDenied, "metadata", id="metadata"),
    pytest.param("CONNECT nowhere.example:443", "502", errors.Unresolvable, "nowhere.example", id="unresolvable"),
    pytest.param("CONNECT 127.0.0.1:443", "403", errors.AddressDenied, "loopback", id="loopback literal"),
    pytest.param("CONNECT [::1]:443", "403", errors.AddressDenied, "loopback", id="IPv6 literal"),
    pytest.param("CONNECT 0x7f.1:443", "403", errors.BadUrl, "number in disguise", id="hexadecimal"),
    pytest.param("CONNECT github.com:22", "403", errors.AddressDenied, "Port 22", id="port"),
    pytest.param("CONNECT other.example:443", "403", errors.AddressDenied, "Only", id="not the named host"),
    pytest.param("CONNECT github.com", "403", errors.BadUrl, "host:port", id="no port"),
    pytest.param("CONNECT a@github.com:443", "403", errors.BadUrl, "not a host", id="userinfo"),
    pytest.param("GET http://github.com/", "403", errors.BadUrl, "CONNECT", id="GET"),
]  # fmt: skip
NAMED = {"github.local", "mixed.example", "meta.example", "nowhere.example", "127.0.0.1", "::1", "github.com"}


@pytest.mark.parametrize(("line", "status", "kind", "words"), REFUSED)
def test_what_is_refused_is_remembered_with_its_reason(line, status, kind, words):
    departures = []
    route = Route(resolver=resolver, ledger=departures.append)
    with ConnectProxy(route=route, purpose="test", only=NAMED) as proxy:
        answer = said_to(proxy, f"{line} HTTP/1.1\r\n\r\n".encode())
        settled(lambda: departures)
    assert answer.startswith(f"HTTP/1.1 {status} ")
    assert words in answer
    [problem] = proxy.problems
    assert isinstance(problem, kind)
    assert [each.ok for each in departures] == [False]


@pytest.mark.parametrize(
    "request_",
    [
        b"CONNECT " + b"x" * 10_000,
        b"\0\0\0\0\r\n\r\n",
        b"CONNECT x:443 HTTP/1.1\r\n\r\nearly",
        b"CONNECT x:443 HTTP/2\r\n\r\n",
    ],
    ids=["too long", "binary", "speaks early", "other version"],
)
def test_what_is_no_request_is_refused(request_):
    with ConnectProxy(route=Route(resolver=resolver), purpose="test") as proxy:
        assert not said_to(proxy, request_).startswith("HTTP/1.1 200")
        settled(lambda: proxy.problems)


@pytest.fixture
def faucet(host):
    """A server that sends without end; the route to it."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def pour():
            connection, _ = server.accept()
            with connection:
                try:
                    while True:
                        connection.sendall(b"x" * 10_000)
                        time.sleep(0.001)
                except OSError:
                    pass

        thread = threading.Thread(target=pour)
        thread.start()
        port = server.getsockname()[1]
        yield replace(host.route, opening=type(host.opening).parse(f"127.0.0.1:{port}")), port
        thread.join()


LIMITS = [
    pytest.param(Limits(total_bytes=50_000), errors.TooLarge, "50000 bytes", id="bytes"),
    pytest.param(Limits(seconds=0.4), errors.TooSlow, "seconds allowed", id="seconds"),
]


@pytest.mark.parametrize(("limits", "kind", "words"), LIMITS)
def test_limits_close_a_tunnel(faucet, host, limits, kind, words):
    route, port = faucet
    with ConnectProxy(route=route, purpose="test", limits=limits) as proxy:
        said_to(proxy, f"CONNECT 127.0.0.1:{port} HTTP/1.1\r\n\r\n".encode())
        settled(lambda: host.departures)
    with pytest.raises(kind, match=words):
        raise proxy.problems[0]
    assert host.departures[0].ok is False


def test_leaving_the_block_ends_open_tunnels(faucet):
    route, port = faucet
    client = socket.socket(socket.AF_UNIX)
    with client, ConnectProxy(route=route, purpose="test") as proxy:
        client.connect(str(proxy.path))
        client.sendall(f"CONNECT 127.0.0.1:{port} HTTP/1.1\r\n\r\n".encode())
        assert client.recv(12)
    assert [thread.name for thread in threading.enumerate() if thread.name.startswith("guard proxy")] == []


def test_the_socket_is_for_its_owner_only():
    with ConnectProxy(route=Route(), purpose="test") as proxy:
        assert proxy.path.parent.stat().st_mode & 0o777 == 0o700


def test_what_the_gate_does_not_know_is_refused():
    def gate(purpose, host):
        raise errors.NotForeseen(f"{purpose} at {host}")

    departures = []
    route = Route(resolver=lambda *_: pytest.fail("looked up"), gate=gate, ledger=departures.append)
    with ConnectProxy(route=route, purpose="test") as proxy:
        answer = said_to(proxy, b"CONNECT github.com:443 HTTP/1.1\r\n\r\n")
        settled(lambda: departures)
    assert answer.startswith("HTTP/1.1 403 ")
    assert "test at github.com" in answer
    assert [each.ok for each in departures] == [False]
