"""URLs read strictly, names resolved once, connections to the very address that was judged."""

import socket
import threading
from dataclasses import replace

import pytest

from vallum_guard import connect, errors, http, urls
from vallum_guard.addresses import Opening
from vallum_guard.http import Request

GOOD = [
    pytest.param("https://github.com", "github.com", 443, "/", id="bare"),
    pytest.param("HTTPS://GitHub.COM/A/B", "github.com", 443, "/A/B", id="case"),
    pytest.param("https://github.com./x", "github.com", 443, "/x", id="trailing dot"),
    pytest.param("https://github.com:8443/x?y=1", "github.com", 8443, "/x?y=1", id="port and query"),
    pytest.param("https://github.com?y=@1", "github.com", 443, "/?y=@1", id="query without path"),
    pytest.param("https://github.com/a@b", "github.com", 443, "/a@b", id="at sign in the path"),
    pytest.param("https://bücher.example/", "xn--bcher-kva.example", 443, "/", id="umlaut"),
    pytest.param("https://\uff47\uff49\uff54\uff48\uff55\uff42.com/", "github.com", 443, "/", id="full width"),
    pytest.param("https://github。com/", "github.com", 443, "/", id="ideographic dot"),
    pytest.param("https://a_b.example.org/", "a_b.example.org", 443, "/", id="underscore"),
    pytest.param("https://1e100.net/", "1e100.net", 443, "/", id="digits in front"),
]


@pytest.mark.parametrize(("url", "host", "port", "path"), GOOD)
def test_plain_addresses_are_read(url, host, port, path):
    target = urls.parse(url)
    assert (target.scheme, target.host, target.port, target.path) == ("https", host, port, path)


def test_openings_admit_what_they_name():
    opening = Opening.parse("127.0.0.1/32:9000,[::1/128]:443")
    assert urls.parse("https://127.0.0.1:9000/", opening=opening).port == 9000
    assert urls.parse("http://127.0.0.1:9000/", opening=opening).scheme == "http"
    assert urls.parse("https://[::1]/", opening=opening).authority == "[::1]"
    with pytest.raises(errors.AddressDenied, match="stays closed"):
        urls.parse("https://169.254.169.254/", opening=Opening.parse("0.0.0.0/0:*"))


ANSWERS = [
    pytest.param(["93.184.216.34"], None, id="public"),
    pytest.param(["93.184.216.34", "2606:4700::1111"], None, id="public in both families"),
    pytest.param(["10.0.0.1"], "private address", id="private"),
    pytest.param(["93.184.216.34", "127.0.0.1"], "loopback", id="mixed: one bad answer refuses all"),
    pytest.param(["::ffff:10.0.0.1"], "disguise", id="mapped"),
    pytest.param(["169.254.169.254"], "stays closed", id="metadata"),
    pytest.param(["fe80::1%2"], "network interface", id="scoped"),
    pytest.param(["nonsense"], "not an IP address", id="nonsense"),
]


@pytest.mark.parametrize(("answers", "words"), ANSWERS)
def test_every_answer_is_judged(answers, words):
    if words is None:
        assert [str(each) for each in connect.resolve("x.example", 443, resolver=lambda *_: answers)] == answers
        return
    with pytest.raises(errors.AddressDenied, match=words) as refusal:
        connect.resolve("x.example", 443, resolver=lambda *_: answers)
    assert str(refusal.value).startswith("x.example resolves to ")


def broken(*_):
    raise socket.gaierror(-3, "Temporary failure in name resolution")


def undecodable(*_):
    raise UnicodeError("label too long")


@pytest.mark.parametrize("resolver", [broken, undecodable, lambda *_: []], ids=["error", "unicode", "no answer"])
def test_a_failed_look_up_refuses(resolver):
    with pytest.raises(errors.Unresolvable, match=r"x\.example"):
        connect.resolve("x.example", 443, resolver=resolver)


def test_a_slow_look_up_is_not_waited_for():
    release = threading.Event()
    with pytest.raises(errors.TooSlow, match="Looking up"):
        connect.resolve("x.example", 443, resolver=lambda *_: release.wait(5) and [], seconds=0.1)
    release.set()


def test_a_name_is_looked_up_once_and_that_address_is_used(host):
    """A rebinding resolver: an address that passes when it is judged, a private one ever after."""
    asked = []

    def rebinding(name, _port):
        asked.append(name)
        return ["127.0.0.1"] if len(asked) == 1 else ["10.0.0.1"]

    route = replace(host.route, resolver=rebinding)
    answer = http.fetch(Request(url=f"https://code.example.org:{host.port}/hello", purpose="test"), route=route)
    assert (answer.address, asked) == ("127.0.0.1", ["code.example.org"])
    with pytest.raises(errors.AddressDenied, match=r"10\.0\.0\.1"):
        http.fetch(Request(url=f"https://code.example.org:{host.port}/hello", purpose="test"), route=route)


def test_the_next_address_is_tried_when_one_refuses():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        opening = Opening.parse(f"127.0.0.0/8:{port}")
        found = connect.resolve("two.example", port, opening=opening, resolver=lambda *_: ["127.0.0.2", "127.0.0.1"])
        connection, address = connect.open_first("two.example", found, port, seconds=5)
        connection.close()
    assert str(address) == "127.0.0.1"


def test_an_address_of_this_machine_is_recognised():
    loopback = connect.addresses.check("127.0.0.1", 1, opening=Opening.parse("127.0.0.1:1"))
    assert connect.is_own(loopback)
    assert not connect.is_own(connect.addresses.check("8.8.8.8", 443))
