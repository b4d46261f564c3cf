"""Claim: the time of an answer does not tell whether an address has an account: Mann-Whitney's p above 0.01, 200 of each.

The platform's own web server on loopback, in two processes, bcrypt at its real cost, a database that waits for the disk. Each
address is asked about once, from a network of its own, so that no limit stands in between; who is asked about next is drawn by
lot. Nothing here asserts a time: on a busy machine a p-value says less than on a quiet one.
"""

import argparse
import contextlib
import http.client
import os
import random
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from urllib.parse import urlencode

from bench import measure
from bench.enumeration.ranks import p_value
from vallum_web.embedded.address import Address
from vallum_web.embedded.ephemeral import ephemeral
from vallum_web.embedded.plan import MANAGE, environment, web_command
from vallum_web.embedded.postgres import Postgres

LEAST = 0.01
DURABLE = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}
DOORS: Mapping[str, tuple[str, str, Mapping[str, str]]] = {
    "sign-in": ("/accounts/login/", "login", {"password": "wrong horse battery"}),
    "reset": ("/accounts/password/reset/", "email", {}),
    "sign-up": ("/accounts/signup/", "email", {"password1": "another horse 1234", "accept": "on", "adult": "on"}),
}
HIDDEN = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)"')


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--samples", type=int, default=200)
    parser.add_argument("--doors", default=",".join(DOORS))
    given = parser.parse_args()
    home = tempfile.mkdtemp(prefix="vallum-bench-")
    os.environ |= {"VALLUM_HOME": home, "VALLUM_LOG": "ERROR", "VALLUM_POOL": "0", "VALLUM_SIGNUP": "open"}
    with ephemeral(settings=DURABLE) as server:
        os.environ["DATABASE_URL"], os.environ["DATABASE_OWNER_URL"] = server.urls.app, server.urls.owner
        subprocess.run([*MANAGE, "migrate", "-v", "0", "--skip-checks"], check=True)
        doors = given.doors.split(",")
        subprocess.run([sys.executable, "-m", "bench.enumeration.people", str(given.samples), *doors], check=True)
        print(f"{given.samples} addresses with an account and as many without, by lot · {measure.machine()}\n")
        print(f"  {'':<10} {'account':>14} {'none':>14} {'difference':>12} {'p':>8}")
        with serving(server) as port:
            for door in doors:
                show(door, asked(port, door, given.samples))


@contextlib.contextmanager
def serving(server: Postgres) -> Iterator[int]:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    address = Address(host="127.0.0.1", port=port)
    told = environment(os.environ, server.cluster.home, server.urls, address=address)
    told |= {"VALLUM_HOME": os.environ["VALLUM_HOME"], "VALLUM_TRUSTED_HOPS": "1", "VALLUM_POOL": "1"}
    with subprocess.Popen(web_command(address), env=told) as running:
        try:
            for _ in range(600):
                with contextlib.suppress(OSError):
                    page(port, "/readyz")
                    break
                time.sleep(0.1)
            yield port
        finally:
            running.terminate()


def asked(port: int, door: str, samples: int) -> dict[bool, list[float]]:
    """Seconds until the whole answer was there, by whether there is an account."""
    path, field, further = DOORS[door]
    head, text = page(port, path)
    cookie = next(value.partition(";")[0] for name, value in head if name.lower() == "set-cookie" and "csrf=" in value)
    form = dict(HIDDEN.findall(text)) | further
    order = [(known, number) for known in (True, False) for number in range(samples)]
    random.shuffle(order)
    times: dict[bool, list[float]] = {True: [], False: []}
    for known, number in [(False, samples + n) for n in range(10)] + order:
        body = urlencode({**form, field: address(door, number, known=known)})
        headers = {
            "Cookie": cookie,
            "Content-Type": "application/x-www-form-urlencoded",
            "X-Forwarded-For": f"10.{len(path)}.{number // 250 + 100 * known}.{number % 250}",
        }
        connection = http.client.HTTPConnection("127.0.0.1", port)
        began = time.perf_counter()
        connection.request("POST", path, body, headers)
        answer = connection.getresponse()
        answer.read()
        took = time.perf_counter() - began
        connection.close()
        if answer.status not in {200, 302}:
            raise measure.WentWrong(f"{door} was answered with {answer.status}")
        if number < samples:
            times[known].append(took)
    return times


def page(port: int, path: str) -> tuple[list[tuple[str, str]], str]:
    connection = http.client.HTTPConnection("127.0.0.1", port)
    connection.request("GET", path)
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer.getheaders(), text


def address(door: str, number: int, *, known: bool) -> str:
    return f"{'person' if known else 'nobody'}{number:04}@{door}.example.test"


def show(door: str, times: dict[bool, list[float]]) -> None:
    known, unknown = (statistics.median(times[kind]) * 1e3 for kind in (True, False))
    spread = {kind: statistics.quantiles(times[kind], n=4) for kind in times}
    wide = {kind: (high - low) * 1e3 for kind, (low, _, high) in spread.items()}
    likely = p_value(times[True], times[False])
    print(
        f"  {door:<10} {known:7.2f} ±{wide[True] / 2:4.2f} ms {unknown:6.2f} ±{wide[False] / 2:4.2f} ms"
        f" {known - unknown:+9.2f} ms {likely:8.3f}  {'tells nothing' if likely > LEAST else 'TELLS'}"
    )


if __name__ == "__main__":
    main()
