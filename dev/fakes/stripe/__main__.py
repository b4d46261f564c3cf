"""`python -m dev.fakes.stripe --port 12111 --hook URL --secret whsec_… --state FILE`."""

from dev.fakes.rate import Rate
from dev.fakes.start import options, stay
from dev.fakes.stripe.api import KEY, Stripe


def main() -> None:
    given = options("stripe", port=12_111, secret="whsec_… ", rate=25)
    fake = Stripe(rate=Rate(limit=given.rate), keep=given.keep)
    if given.hook and not fake.test.all("webhook_endpoint", lambda each: each["url"] == given.hook):
        fake.endpoint(given.hook, given.secret)
    stay(fake, given.port, f"Stripe at {{url}} (key {KEY})")


if __name__ == "__main__":
    main()
