"""`python -m dev.fakes.stripe --port 12111 --hook URL --secret whsec_… --state FILE`."""

import argparse
import time
from pathlib import Path

from dev.fakes.keep import Keep
from dev.fakes.rate import Rate
from dev.fakes.stripe.api import KEY, Stripe


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m dev.fakes.stripe", description="Stripe on loopback")
    parser.add_argument("--port", type=int, default=12111)
    parser.add_argument("--hook", help="who is told of events, in test mode")
    parser.add_argument("--secret", help="whsec_… with which events are signed")
    parser.add_argument("--state", type=Path, help="a file that keeps everything")
    parser.add_argument("--rate", type=int, default=25, help="requests a second (25)")
    given = parser.parse_args()
    if bool(given.hook) != bool(given.secret):
        parser.error("--hook and --secret belong together")
    fake = Stripe(rate=Rate(limit=given.rate), keep=Keep(path=given.state) if given.state else None)
    if given.hook and not fake.test.all("webhook_endpoint", lambda each: each["url"] == given.hook):
        fake.endpoint(given.hook, given.secret)
    with fake.open(port=given.port, walking=True) as place:
        print(f"Stripe at {place.url} (key {KEY})", flush=True)
        while True:
            time.sleep(3600)


if __name__ == "__main__":
    main()
