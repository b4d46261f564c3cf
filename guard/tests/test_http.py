"""The HTTPS client against a real TLS server that misbehaves in every way we limit."""

import http.server as http_server
import io
import socket
import ssl
import threading
from dataclasses import replace

import pytest

from vallum_guard import errors, http
from vallum_guard.addresses import Opening
from vallum_guard.http import Limits, Request, Route


def get(host, path, **extra):
    limits = extra.pop("limits", None)
    return http.fetch(Request(url=host.address + path, purpose="test", **extra), route=host.route, limits=limits)


def test_an_answer_arrives_and_the_departure_is_recorded(host):
    answer = get(host, "/hello", headers={"X-Mine": "yes"})
    assert (answer.status, answer.body, answer.address) == (200, b"hello", "127.0.0.1")
    [departure] = host.departures
    assert (departure.party_host, departure.purpose, departure.ok) == ("127.0.0.1", "test", True)
    assert departure.sent_bytes > 50
    assert departure.received_bytes > 50
    method, _, headers, _ = host.requests[0]
    assert method == "GET"
    assert headers == {
        "Host": f"127.0.0.1:{host.port}",
        "Accept-Encoding": "identity",
        "Connection": "close",
        "User-Agent": "vallum",
        "X-Mine": "yes",
    }


@pytest.mark.parametrize("body", [b"bytes" * 100, io.BytesIO(b"skipped" + b"file" * 50_000)], ids=["bytes", "file"])
def test_a_body_is_sent(host, body):
    if isinstance(body, io.BytesIO):
        body.seek(7)
    expected = body if isinstance(body, bytes) else b"file" * 50_000
    assert get(host, "/echo", method="POST", body=body).body == expected


def test_an_answer_is_read_while_it_arrives(host):
    kept = bytearray(b"01234")
    request = Request(url=host.address + "/range", purpose="test", headers={"Range": f"bytes={len(kept)}-"})
    with http.stream(request, route=host.route) as answer:
        for chunk in answer.chunks:
            kept.extend(chunk)
    assert (answer.status, answer.headers["content-range"], bytes(kept)) == (206, "bytes 5-9/10", b"0123456789")


FAILING = [
    pytest.param(
        "/large", Limits(body_bytes=1000), errors.TooLarge, "announces 300000 bytes", id="announced too large"
    ),
    pytest.param("/endless", Limits(body_bytes=50_000), errors.TooLarge, "50000 bytes allowed", id="endless"),
    pytest.param("/drip", Limits(seconds=0.5), errors.TooSlow, "time allowed", id="header byte by byte"),
    pytest.param("/stuck", Limits(seconds=0.3), errors.TooSlow, "time", id="no answer"),
    pytest.param("/short", Limits(), errors.TransportFailed, "early", id="ends early"),
    pytest.param(
        "/to-metadata", Limits(redirects=3), errors.AddressDenied, "169.254.169.254", id="redirect to metadata"
    ),
    pytest.param("/to-plain", Limits(redirects=3), errors.RedirectRefused, "not encrypted", id="redirect to http"),
    pytest.param("/redirect/4", Limits(redirects=9), errors.RedirectRefused, "more than 3", id="too many redirects"),
    pytest.param("/redirect/2", Limits(redirects=1), errors.RedirectRefused, "more than 1", id="more than asked for"),
]


@pytest.mark.parametrize(("path", "limits", "kind", "words"), FAILING)
def test_limits_end_an_exchange(host, path, limits, kind, words):
    with pytest.raises(kind, match=words):
        get(host, path, limits=limits)
    assert host.departures
    assert not host.departures[-1].ok or kind in {errors.RedirectRefused, errors.AddressDenied}


def test_a_redirect_is_an_answer_unless_asked_to_follow(host):
    answer = get(host, "/redirect/1")
    assert (answer.status, answer.headers["location"]) == (302, "/redirect/0")
    assert get(host, "/redirect/2", limits=Limits(redirects=3)).body == b"hello"


def test_credentials_do_not_follow_to_another_host(host):
    opening = Opening.parse(f"127.0.0.1/32:{host.port},[::1/128]:{host.port}")
    route = replace(host.route, opening=opening, resolver=lambda *_: ["127.0.0.1"])
    headers = {"Authorization": "Bearer x", "Cookie": "a=b", "X-Other": "may be one too", "Accept": "text/html"}
    request = Request(url=f"{host.address}/to-localhost", purpose="test", headers=headers)
    assert http.fetch(request, route=route, limits=Limits(redirects=1)).body == b"hello"
    first, second = (each[2] for each in host.requests)
    assert {"Authorization", "Cookie", "X-Other"} <= set(first)
    assert "Accept" in second
    assert not {"Authorization", "Cookie", "X-Other"} & set(second)


def test_a_body_is_not_sent_on_to_another_host(host):
    route = replace(host.route, resolver=lambda *_: ["127.0.0.1"])
    request = Request(url=f"{host.address}/to-localhost", purpose="test", method="POST", body=b"private")
    with pytest.raises(errors.RedirectRefused, match="with a body"):
        http.fetch(request, route=route, limits=Limits(redirects=1))


def test_an_unknown_authority_is_refused(host):
    with pytest.raises(errors.TransportFailed, match="not trusted"):
        http.fetch(Request(url=f"{host.address}/hello", purpose="test"), route=replace(host.route, authorities=None))
    assert [each.ok for each in host.departures] == [False]


def test_a_certificate_for_another_name_is_refused(host):
    opening = Opening.parse(f"127.0.0.1/32:{host.port}")
    route = replace(host.route, opening=opening, resolver=lambda *_: ["127.0.0.1"])
    with pytest.raises(errors.TransportFailed, match="not trusted"):
        http.fetch(Request(url=f"https://other.example.org:{host.port}/hello", purpose="test"), route=route)


def test_ssl_cert_file_names_the_authorities(host, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(host.authorities))
    route = replace(host.route, authorities=None)
    assert http.fetch(Request(url=f"{host.address}/hello", purpose="test"), route=route).status == 200


@pytest.mark.parametrize("what", ["sign", "digits"])
def test_a_length_that_is_no_number_is_none(host, what):
    assert get(host, f"/odd-length/{what}").body == b"hello"


def test_the_environment_names_no_proxy(host, monkeypatch):
    for name in ("https_proxy", "HTTPS_PROXY", "all_proxy", "http_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert get(host, "/hello").status == 200


class Plain(http_server.BaseHTTPRequestHandler):
    """Speaks plain HTTP, and CONNECT: a proxy as an operator might run one."""

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "5")
        self.end_headers()
        self.wfile.write(b"plain")

    def do_CONNECT(self):
        self.server.asked.append(self.path)
        if self.server.refuses:
            self.send_error(403)
            return
        self.send_response(200)
        self.end_headers()
        name, _, port = self.path.rpartition(":")
        with socket.create_connection((name, int(port))) as outside:
            back = threading.Thread(target=pump, args=(outside, self.connection))
            back.start()
            pump(self.connection, outside)
            back.join()
        self.close_connection = True

    def log_message(self, *_):
        pass


def pump(source, sink):
    try:
        while data := source.recv(65_536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        pass


@pytest.fixture
def plain():
    with http_server.ThreadingHTTPServer(("127.0.0.1", 0), Plain) as server:
        server.asked = []
        server.refuses = False
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield server
        server.shutdown()


def test_plain_http_only_where_opened(plain):
    port = plain.server_address[1]
    request = Request(url=f"http://127.0.0.1:{port}/", purpose="test")
    assert http.fetch(request, route=Route(opening=Opening.parse(f"127.0.0.1:{port}"))).body == b"plain"
    with pytest.raises(errors.GuardError):
        http.fetch(request, route=Route())
    public = Request(url=f"http://public.example:{port}/", purpose="test")
    route = Route(opening=Opening.parse(f"127.0.0.1:{port}"), resolver=lambda *_: ["93.184.216.34"])
    with pytest.raises(errors.GuardError):
        http.fetch(public, route=route)


def test_what_does_not_speak_tls_is_said_so(plain):
    port = plain.server_address[1]
    route = Route(opening=Opening.parse(f"127.0.0.1:{port}"))
    with pytest.raises(errors.TransportFailed, match="does not speak TLS"):
        http.fetch(Request(url=f"https://127.0.0.1:{port}/", purpose="test"), route=route)


def test_the_operator_s_proxy_carries_and_resolves(host, plain):
    route = replace(host.route, proxy=f"http://127.0.0.1:{plain.server_address[1]}")
    answer = http.fetch(Request(url=f"{host.address}/hello", purpose="test"), route=route)
    assert (answer.body, plain.asked) == (b"hello", [f"127.0.0.1:{host.port}"])
    plain.refuses = True
    with pytest.raises(errors.TransportFailed, match="refused"):
        http.fetch(Request(url=f"{host.address}/hello", purpose="test"), route=route)


@pytest.mark.parametrize(
    "proxy", ["https://x:1", "http://x", "http://u:p@x:1", "x:1", "http://x:port", "http://169.254.169.254:1"]
)
def test_a_proxy_that_cannot_be_used_is_refused(host, proxy):
    with pytest.raises(errors.GuardError):
        http.fetch(Request(url=f"{host.address}/hello", purpose="test"), route=replace(host.route, proxy=proxy))


@pytest.mark.parametrize(
    "request_",
    [
        Request(url="https://x.example/", purpose="test", headers={"Host": "other"}),
        Request(url="https://x.example/", purpose="test", headers={"content-length": "5"}),
        Request(url="https://x.example/", purpose="test", headers={"X": "a\r\nY: b"}),
        Request(url="https://x.example/", purpose="test", method="CONNECT"),
    ],
    ids=["host", "length", "line break", "method"],
)
def test_requests_that_smuggle_are_refused(request_):
    with pytest.raises(errors.BadUrl):
        http.fetch(request_, route=Route(resolver=lambda *_: []))


def test_old_tls_is_not_spoken():
    assert http.connect.tls_context().minimum_version is ssl.TLSVersion.TLSv1_2


def only_test(purpose, host):
    if (purpose, host) != ("test", "127.0.0.1"):
        raise errors.NotForeseen(f"{purpose} at {host}")


@pytest.mark.policy("PP-3a")
def test_what_the_gate_does_not_know_is_not_even_looked_up(host):
    route = replace(host.route, gate=only_test, resolver=lambda *_: pytest.fail("looked up"))
    with pytest.raises(errors.NotForeseen):
        http.fetch(Request(url=f"{host.address}/hello", purpose="other"), route=route)
    with pytest.raises(errors.NotForeseen):
        http.fetch(Request(url="https://public.example/", purpose="test"), route=route)
    assert not host.requests
    assert [(each.purpose, each.ok, each.sent_bytes) for each in host.departures] == [
        ("other", False, 0),
        ("test", False, 0),
    ]


def test_the_gate_is_asked_at_every_hop(host):
    route = replace(host.route, gate=only_test, resolver=lambda *_: pytest.fail("looked up"))
    with pytest.raises(errors.NotForeseen, match="localhost"):
        http.fetch(Request(url=f"{host.address}/to-localhost", purpose="test"), route=route, limits=Limits(redirects=3))
    assert len(host.requests) == 1
