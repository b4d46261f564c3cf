"""What Razorpay knows: its entities, its time, and the webhooks that tell of them."""

import hashlib
import hmac
import json
import secrets
import string
from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

from dev.fakes.clock import Clock
from dev.fakes.post import Letter, Post
from dev.fakes.razorpay.checks import Refused

Thing = dict[str, Any]
_LETTERS: Final = string.ascii_letters + string.digits
PREFIXES: Final = {
    "plan": "plan", "customer": "cust", "token": "token", "subscription": "sub", "invoice": "inv", "payment": "pay", "refund": "rfnd",
    "payment_link": "plink", "addon": "ao", "item": "item", "order": "order", "dispute": "disp",
}  # fmt: skip
DAY: Final = 86_400
# From one attempt to the next; together a day.
WAITS: Final = (60.0, 300.0, 900.0, 1800.0, 3600.0, 7200.0, 14_400.0, 21_600.0, 36_540.0)


def name(kind: str) -> str:
    return f"{PREFIXES[kind]}_{''.join(secrets.choice(_LETTERS) for _ in range(14))}"


@dataclass(kw_only=True)
class Hook:
    """Where events go. After a day of failures it is disabled, and somebody has to enable it at the dashboard."""

    url: str
    secret: str
    events: frozenset[str] | None = None
    active: bool = True
    id: str = field(default_factory=lambda: f"hook_{secrets.token_hex(7)}")


@dataclass(kw_only=True)
class World:
    clock: Clock
    post: Post
    url: str = ""
    things: dict[str, Thing] = field(default_factory=dict)
    hidden: dict[str, Thing] = field(default_factory=dict)
    hooks: list[Hook] = field(default_factory=list)
    told: list[Thing] = field(default_factory=list)
    agenda: list[tuple[float, int, str, str]] = field(default_factory=list)
    numbers: int = 0
    _moment: int | None = None

    def now(self) -> int:
        return int(self.clock()) if self._moment is None else self._moment

    def add(self, kind: str, **fields: Any) -> Thing:
        thing = {"id": name(kind), "entity": kind, "created_at": self.now(), **fields}
        self.things[thing["id"]] = thing
        self.hidden[thing["id"]] = {}
        return thing

    def find(self, kind: str, named: Any) -> Thing:
        thing = self.things.get(named) if isinstance(named, str) else None
        if thing is None or thing["entity"] != kind:
            raise Refused("The id provided does not exist.")
        return thing

    def all(self, kind: str, keep: Callable[[Thing], bool] = lambda _thing: True) -> list[Thing]:
        """Newest first."""
        return [each for each in reversed(self.things.values()) if each["entity"] == kind and keep(each)]

    def plan(self, at: float, action: str, thing: Thing) -> None:
        self.numbers += 1
        self.agenda.append((at, self.numbers, action, thing["id"]))

    def run(self, actions: Mapping[str, Callable[["World", Thing], None]]) -> int:
        """Do what has fallen due, each at its moment. How much it was."""
        until, done = self.clock(), 0
        while due := min((each for each in self.agenda if each[0] <= until), default=None):
            self.agenda.remove(due)
            at, _, action, named = due
            if named in self.things:
                self._moment = int(at)
                try:
                    actions[action](self, self.things[named])
                finally:
                    self._moment = None
            done += 1
        return done

    def tell(self, event: str, **things: Thing | None) -> None:
        there = {kind: {"entity": deepcopy(thing)} for kind, thing in things.items() if thing}
        told = {
            "entity": "event",
            "account_id": "acc_FakeFakeFake01",
            "event": event,
            "contains": list(there),
            "payload": there,
            "created_at": self.now(),
        }
        self.told.append(told)
        body = json.dumps(told).encode()
        named = secrets.token_hex(7)
        for hook in self.hooks:
            if hook.active and (hook.events is None or event in hook.events):
                headers = partial(_signed, hook.secret, body, named)
                letter = Letter(
                    event=named, endpoint=hook.id, url=hook.url, body=body, headers=headers, due=self.clock()
                )
                self.post.put(letter)

    def state(self) -> Thing:
        return {"things": self.things, "hidden": self.hidden, "agenda": self.agenda, "numbers": self.numbers}

    def restore(self, state: Thing) -> None:
        self.things, self.hidden, self.numbers = state["things"], state["hidden"], state["numbers"]
        self.agenda = [(at, number, action, named) for at, number, action, named in state["agenda"]]

    def gave_up(self, letter: Letter) -> None:
        for hook in self.hooks:
            if hook.id == letter.endpoint:
                hook.active = False
        self.post.drop(letter.endpoint)


def _signed(secret: str, body: bytes, named: str, _at: float) -> dict[str, str]:
    """There is no time in it: whoever receives has to remember the id."""
    signature = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return {"X-Razorpay-Signature": signature, "x-razorpay-event-id": named}
