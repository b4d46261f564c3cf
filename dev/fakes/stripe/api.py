"""Stripe on loopback: https://docs.stripe.com/api, in the one version that the library in the lock speaks."""

import base64
import binascii
import hashlib
import json
import threading
from dataclasses import dataclass, field
from typing import Final

from dev.fakes.clock import Clock
from dev.fakes.doors import CONTROL, Call, Doors, Fake, as_json, find, route
from dev.fakes.keep import Keep
from dev.fakes.loopback import Answer, Asked
from dev.fakes.post import Post, Send, over_http
from dev.fakes.rate import Rate
from dev.fakes.repeats import OtherRequest, Repeats, StillAtWork
from dev.fakes.stripe import (
    cards,
    catalogue,
    checkout,
    clocks,
    customers,
    events,
    hosted,
    invoicing,
    items,
    lines,
    payments,
    portal,
    refunds,
    schedules,
    subscribing,
)
from dev.fakes.stripe.ask import Ask, Resource
from dev.fakes.stripe.collect import DUNNING_ENDS
from dev.fakes.stripe.errors import Refused
from dev.fakes.stripe.expand import expand
from dev.fakes.stripe.forms import decode
from dev.fakes.stripe.params import NAME, many
from dev.fakes.stripe.version import VERSION
from dev.fakes.stripe.world import Thing, World, name
from dev.fakes.toxics import Toxics

KEY: Final = "sk_test_fake"
LIVE_KEY: Final = "sk_live_fake"
LONGEST_KEY: Final = 255

RESOURCES: Final[tuple[Resource, ...]] = (
    cards.RESOURCE,
    catalogue.RESOURCE,
    checkout.RESOURCE,
    customers.RESOURCE,
    events.RESOURCE,
    invoicing.RESOURCE,
    items.RESOURCE,
    lines.RESOURCE,
    payments.RESOURCE,
    portal.RESOURCE,
    refunds.RESOURCE,
    schedules.RESOURCE,
    subscribing.RESOURCE,
)


@dataclass(kw_only=True)
class Stripe(Fake):
    """`keys` say the mode of each. `rate` is requests a second: 25 in test mode, as there."""

    clock: Clock = field(default_factory=Clock)
    toxics: Toxics = field(default_factory=Toxics)
    rate: Rate = field(default_factory=lambda: Rate(limit=25))
    send: Send = over_http
    keys: dict[str, str] = field(default_factory=lambda: {KEY: "test", LIVE_KEY: "live"})
    keep: Keep | None = None

    def __post_init__(self) -> None:
        self.post = Post(now=self.clock, toxics=self.toxics, waits=events.LIVE_WAITS, send=self.send)
        self.test = World(livemode=False, clock=self.clock, post=self.post)
        self.live = World(livemode=True, clock=self.clock, post=self.post)
        self.test.other, self.live.other = self.live, self.test
        self.worlds = {"test": self.test, "live": self.live}
        self.repeats = Repeats(now=self.clock)
        self.actions = {word: act for each in RESOURCES for word, act in each.actions.items()}
        self.included = {word: build for each in RESOURCES for word, build in each.included.items()}
        self.routes = [
            route(method, path, handler)
            for each in (*RESOURCES, clocks.resource(self.actions))
            for method, path, handler in each.routes
        ]
        self._lock = threading.RLock()
        self.doors = Doors(
            clock=self.clock,
            toxics=self.toxics,
            protocol=self._protocol,
            failed=_failed,
            post=self.post,
            tick=self._tick,
            changed=self._save,
            controls=[route("POST", f"{CONTROL}dunning", self._dunning)],
        )
        if self.keep and (known := self.keep.load()):
            for mode, world in self.worlds.items():
                world.restore(known[mode])

    def endpoint(self, url: str, secret: str, *, events_: tuple[str, ...] = ("*",), mode: str = "test") -> Thing:
        """Tell this address of events, signed with this secret."""
        return events.endpoint(self.worlds[mode], url, list(events_), secret)

    def placed(self, url: str) -> None:
        for world in self.worlds.values():
            world.url = url

    def _tick(self) -> int:
        with self._lock:
            now = int(self.clock())
            return sum(clocks.run(world, clocks.LINE, now, self.actions) for world in self.worlds.values())

    def _save(self) -> None:
        if self.keep:
            with self._lock:
                self.keep.save(lambda: {mode: world.state() for mode, world in self.worlds.items()})

    def _dunning(self, call: Call) -> Answer:
        """`{"ends": "cancel" | "unpaid" | "past_due"}`: what the account does after the last try."""
        wanted = json.loads(call.asked.body)["ends"]
        for world in self.worlds.values():
            world.counters["dunning"] = DUNNING_ENDS[wanted]
        return as_json({"ends": wanted})

    def _protocol(self, asked: Asked) -> Answer:
        path, _, query = asked.path.partition("?")
        if not path.startswith("/v1/"):
            with self._lock:
                return self._page(asked, path)
        request = name("req", 14)
        try:
            answer = self._admitted(asked, path, query, request)
        except Refused as refused:
            answer = refused.answer()
        headers = {**answer.headers, "Request-Id": request, "Stripe-Version": VERSION}
        if key := asked.headers.get("idempotency-key"):
            headers["Idempotency-Key"] = key
        return Answer(status=answer.status, headers=headers, body=answer.body)

    def _page(self, asked: Asked, path: str) -> Answer:
        pages = {"/c/pay/": hosted.checkout, "/3ds/": hosted.bank, "/i/": hosted.invoice, "/p/session/": portal.page}
        for start, page in pages.items():
            if path.startswith(start) and asked.method in {"GET", "POST"}:
                named = path.removeprefix(start)
                world = next((each for each in self.worlds.values() if named in each.objects), self.test)
                world.request = (None, None)
                return page(world, named, asked.method, asked.body)
        return Refused(f"Unrecognised address ({asked.method}: {path}).", status=404).answer()

    def _admitted(self, asked: Asked, path: str, query: str, request: str) -> Answer:
        world = self.worlds[self._mode(asked)]
        if not self.rate.take().fits:
            raise Refused("Too many requests a second.", code="rate_limit", status=429)
        version = asked.headers.get("stripe-version", VERSION)
        if version != VERSION:
            raise Refused(f"This fake speaks version {VERSION} alone, not {version}.")
        if asked.method != "POST":
            return self._handle(world, asked, path, query, request)[0]
        key = asked.headers.get("idempotency-key")
        if key is None:
            return self._handle(world, asked, path, query, request)[0]
        return self._once(world, asked, path, key, request)

    def _mode(self, asked: Asked) -> str:
        scheme, _, credentials = asked.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "basic":
            try:
                credentials = base64.b64decode(credentials, validate=True).decode().partition(":")[0]
            except (binascii.Error, UnicodeDecodeError):
                credentials = ""
        if credentials not in self.keys:
            what = "There is no such key." if credentials else "Authorization: Bearer sk_… is missing."
            raise Refused(what, status=401, early=True)
        return self.keys[credentials]

    def _once(self, world: World, asked: Asked, path: str, key: str, request: str) -> Answer:
        if not 1 <= len(key) <= LONGEST_KEY:
            raise Refused("An idempotency key has 1 to 255 characters.", kind="idempotency_error")
        began = False

        def act() -> Answer:
            nonlocal began
            answer, began = self._handle(world, asked, path, "", request)
            return answer

        digest = hashlib.sha256(path.encode() + b"\n" + asked.body).hexdigest()
        try:
            answer, again = self.repeats.once(f"{world.mode} {key}", digest, act, keeps=lambda _answer: began)
        except OtherRequest as error:
            raise Refused(
                "The key was used with other parameters or another address.", kind="idempotency_error"
            ) from error
        except StillAtWork as error:
            raise Refused(
                "The first request with this key is at work.", code="idempotency_key_in_use", status=409
            ) from error
        return (
            Answer(status=answer.status, body=answer.body, headers={**answer.headers, "Idempotent-Replayed": "true"})
            if again
            else answer
        )

    def _handle(self, world: World, asked: Asked, path: str, query: str, request: str) -> tuple[Answer, bool]:
        """The answer, and whether anything had begun."""
        found, names, elsewhere = find(self.routes, asked.method, path)
        if not found:
            what = "That method is not for" if elsewhere else "Unrecognised address"
            raise Refused(f"{what} ({asked.method}: {path}).", status=405 if elsewhere else 404, early=True)
        try:
            given = decode(query if asked.method == "GET" else asked.body.decode() or query)
        except UnicodeDecodeError as error:
            raise Refused("The body is no text.", early=True) from error
        paths = many(NAME)("expand", given.pop("expand", ""))
        ask = Ask(world=world, path=path, given=given, names=names)
        with self._lock:
            world.request = (request, asked.headers.get("idempotency-key"))
            try:
                answer = found.handler(ask)
                return as_json(expand(world, answer, paths, self.included)), True
            except Refused as refused:
                return refused.answer(), ask.began and not refused.early
            finally:
                world.request = (None, None)


def _failed(status: int) -> Answer:
    return Refused("Something broke on this side.", status=status, kind="api_error").answer()
