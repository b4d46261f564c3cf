"""The tripwire, in processes of their own: a hook once set stays for good."""

import subprocess
import sys
import textwrap

import pytest


def run(code, *arguments):
    return subprocess.run(
        (sys.executable, "-c", textwrap.dedent(code), *map(str, arguments)),
        capture_output=True, text=True, check=False,
    )  # fmt: skip


SETUP = """
import asyncio, http.client, socket, sys, urllib.request
from vallum_guard import audit, dns, http as guarded
from vallum_guard.addresses import Opening
from vallum_guard.http import Request, Route
port, authorities = int(sys.argv[1]), sys.argv[2]
audit.install(Opening())
route = Route(opening=Opening.parse(f"127.0.0.1:{port}"), authorities=authorities)
async def datagram():
    loop = asyncio.get_running_loop()
    await loop.create_datagram_endpoint(asyncio.DatagramProtocol, remote_addr=("127.0.0.1", port))
def attempt(what, call):
    try:
        call()
        print(what, "through")
    except Exception as error:
        print(what, type(error).__name__)
"""
CASES = {
    "create_connection": ('socket.create_connection(("127.0.0.1", port)).close()', "AddressDenied"),
    "plain connect": ('s.connect(("127.0.0.1", port))', "AddressDenied"),
    "by name": ('s.connect(("localhost", port))', "AddressDenied"),
    "connect_ex": ('s.connect_ex(("127.0.0.1", port))', "AddressDenied"),
    "datagram": ('socket.socket(type=socket.SOCK_DGRAM).connect(("127.0.0.1", port))', "AddressDenied"),
    "urllib": ('urllib.request.urlopen(f"http://127.0.0.1:{port}/")', "AddressDenied"),
    "asyncio": ('asyncio.run(asyncio.open_connection("127.0.0.1", port))', "AddressDenied"),
    "http.client": ('http.client.HTTPConnection("127.0.0.1", port).request("GET", "/")', "AddressDenied"),
    "asyncio datagram": ("asyncio.run(datagram())", "AddressDenied"),
    "sendto": ('s.sendto(b"x", ("127.0.0.1", port))', "AddressDenied"),
    "sendto with flags": ('s.sendto(b"x", 0, ("127.0.0.1", port))', "AddressDenied"),
    "sendmsg": ('u.sendmsg([b"x"], [], 0, ("127.0.0.1", port))', "AddressDenied"),
    "IPv6": ('socket.socket(socket.AF_INET6).connect(("::1", port))', "AddressDenied"),
    "IPv6 with a zone": ('socket.socket(socket.AF_INET6).connect(("::1", port, 0, 1))', "AddressDenied"),
    "name of another": ('socket.getaddrinfo("secret.evil.example", 443)', "AddressDenied"),
    "name of another, in bytes": ('socket.getaddrinfo(b"secret.evil.example", 443)', "AddressDenied"),
    "old look-up": ('socket.gethostbyname("secret.evil.example")', "AddressDenied"),
    "old look-up, extended": ('socket.gethostbyname_ex("secret.evil.example")', "AddressDenied"),
    "whose address": ('socket.gethostbyaddr("192.0.2.1")', "AddressDenied"),
    "whose address, new": ('socket.getnameinfo(("192.0.2.1", 443), 0)', "AddressDenied"),
    "own name": ("socket.getfqdn()", "through"),
    "own name, looked up": ('socket.getaddrinfo("localhost", 443)', "through"),
    "an address, looked up": ('socket.getaddrinfo("192.0.2.1", 443)', "through"),
    "any address to listen on": ("socket.getaddrinfo(None, 0, flags=socket.AI_PASSIVE)", "through"),
    "name of infrastructure": (
        'audit.install(Opening(), ["database.invalid"]); socket.getaddrinfo("database.invalid", 1)',
        "gaierror",
    ),
    "raw socket": ("socket.socket(socket.AF_INET, socket.SOCK_RAW, 1)", "AddressDenied"),
    "pair": ("socket.socketpair()", "through"),
    "answer on a connected socket": ("a, b = socket.socketpair(); a.send(b'x'); a.sendmsg([b'x'])", "through"),
    "guarded name": (
        'guarded.fetch(Request(url="https://nowhere.invalid/", purpose="t"), route=Route())',
        "Unresolvable",
    ),
    "guarded DNS": ('dns.txt("x.example", servers=[("127.0.0.1", port)], seconds=0.2)', "Unresolvable"),
    "unix socket": ("socket.socket(socket.AF_UNIX).connect('/nonexistent')", "FileNotFoundError"),
    "infrastructure": (
        'audit.install(Opening.parse(f"127.0.0.1:{port}")); socket.create_connection(("127.0.0.1", port)).close()',
        "through",
    ),
    "other infrastructure": (
        'audit.install(Opening.parse("127.0.0.1:1")); socket.create_connection(("127.0.0.1", port)).close()',
        "AddressDenied",
    ),
    "through the guard": (
        'guarded.fetch(Request(url=f"https://127.0.0.1:{port}/hello", purpose="t"), route=route)',
        "through",
    ),
}


@pytest.mark.asvs("13.2.4")
@pytest.mark.parametrize(("call", "verdict"), CASES.values(), ids=CASES)
@pytest.mark.asvs("13.2.4", "13.2.5")
def test_only_the_guard_and_infrastructure_connect(host, call, verdict):
    sockets = "s, u = socket.socket(), socket.socket(type=socket.SOCK_DGRAM)"
    code = SETUP + f"{sockets}\ndef call():\n    {call}\nattempt('it', call)\n"
    done = run(code, host.port, host.authorities)
    assert done.stdout.strip() == f"it {verdict}", done.stderr


def test_the_pass_is_for_one_address_and_one_moment(host):
    done = run(
        SETUP
        + """
from vallum_guard import connect
with connect.let_pass(("127.0.0.1", port)):
    attempt("the same", lambda: socket.create_connection(("127.0.0.1", port)).close())
    attempt("another", lambda: socket.create_connection(("127.0.0.2", port)).close())
attempt("afterwards", lambda: socket.create_connection(("127.0.0.1", port)).close())
""",
        host.port, host.authorities,
    )  # fmt: skip
    assert done.stdout.split("\n")[:3] == ["the same through", "another AddressDenied", "afterwards AddressDenied"]
