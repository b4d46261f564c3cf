"""All objects of one mode (test or live), their time, and what time will do to them."""

import secrets
import string
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final, Self

from dev.fakes.clock import Clock
from dev.fakes.post import Post
from dev.fakes.stripe.errors import Refused, no_such
from dev.fakes.stripe.shapes import made

_LETTERS: Final = string.ascii_letters + string.digits

Thing = dict[str, Any]


def name(prefix: str, length: int = 24) -> str:
    return f"{prefix}_{''.join(secrets.choice(_LETTERS) for _ in range(length))}"


@dataclass(order=True, slots=True)
class Due:
    """`line` is the test clock whose time counts; empty for the fake's own."""

    at: int
    number: int
    line: str
    action: str
    id: str


@dataclass(kw_only=True)
class World:
    """`hidden` is what the service knows of an object and does not show."""

    livemode: bool
    clock: Clock
    post: Post
    url: str = ""
    objects: dict[str, Thing] = field(default_factory=dict)
    kinds: dict[str, list[str]] = field(default_factory=dict)
    gone: dict[str, str] = field(default_factory=dict)
    hidden: dict[str, Thing] = field(default_factory=dict)
    agenda: list[Due] = field(default_factory=list)
    counters: dict[str, int] = field(default_factory=dict)
    request: tuple[str | None, str | None] = (None, None)
    other: Self | None = None
    _moment: int | None = None

    @property
    def mode(self) -> str:
        return "live" if self.livemode else "test"

    def now(self, line: str | None = None) -> int:
        """Of a test clock, or of the fake; while the past is made up for, the moment that is at its turn."""
        if self._moment is not None:
            return self._moment
        return int(self.objects[line]["frozen_time"]) if line else int(self.clock())

    @contextmanager
    def at(self, moment: int) -> Iterator[None]:
        before, self._moment = self._moment, moment
        try:
            yield
        finally:
            self._moment = before

    def count(self, what: str) -> int:
        self.counters[what] = self.counters.get(what, 0) + 1
        return self.counters[what]

    def add(self, kind: str, named: str, **fields: Any) -> Thing:
        thing = made(kind, id=named, **fields)
        self.objects[named] = thing
        self.kinds.setdefault(kind, []).append(named)
        self.hidden[named] = {}
        return thing

    def find(self, kind: str, named: str, param: str = "id", *, status: int = 404) -> Thing:
        thing = self.objects.get(named)
        if thing is None or thing["object"] != kind:
            there = self.other.objects.get(named) if self.other else None
            raise no_such(kind, named, param, status=status, elsewhere=bool(there and there["object"] == kind))
        return thing

    def given(self, kind: str, named: str, param: str) -> Thing:
        """An object that a parameter names: refused with 400, and when it was deleted."""
        return self.find(kind, named, param, status=400)

    def remove(self, thing: Thing) -> Thing:
        """The object is gone, its id is remembered, and the answer says so."""
        del self.objects[thing["id"]]
        self.kinds[thing["object"]].remove(thing["id"])
        self.gone[thing["id"]] = thing["object"]
        return {"id": thing["id"], "object": thing["object"], "deleted": True}

    def all(self, kind: str, keep: Callable[[Thing], bool] = lambda _thing: True) -> list[Thing]:
        """In order of creation."""
        return [thing for each in self.kinds.get(kind, []) if keep(thing := self.objects[each])]

    def plan(self, at: float, action: str, thing: Thing, line: str | None = None) -> None:
        """Do this then. Whoever does it looks whether it still is to be done."""
        if line is None:
            line = thing.get("test_clock")
        due = Due(at=int(at), number=self.count("due"), line=line or "", action=action, id=thing["id"])
        self.agenda.append(due)

    def next_due(self, line: str, until: int) -> Due | None:
        """Takes it off the agenda."""
        found = min((each for each in self.agenda if each.line == line and each.at <= until), default=None)
        if found:
            self.agenda.remove(found)
        return found

    def line(self, customer: str | None) -> str | None:
        """The test clock that a customer lives by."""
        return self.objects[customer]["test_clock"] if customer in self.objects else None

    def customer(self, named: str, param: str = "customer") -> Thing:
        if self.gone.get(named) == "customer":
            raise Refused(f"The customer {named} was deleted.", code="resource_missing", param=param)
        return self.given("customer", named, param)

    def state(self) -> dict[str, Any]:
        agenda = [[due.at, due.number, due.line, due.action, due.id] for due in self.agenda]
        kept = ("objects", "kinds", "gone", "hidden", "counters")
        return {**{each: getattr(self, each) for each in kept}, "agenda": agenda}

    def restore(self, state: dict[str, Any]) -> None:
        for each in ("objects", "kinds", "gone", "hidden", "counters"):
            setattr(self, each, state[each])
        self.agenda = [
            Due(at=at, number=number, line=line, action=action, id=named)
            for at, number, line, action, named in state["agenda"]
        ]
