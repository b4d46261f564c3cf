"""Places on a network, and what of a scanner's words stays from scan to scan."""

import pytest

from vallum_engine.parsers.burp import attacked, told_apart
from vallum_engine.parsers.network import address, at_port, gist, joined, links


@pytest.mark.parametrize(
    ("url", "base", "expected"),
    [
        pytest.param(
            "https://shop.example/a?q=1&page=2#top", "", "https://shop.example/a?q&page", id="query and fragment"
        ),
        pytest.param("https://user:word@shop.example:8443/", "", "https://shop.example:8443/", id="a password"),
        pytest.param("/a?q=1", "https://shop.example/b/", "https://shop.example/a?q", id="a path of a site"),
        pytest.param("", "https://shop.example", "https://shop.example", id="the site itself"),
        pytest.param("https://other.example/", "https://shop.example", "https://other.example/", id="another site"),
        pytest.param("shop.example:443", "", "shop.example:443", id="no address"),
        pytest.param("https://[::1/?a=b", "", "https://[::1/", id="a broken one"),
        pytest.param(None, "", "", id="none"),
    ],
)
def test_an_address_holds_no_values_and_no_password(url, base, expected):
    assert address(url, base) == expected


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        pytest.param(("192.0.2.7", "443", "TCP"), "192.0.2.7:443/tcp", id="a port"),
        pytest.param(("shop.example", 443), "shop.example:443", id="without a protocol"),
        pytest.param(("2001:db8::7", "22", "tcp"), "[2001:db8::7]:22/tcp", id="IPv6"),
        pytest.param(("192.0.2.7", "0", "tcp"), "192.0.2.7", id="port 0 is the host"),
        pytest.param(("192.0.2.7", "general", "tcp"), "192.0.2.7", id="general is the host"),
        pytest.param(("SHOP01", "80", "'-"), "SHOP01:80", id="no protocol"),
    ],
)
def test_a_port_is_a_place(given, expected):
    assert [place.path for place in at_port(*given)] == [expected]


def test_without_a_host_there_is_no_place():
    assert at_port("", "443", "tcp") == ()


def test_links_are_found_in_text_and_html():
    text = 'See <a href="https://a.example/x?a=1&amp;b=2">it</a> (https://b.example/y), or http://a.example.'
    assert links(text) == ("https://a.example/x?a=1&b=2", "https://b.example/y", "http://a.example")


def test_the_gist_leaves_out_what_changes():
    assert gist("Leaks inodes, fields: 0xW/21630 0x1602011686000") == "Leaks inodes, fields"
    assert gist("Took 1043 ms. Then more.") == gist("Took 2 ms. Then less.") == "Took # ms"


def test_paragraphs_are_said_once():
    assert joined(("a", "", " a ", "b")) == "a\n\nb"


def test_burps_issues_are_told_apart_by_input_and_flow_and_not_by_payload():
    assert attacked("/basket.jsp [b_id cookie]") == "b_id cookie"
    assert attacked("/basket.jsp") == ""
    one, other = (told_apart(f"The value of the q parameter is copied. The payload {word} was sent.") for word in "ab")
    assert one == other == ("The value of the q parameter is copied",)
    assert told_apart("It may be so. Data is read from location.hash and passed to xhr.send.") == (
        "It may be so",
        "location.hash",
        "xhr.send",
    )
