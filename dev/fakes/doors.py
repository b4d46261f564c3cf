"""What every fake of a service has around its own protocol: routes, what goes wrong on purpose, and control doors.

The control doors lie under `/_fake/`, beside the protocol, and need no key: the clock, the toxics, and what else a fake names.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Generic, TypeVar
from urllib.parse import unquote

from dev.fakes.clock import Clock
from dev.fakes.loopback import Answer, Asked, HangUp, Place, serving
from dev.fakes.post import Post
from dev.fakes.toxics import Toxics

CONTROL: Final = "/_fake/"


def as_json(value: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    body = json.dumps(value).encode()
    return Answer(status=status, body=body, headers={"Content-Type": "application/json", **(headers or {})})


def as_page(title: str, main: str, status: int = 200) -> Answer:
    """A plain page that no browser has to fetch anything for. `main` is HTML: whoever calls escapes."""
    style = (
        "body{font:16px/1.5 system-ui,sans-serif;max-width:44rem;margin:2rem auto;padding:0 1rem;color:#16202b;background:#fff}"
        "button,input,select{font:inherit;padding:.4rem .8rem;margin:.2rem 0}label{display:block}"
        "table{border-collapse:collapse;width:100%}td,th{text-align:left;padding:.3rem .6rem;border-bottom:1px solid #ccd}"
        "pre{white-space:pre-wrap;background:#f4f5f7;padding:1rem}.note{color:#4a5866}"
    )
    text = (
        f"<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'><title>{title}</title>"
        f"<link rel=icon href='data:,'><style>{style}</style><main><h1>{title}</h1>{main}</main></html>"
    )
    return Answer(status=status, body=text.encode(), headers={"Content-Type": "text/html; charset=utf-8"})


def to(url: str) -> Answer:
    return Answer(status=303, headers={"Location": url})


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A request at a route. `names` are the parts of the path that the route names."""

    asked: Asked
    path: str
    query: str
    names: Mapping[str, str]


H = TypeVar("H")


@dataclass(frozen=True, kw_only=True)
class Route(Generic[H]):
    method: str
    pattern: re.Pattern[str]
    handler: H


Controls = Sequence[Route[Callable[[Call], Answer]]]


def route(method: str, path: str, handler: H) -> Route[H]:
    """`:name` in a path stands for one part of it."""
    pattern = re.compile(re.sub(r":(\w+)", r"(?P<\1>[^/]+)", path))
    return Route(method=method, pattern=pattern, handler=handler)


def find(routes: Sequence[Route[H]], method: str, path: str) -> tuple[Route[H] | None, dict[str, str], bool]:
    """The route, what it names, and whether another method is at home there."""
    elsewhere = False
    for each in routes:
        if match := each.pattern.fullmatch(path):
            if each.method == method:
                return each, {name: unquote(value) for name, value in match.groupdict().items()}, False
            elsewhere = True
    return None, {}, elsewhere


@dataclass(kw_only=True)
class Doors:
    """Answers for one fake: `protocol` speaks as the real service does."""

    clock: Clock
    toxics: Toxics
    protocol: Callable[[Asked], Answer]
    failed: Callable[[int], Answer]
    """How the real service words a failure of its own, by status."""
    post: Post
    tick: Callable[[], int] = lambda: 0
    """What time brings about, done before each request and each delivery; how much it was."""
    changed: Callable[[], None] = lambda: None
    """After each request; where a fake keeps its state."""
    controls: Controls = ()
    log: list[tuple[str, str, int]] = field(default_factory=list)
    """Method, path and status of what was asked; 0 where the answer was lost."""

    def speak(self, asked: Asked) -> Answer:
        path, _, query = asked.path.partition("?")
        if path.startswith(CONTROL):
            return self._control(asked, path, query)
        self.toxics.wait()
        if self.clock() < self.toxics.down_until:
            answer = self.failed(503)
        elif self.toxics.strikes(self.toxics.errors):
            answer = self.failed(500)
        else:
            self.tick()
            answer = self.protocol(asked)
            self.changed()
            if self.toxics.strikes(self.toxics.lost):
                self.log.append((asked.method, path, 0))
                raise HangUp
        self.log.append((asked.method, path, answer.status))
        return answer

    def settle(self) -> int:
        """Let time do its work, and send every webhook that is due."""
        self.tick()
        self.changed()
        return self.post.settle()

    def advance(self, seconds: float) -> int:
        self.clock.advance(seconds)
        return self.settle()

    def _control(self, asked: Asked, path: str, query: str) -> Answer:
        own: list[Route[Callable[[Call], Answer]]] = [
            route("GET", f"{CONTROL}clock", lambda _call: as_json({"now": self.clock()})),
            route("POST", f"{CONTROL}clock", self._move),
            route("GET", f"{CONTROL}toxics", lambda _call: as_json(self.toxics.told())),
            route("POST", f"{CONTROL}toxics", self._poison),
            route("POST", f"{CONTROL}settle", lambda _call: as_json({"sent": self.settle()})),
            route("GET", f"{CONTROL}webhooks", lambda _call: as_json(self._letters())),
        ]
        found, names, _ = find([*own, *self.controls], asked.method, path)
        if not found:
            return as_json({"error": f"No control door {asked.method} {path}."}, 404)
        try:
            answer = found.handler(Call(asked=asked, path=path, query=query, names=names))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            return as_json({"error": str(error)}, 400)
        self.changed()
        return answer

    def _move(self, call: Call) -> Answer:
        """`{"advance": seconds}`."""
        self.advance(float(json.loads(call.asked.body)["advance"]))
        return as_json({"now": self.clock()})

    def _poison(self, call: Call) -> Answer:
        self.toxics.change(json.loads(call.asked.body))
        return as_json(self.toxics.told())

    def _letters(self) -> dict[str, Any]:
        return {
            "waiting": [
                {"event": each.event, "endpoint": each.endpoint, "due": each.due, "attempt": each.attempt}
                for each in self.post.waiting
            ],
            "sent": [
                {
                    "event": each.event,
                    "endpoint": each.endpoint,
                    "at": each.at,
                    "attempt": each.attempt,
                    "status": each.status,
                }
                for each in self.post.log
            ],
        }

    @contextmanager
    def open(self, *, port: int = 0, folder: Path | None = None, walking: bool = False) -> Iterator[Place]:
        """Serve until the block ends. `walking`: webhooks leave by themselves; else when `settle` is called."""
        with serving(self.speak, port=port, folder=folder) as place:
            if not walking:
                yield place
                return
            with self.post.walking(before=self._walk):
                yield place

    def _walk(self) -> None:
        if self.tick():
            self.changed()


class Fake:
    """A service behind its doors."""

    doors: Doors

    def placed(self, url: str) -> None:
        """Told of its address when it opens, for what it says of itself."""

    def settle(self) -> int:
        return self.doors.settle()

    def advance(self, seconds: float) -> int:
        """Move the fake's own time."""
        return self.doors.advance(seconds)

    @contextmanager
    def open(self, *, port: int = 0, folder: Path | None = None, walking: bool = False) -> Iterator[Place]:
        with self.doors.open(port=port, folder=folder, walking=walking) as place:
            self.placed(place.url)
            yield place
