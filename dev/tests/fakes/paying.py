"""What tests of the fake Stripe share: it is served, its client is the real library, and its webhooks are verified by it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import requests
import stripe

from dev.fakes.clock import Clock
from dev.fakes.rate import Rate
from dev.fakes.stripe.api import KEY, Stripe

SECRET = "whsec_of_the_tests"
DAY = 86_400
HOUR = 3600


@dataclass(kw_only=True)
class Shop:
    """`told` are the events that came by webhook, each checked by the library."""

    fake: Stripe
    url: str
    client: Any
    told: list[Any] = field(default_factory=list)
    v1: Any = None

    def client_for(self, key: str) -> Any:
        return stripe.StripeClient(key, base_addresses={"api": self.url}, max_network_retries=0)

    def post(self, path: str, form: Any, key: str = KEY, **headers: str) -> requests.Response:
        """Past the library, for what it would not send."""
        named = {"Authorization": f"Bearer {key}", **headers}
        return requests.post(f"{self.url}{path}", data=form, headers=named, timeout=10)

    def page(self, url: str, **typed: str) -> requests.Response:
        return requests.post(url, data=typed, timeout=10, allow_redirects=False)

    def price(self, amount: int = 2900, interval: str = "month", **more: Any) -> Any:
        product = self.v1.products.create({"name": f"Plan of {amount}"})
        return self.v1.prices.create(
            {
                "product": product.id,
                "currency": "eur",
                "unit_amount": amount,
                "recurring": {"interval": interval},
                **more,
            }
        )

    def customer(self, card: str = "visa", line: str | None = None, **more: Any) -> Any:
        """Who pays by one of the test cards."""
        made = self.v1.customers.create({"email": "ada@acme.test", **({"test_clock": line} if line else {}), **more})
        if card:
            paying = self.v1.payment_methods.attach(f"pm_card_{card}", {"customer": made.id})
            self.v1.customers.update(made.id, {"invoice_settings": {"default_payment_method": paying.id}})
        return made

    def customer_card(self, customer: Any, card: str = "visa", *, default: bool = False) -> str:
        paying = self.v1.payment_methods.attach(f"pm_card_{card}", {"customer": customer.id})
        if default:
            self.v1.customers.update(customer.id, {"invoice_settings": {"default_payment_method": paying.id}})
        return str(paying.id)

    def subscribe(self, customer: Any, price: Any, quantity: int = 3, **more: Any) -> Any:
        return self.v1.subscriptions.create(
            {"customer": customer.id, "items": [{"price": price.id, "quantity": quantity}], **more}
        )

    def checkout(self, price: Any, quantity: int = 3, **more: Any) -> Any:
        return self.v1.checkout.sessions.create(
            {
                "mode": "subscription",
                "line_items": [{"price": price.id, "quantity": quantity}],
                "client_reference_id": "org-1",
                "success_url": "http://127.0.0.1/back?session={CHECKOUT_SESSION_ID}",
                "cancel_url": "http://127.0.0.1/no",
                **more,
            }
        )

    def kinds(self) -> list[str]:
        self.fake.settle()
        return [event.type for event in self.told]

    def clock(self) -> str:
        now = int(self.fake.clock())
        return str(self.v1.test_helpers.test_clocks.create({"frozen_time": now}).id)

    def go(self, line: str, seconds: int) -> None:
        """Move a test clock, in steps that it allows."""
        target = self.v1.test_helpers.test_clocks.retrieve(line).frozen_time + seconds
        while (now := self.v1.test_helpers.test_clocks.retrieve(line).frozen_time) < target:
            self.v1.test_helpers.test_clocks.advance(line, {"frozen_time": min(target, now + 27 * DAY)})


@contextmanager
def open_shop(clock: Clock) -> Iterator[Shop]:
    told: list[Any] = []

    def receive(_url: str, headers: Any, body: bytes) -> int:
        # The fake's clock stands in the past or the future: the library is asked about the signature alone.
        told.append(stripe.Webhook.construct_event(body, headers["Stripe-Signature"], SECRET, tolerance=None))
        return 200

    fake = Stripe(clock=clock, rate=Rate(limit=100_000), send=receive)
    fake.endpoint("http://127.0.0.1/hooks", SECRET)
    with fake.open() as place:
        shop = Shop(fake=fake, url=place.url, client=None, told=told)
        shop.client = shop.client_for(KEY)
        shop.v1 = shop.client.v1
        yield shop
