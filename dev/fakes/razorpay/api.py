"""Razorpay on loopback (https://razorpay.com/docs/api). It has no idempotency keys, and no deletion of customers: as there."""

import base64
import binascii
import json
import threading
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

from dev.fakes.clock import Clock
from dev.fakes.doors import CONTROL, Call, Doors, Fake, as_json, find, route
from dev.fakes.keep import Keep
from dev.fakes.loopback import Answer, Asked
from dev.fakes.post import Post, Send, over_http
from dev.fakes.razorpay import hosted, links, money, subscriptions
from dev.fakes.razorpay.checks import Refused
from dev.fakes.razorpay.desk import Desk
from dev.fakes.razorpay.world import WAITS, Hook, World
from dev.fakes.toxics import Toxics

KEY: Final = "rzp_test_fake"
SECRET: Final = "fake key secret"
PATIENCE: Final = 5
"""Seconds within which an endpoint has to answer."""


@dataclass(kw_only=True)
class Razorpay(Fake):
    clock: Clock = field(default_factory=Clock)
    toxics: Toxics = field(default_factory=Toxics)
    send: Send = field(default_factory=lambda: partial(over_http, seconds=PATIENCE))
    keys: dict[str, str] = field(default_factory=lambda: {KEY: SECRET})
    keep: Keep | None = None

    def __post_init__(self) -> None:
        self.post = Post(now=self.clock, toxics=self.toxics, waits=WAITS, send=self.send)
        self.world = World(clock=self.clock, post=self.post)
        self.post.gave_up = self.world.gave_up
        self._lock = threading.RLock()
        self.doors = Doors(
            clock=self.clock,
            toxics=self.toxics,
            protocol=self._protocol,
            failed=_failed,
            post=self.post,
            tick=self._tick,
            changed=self._save,
            controls=[
                route("POST", f"{CONTROL}skip", lambda call: self._mark(call, "skip", value=True)),
                route(
                    "POST", f"{CONTROL}declines", lambda call: self._mark(call, "declines", value="insufficient_funds")
                ),
                route("POST", f"{CONTROL}enable", self._enable),
                route("POST", f"{CONTROL}dispute", self._dispute),
                route("POST", f"{CONTROL}refund_fails", self._refund_fails),
            ],
        )
        if self.keep and (known := self.keep.load()):
            self.world.restore(known)
        self.routes = [route(method, f"/v1{path}", handler) for method, path, handler in Desk(world=self.world).table()]

    def hook(self, url: str, secret: str, *, events: frozenset[str] | None = None) -> Hook:
        """As set at the dashboard."""
        made = Hook(url=url, secret=secret, events=events)
        self.world.hooks.append(made)
        return made

    def placed(self, url: str) -> None:
        self.world.url = url

    def _tick(self) -> int:
        with self._lock:
            return self.world.run({**subscriptions.ACTIONS, "expire_link": links.expire})

    def _save(self) -> None:
        if self.keep:
            with self._lock:
                self.keep.save(self.world.state)

    def _mark(self, call: Call, word: str, *, value: Any) -> Answer:
        """`{"subscription": id}`: the customer skips the next debit; or `declines`: their bank refuses from now on."""
        sub = self.world.find("subscription", json.loads(call.asked.body)["subscription"])
        self.world.hidden[sub["id"]][word] = value
        return as_json({word: value})

    def _dispute(self, call: Call) -> Answer:
        """`{"payment": id}`: its holder disputes it; `{"dispute": id, "ends": "won" | "lost" | "closed"}`."""
        given = json.loads(call.asked.body)
        if "payment" in given:
            return as_json(money.dispute(self.world, self.world.find("payment", given["payment"])))
        return as_json(money.end_dispute(self.world, self.world.find("dispute", given["dispute"]), given["ends"]))

    def _refund_fails(self, call: Call) -> Answer:
        """`{"refund": id}`: the bank sends the money back."""
        return as_json(money.refund_fails(self.world, self.world.find("refund", json.loads(call.asked.body)["refund"])))

    def _enable(self, _call: Call) -> Answer:
        """What an operator does at the dashboard after an endpoint was disabled."""
        for each in self.world.hooks:
            each.active = True
        return as_json({"active": len(self.world.hooks)})

    def _protocol(self, asked: Asked) -> Answer:
        path, _, query = asked.path.partition("?")
        with self._lock:
            if page := self._page(asked, path):
                return page
            try:
                self._admit(asked)
                found, names, _ = find(self.routes, asked.method, path)
                if not found:
                    return Refused("The requested URL was not found on the server.", status=404).answer()
                call = Call(asked=asked, path=path, query=query, names=names)
                return as_json(found.handler(call))
            except Refused as refused:
                return refused.answer()

    def _page(self, asked: Asked, path: str) -> Answer | None:
        start, named = path[:3], path[3:]
        if start == "/s/":
            return hosted.subscription(self.world, named, asked.method, asked.body)
        if start == "/l/":
            return hosted.link(self.world, named, asked.method, asked.body, next(iter(self.keys.values())))
        return hosted.invoice(self.world, named) if start == "/i/" else None

    def _admit(self, asked: Asked) -> None:
        scheme, _, given = asked.headers.get("authorization", "").partition(" ")
        try:
            key, _, secret = base64.b64decode(given, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            key = secret = ""
        if scheme.lower() != "basic" or self.keys.get(key) != secret or not secret:
            raise Refused("Authentication failed", status=401, reason="authentication_failed")


def _failed(status: int) -> Answer:
    return Refused("Something broke on this side.", status=status, code="SERVER_ERROR", reason="server_error").answer()
