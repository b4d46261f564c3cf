"""A page for people who try the demo: its time, which they move, the mails, and a bank that refuses from now on."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from dev.fakes.clock import Clock
from dev.fakes.doors import Fake, as_json, as_page, to
from dev.fakes.loopback import Answer, Asked
from dev.fakes.razorpay.api import Razorpay
from dev.fakes.razorpay.subscriptions import OVER
from dev.fakes.stripe.cards import CARDS

HOUR: Final = 3600
STEPS: Final = {"An hour": HOUR, "A day": 24 * HOUR, "A week": 168 * HOUR, "A month": 31 * 24 * HOUR}


@dataclass(kw_only=True)
class Levers:
    """`moved` is done after time went on: what the platform does at the hour."""

    clock: Clock
    fakes: Sequence[Fake]
    razorpay: Razorpay
    links: dict[str, str] = field(default_factory=dict)
    moved: Callable[[], None] = lambda: None

    def speak(self, asked: Asked) -> Answer:
        path = urlsplit(asked.path).path
        if asked.method == "GET" and path == "/":
            return self._page()
        if asked.method != "POST" or not _own(asked):
            return as_json({"error": f"No {asked.method} {path} here."}, 404)
        typed = dict(parse_qsl(asked.body.decode(errors="replace"), max_num_fields=5))
        if path == "/clock" and typed.get("step") in STEPS:
            self.advance(STEPS[typed["step"]])
        elif path == "/bank":
            self._bank(typed.get("subscription", ""))
        return to("/")

    def advance(self, seconds: float) -> None:
        """All of the stand-ins have one time. What falls due in it is done, and told to the platform."""
        self.clock.advance(seconds)
        for fake in self.fakes:
            fake.settle()
        self.moved()

    def _bank(self, named: str) -> None:
        """The bank of whoever pays for it refuses, or no longer."""
        door = {"subscription": named}
        hidden = self.razorpay.world.hidden.get(named)
        if hidden is not None and hidden.pop("declines", None) is None:
            ask(self.razorpay, "/_fake/declines", door)

    def _page(self) -> Answer:
        steps = "".join(f"<button name=step value='{each}'>{each} later</button> " for each in STEPS)
        links = "".join(f"<li><a href='{escape(url)}'>{escape(name)}</a>" for name, url in self.links.items())
        cards = "".join(f"<tr><td>{card.number}<td>{escape(word)}" for word, card in CARDS.items())
        return as_page(
            "Stand-ins of the demo",
            f"<p>It is <strong id=now>{escape(self.clock.iso()[:16].replace('T', ' '))} UTC</strong>, here and on the platform."
            f" Time goes forward only. Sessions end after twelve hours: sign in again.</p><form method=post action=/clock>{steps}</form>"
            f"<ul>{links}</ul><h2>At Razorpay</h2>{self._mandates()}"
            f"<h2>Cards at Stripe</h2><table><tr><th>Number<th>What comes of it{cards}</table>"
            "<p class=note>No money moves, and no mail leaves.</p>",
        )

    def _mandates(self) -> str:
        world = self.razorpay.world
        alive = world.all("subscription", lambda each: each["status"] not in OVER)
        rows = "".join(
            f"<tr><td>{each['id']}<td>{each['status']}<td><button name=subscription value={each['id']}>"
            f"{'The bank pays again' if world.hidden[each['id']].get('declines') else 'The bank refuses from now on'}</button>"
            for each in alive
        )
        return (
            f"<form method=post action=/bank><table>{rows}</table></form>"
            if rows
            else "<p class=note>No mandates yet.</p>"
        )


def ask(fake: Fake, path: str, body: object) -> Answer:
    """Go through a control door."""
    return fake.doors.speak(Asked(method="POST", path=path, headers={}, body=json.dumps(body).encode()))


def _own(asked: Asked) -> bool:
    """From the page itself: another site that the browser is at moves nothing."""
    origin = asked.headers.get("origin")
    return origin is None or urlsplit(origin).netloc == asked.headers.get("host")
