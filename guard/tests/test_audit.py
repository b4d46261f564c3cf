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
import asyncio, socket, sys, urllib.request
from vallum_guard import audit, http
from vallum_guard.addresses import Opening
from vallum_guard.http import Request, Route
port, authorities = int(sys.argv[1]), sys.argv[2]
audit.install(Opening())
route = Route(opening=Opening.parse(f"127.0.0.1:{port}"), authorities=authorities)
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
        'http.fetch(Request(url=f"https://127.0.0.1:{port}/hello", purpose="t"), route=route)',
        "through",
    ),
}


@pytest.mark.parametrize(("call", "verdict"), CASES.values(), ids=CASES)
@pytest.mark.asvs("13.2.4", "13.2.5")
def test_only_the_guard_and_infrastructure_connect(host, call, verdict):
    code = SETUP + f"with socket.socket() as s:\n    def call():\n        {call}\n    attempt('it', call)\n"
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
