"""`python -m dev.fakes.razorpay --port 12112 --hook URL --secret SECRET`."""

import argparse
import time

from dev.fakes.razorpay.api import KEY, SECRET, Razorpay


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m dev.fakes.razorpay", description="Razorpay on loopback")
    parser.add_argument("--port", type=int, default=12_112)
    parser.add_argument("--hook", help="who is told of events")
    parser.add_argument("--secret", help="with which events are signed")
    given = parser.parse_args()
    if bool(given.hook) != bool(given.secret):
        parser.error("--hook and --secret belong together")
    fake = Razorpay()
    if given.hook:
        fake.hook(given.hook, given.secret)
    with fake.open(port=given.port, walking=True) as place:
        print(f"Razorpay at {place.url} (key {KEY}, secret {SECRET!r})", flush=True)
        while True:
            time.sleep(3600)


if __name__ == "__main__":
    main()
