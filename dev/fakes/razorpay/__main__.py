"""`python -m dev.fakes.razorpay --port 12112 --hook URL --secret SECRET --state FILE`."""

from dev.fakes.razorpay.api import KEY, SECRET, Razorpay
from dev.fakes.start import options, stay


def main() -> None:
    given = options("razorpay", port=12_112, secret="")
    fake = Razorpay(keep=given.keep)
    if given.hook:
        fake.hook(given.hook, given.secret)
    stay(fake, given.port, f"Razorpay at {{url}} (key {KEY}, secret {SECRET!r})")


if __name__ == "__main__":
    main()
