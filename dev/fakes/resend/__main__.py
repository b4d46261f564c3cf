"""`python -m dev.fakes.resend --port 8025 --hook URL --secret whsec_… --state FILE`."""

from dev.fakes.rate import Rate
from dev.fakes.resend.api import KEY, Resend
from dev.fakes.start import options, stay


def main() -> None:
    given = options("resend", port=8025, secret="whsec_… ", rate=2)
    fake = Resend(rate=Rate(limit=given.rate), keep=given.keep)
    if given.hook:
        fake.hook(given.hook, given.secret)
    stay(fake, given.port, f"Resend at {{url}}/ (key {KEY}); inbox at {{url}}/inbox")


if __name__ == "__main__":
    main()
