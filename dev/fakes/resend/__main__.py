"""`python -m dev.fakes.resend --port 8025 --hook URL --secret whsec_… --state FILE`."""

import argparse
import time
from pathlib import Path

from dev.fakes.keep import Keep
from dev.fakes.rate import Rate
from dev.fakes.resend.api import KEY, Resend


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m dev.fakes.resend", description="Resend on loopback")
    parser.add_argument("--port", type=int, default=8025)
    parser.add_argument("--hook", help="who is told of events")
    parser.add_argument("--secret", help="whsec_… with which events are signed")
    parser.add_argument("--state", type=Path, help="a file that keeps the mails")
    parser.add_argument("--rate", type=int, default=2, help="requests a second (2)")
    given = parser.parse_args()
    if bool(given.hook) != bool(given.secret):
        parser.error("--hook and --secret belong together")
    fake = Resend(rate=Rate(limit=given.rate), keep=Keep(path=given.state) if given.state else None)
    if given.hook:
        fake.hook(given.hook, given.secret)
    with fake.open(port=given.port, walking=True) as place:
        print(f"Resend at {place.url}/ (key {KEY}); inbox at {place.url}/inbox", flush=True)
        while True:
            time.sleep(3600)


if __name__ == "__main__":
    main()
