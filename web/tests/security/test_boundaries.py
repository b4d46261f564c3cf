"""Where one message ends and the next begins: requests of the real server, headers of mails."""

import re
import socket
import subprocess
import sys
import time

import pytest
from mailing import mails

APPLICATION = """
def application(environ, start_response):
    body = environ["wsgi.input"].read()
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']} {len(body)}\\n".encode()]
"""
SMUGGLED = b"GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"


@pytest.fixture(scope="module")
def granian(tmp_path_factory):
    """The server that we ship, with an application that says what it was asked."""
    folder = tmp_path_factory.mktemp("granian")
    (folder / "echo.py").write_text(APPLICATION)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        sys.executable,
        "-m",
        "granian",
        "--interface",
        "wsgi",
        "--port",
        str(port),
        "--no-log",
        "echo:application",
    ]
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        for _ in range(300):
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                time.sleep(0.1)
        yield port
        server.terminate()


def ask(port, data):
    with socket.create_connection(("127.0.0.1", port), timeout=10) as wire:
        wire.sendall(data)
        wire.settimeout(1.5)
        got = b""
        try:
            while piece := wire.recv(65536):
                got += piece
        except TimeoutError:
            pass
        return got


def head(*lines):
    return b"\r\n".join([b"POST /first HTTP/1.1", b"Host: a", *lines, b"", b""])


@pytest.mark.slow
@pytest.mark.asvs("4.2.1")
@pytest.mark.parametrize(
    "data",
    [
        pytest.param(
            head(b"Content-Length: 5", b"Transfer-Encoding: chunked") + b"0\r\n\r\n" + SMUGGLED, id="both, length says less"
        ),
        pytest.param(
            head(b"Transfer-Encoding: chunked", b"Content-Length: 200") + b"0\r\n\r\n", id="both, length says more"
        ),
        pytest.param(head(b"Content-Length: 0", b"Content-Length: 36") + SMUGGLED, id="two lengths"),
        pytest.param(head(b"Content-Length: +5") + b"abcde", id="a length with a sign"),
        pytest.param(head(b"Content-Length: 5, 5") + b"abcde" , id="a list of lengths"),
        pytest.param(head(b"Transfer-Encoding: xchunked") + b"0\r\n\r\n" + SMUGGLED, id="an encoding nobody knows"),
        pytest.param(head(b"Transfer-Encoding : chunked") + b"0\r\n\r\n" + SMUGGLED, id="a space before the colon"),
        pytest.param(head(b"X: y\r\n Content-Length: 0") + b"", id="a folded line"),
    ],
)  # fmt: skip
def test_a_request_has_one_end(granian, data):
    """Refused, or read as one message by the rules of RFC 9112: what follows is never taken for another's request."""
    got = ask(granian, data)
    statuses = re.findall(rb"HTTP/1\.1 (\d{3})", got)
    assert statuses, got
    if data.endswith(SMUGGLED) and b"chunked" in data and statuses[0] == b"200":
        # Chunked wins over a length (RFC 9112, 6.3), and such a connection must not serve a second request.
        assert b"/smuggled" not in got
    else:
        assert statuses[0] in {b"400", b"200", b"411", b"501"}
        assert b"/smuggled" not in got


@pytest.mark.asvs("1.3.11")
@pytest.mark.parametrize(
    "address", ["a@example.test\nBcc: b@example.test", "a@example.test\r\nX: y", "a@example.test,b@example.test"]
)
def test_an_address_is_one_address(address, people, signed_in):
    browser = signed_in(people.alice)
    assert browser.post("/acme/settings/invite/", {"email": address, "role": "developer"}).status_code == 422
    browser.post("/accounts/password/reset/", {"email": address})
    assert not [mail for mail in mails() if "b@example.test" in mail.to]
    assert not [mail for mail in mails() if "\n" in mail.subject or "\r" in mail.to]
