"""The suite reaches nothing but this machine: who tries is refused, in this process and in all that it starts."""

import os
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest

from dev.apart import plugin

pytestmark = pytest.mark.policy("PP-3a")
ROOT = Path(__file__).resolve().parents[2]
apart = pytest.mark.skipif(plugin.APART not in os.environ, reason="needs root, for a network of its own")


def connected(host: str) -> Callable[[], None]:
    def attempt() -> None:
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as link:
            link.connect((host, 443))

    return attempt


def datagram() -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as sender:
        sender.sendto(b"x", ("9.9.9.9", 53))


ATTEMPTS = [
    pytest.param(connected("1.1.1.1"), "1.1.1.1:443", id="an address"),
    pytest.param(connected("::ffff:1.1.1.1"), "1.1.1.1", id="one inside another"),
    pytest.param(connected("10.0.0.1"), "10.0.0.1:443", id="a private one"),
    pytest.param(datagram, "9.9.9.9", id="a datagram"),
    pytest.param(lambda: socket.getaddrinfo("api.vendor.io", 443), "api.vendor.io", id="a name"),
    pytest.param(lambda: urllib.request.urlopen("https://api.vendor.io/"), "api.vendor.io", id="a library"),
]  # fmt: skip


@pytest.mark.parametrize(("attempt", "said"), ATTEMPTS)
def test_who_tries_is_refused_and_seen(attempt: Callable[[], object], said: str) -> None:
    with pytest.raises(plugin.LeftError, match=said):
        attempt()
    seen = list(plugin.watch.seen)
    plugin.watch.seen.clear()  # it was meant to
    assert len(seen) == 1
    assert said in seen[0]


def test_this_machine_is_reached() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(server.getsockname(), timeout=5).close()
    with pytest.raises(socket.gaierror):
        socket.getaddrinfo("code.example.test", 443)


@apart
@pytest.mark.parametrize(
    "command",
    [
        pytest.param([sys.executable, "-S", "-c", "import socket; socket.create_connection(('1.1.1.1', 443), 5)"], id="Python"),
        pytest.param(["git", "ls-remote", "https://1.1.1.1/x"], id="git"),
        pytest.param(["bash", "-c", "exec 3<>/dev/tcp/1.1.1.1/443"], id="a shell"),
    ],
)  # fmt: skip
def test_what_a_test_starts_has_no_way_out(command: list[str]) -> None:
    ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=20)
    assert ran.returncode != 0
    assert "unreachable" in ran.stderr or "connect to" in ran.stderr


@pytest.mark.slow
def test_whoever_swallows_the_refusal_fails(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    pytester.makepyfile(
        "import contextlib, socket\n"
        "def test_leaves():\n"
        "    with contextlib.suppress(Exception): socket.create_connection(('1.1.1.1', 443), 5)\n"
        "def test_stays(): pass\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    run = pytester.runpytest_subprocess("-p", "dev.apart.plugin")
    run.assert_outcomes(failed=1, passed=1)
    assert "1.1.1.1:443 was connected to (test_whoever_swallows_the_refusal_fails.py::test_leaves" in run.stdout.str()
