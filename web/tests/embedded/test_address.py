import contextlib
import socket
import sys

import pytest

from vallum_web.embedded.address import Address, Certificate, claim_port, is_loopback
from vallum_web.embedded.errors import SupervisorError

TLS = Certificate(authority="a", chain="c", key="k")


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", True),
        ("127.8.9.10", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("::", False),
        ("192.0.2.1", False),
        ("localhost.example", False),
        ("", False),
    ],
)
def test_loopback_is_what_is_written_not_what_a_resolver_says(host, expected):
    assert is_loopback(host) is expected


def test_plain_http_beyond_loopback_cannot_even_be_said():
    with pytest.raises(SupervisorError, match="only loopback may do without TLS"):
        Address(host="0.0.0.0", port=8000)


@pytest.mark.parametrize(
    ("address", "url", "near"),
    [
        pytest.param(Address(host="127.0.0.1", port=8000), "http://127.0.0.1:8000", "127.0.0.1", id="loopback"),
        pytest.param(Address(host="::1", port=80), "http://[::1]", "::1", id="version 6, usual port"),
        pytest.param(
            Address(host="0.0.0.0", port=443, names=("a.example",), certificate=TLS),
            "https://a.example",
            "127.0.0.1",
            id="all addresses",
        ),
        pytest.param(
            Address(host="::", port=8443, names=("2001:db8::1",), certificate=TLS),
            "https://[2001:db8::1]:8443",
            "::1",
            id="all of version 6",
        ),
    ],
)
def test_how_it_is_shown_and_reached(address, url, near):
    assert (address.url, address.near) == (url, near)


@pytest.fixture
def taken():
    with contextlib.closing(socket.socket()) as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        yield holder.getsockname()[1]


def free() -> int:
    with contextlib.closing(socket.socket()) as trial:
        trial.bind(("127.0.0.1", 0))
        return trial.getsockname()[1]


@pytest.fixture
def claim():
    made = []

    def make(*, wanted: int | None = None, remembered: int | None = None, host: str = "127.0.0.1") -> int:
        made.append(claim_port(host, wanted=wanted, remembered=remembered))
        return made[-1].port

    yield make
    for one in made:
        if one.held is not None:
            one.held.close()


def test_the_port_of_last_time_is_kept_while_it_is_free(claim, taken):
    assert claim(remembered=(port := free())) == port
    assert claim(remembered=taken) != taken
    assert claim(wanted=(port := free()), remembered=taken) == port


def test_a_wanted_port_that_is_taken_is_a_refusal(claim, taken):
    with pytest.raises(SupervisorError, match=rf"Port {taken} on 127\.0\.0\.1 is taken"):
        claim(wanted=taken)


@pytest.mark.skipif(sys.platform != "linux", reason="sockets without a file are Linux's")
def test_two_starts_at_once_never_share_a_port_that_nobody_listens_on_yet(claim):
    first = claim(remembered=free())
    assert claim(remembered=first) != first
    with pytest.raises(SupervisorError, match="is taken"):
        claim(wanted=first)


def test_an_address_of_another_machine_is_a_refusal(claim):
    with pytest.raises(SupervisorError, match=r"Cannot listen on 192\.0\.2\.1"):
        claim(host="192.0.2.1")
