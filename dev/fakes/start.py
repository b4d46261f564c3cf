"""How a fake starts as a process of its own: what each is asked on the command line, and that it stays."""

import time
from argparse import ArgumentParser, Namespace
from pathlib import Path

from dev.fakes.doors import Fake
from dev.fakes.keep import Keep


def options(name: str, *, port: int, secret: str, rate: int | None = None) -> Namespace:
    """`rate` is requests a second, of a fake that has such a limit."""
    parser = ArgumentParser(prog=f"python -m dev.fakes.{name}", description=f"{name.capitalize()} on loopback")
    parser.add_argument("--port", type=int, default=port)
    parser.add_argument("--hook", help="who is told of events")
    parser.add_argument("--secret", help=f"{secret}with which events are signed")
    parser.add_argument("--state", type=_keep, dest="keep", help="a file that keeps everything")
    if rate:
        parser.add_argument("--rate", type=int, default=rate, help=f"requests a second ({rate})")
    given = parser.parse_args()
    if bool(given.hook) != bool(given.secret):
        parser.error("--hook and --secret belong together")
    return given


def _keep(path: str) -> Keep:
    return Keep(path=Path(path))


def stay(fake: Fake, port: int, told: str) -> None:
    """Serve until the process is ended. `told` is printed first, with the address at its `{url}`."""
    with fake.open(port=port, walking=True) as place:
        print(told.format(url=place.url), flush=True)
        while True:
            time.sleep(3600)
