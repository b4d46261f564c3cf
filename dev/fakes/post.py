"""Webhooks on their way: who sends puts letters in, and what is due goes out, again after failures, as the sender does it."""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Final

import requests

from dev.fakes.toxics import Toxics

FAILED: Final = 0
"""The status of a delivery that reached nobody."""

Send = Callable[[str, Mapping[str, str], bytes], int]


def over_http(url: str, headers: Mapping[str, str], body: bytes, *, seconds: float = 10) -> int:
    """The status of the answer; `FAILED` where none came in time. Redirects are not followed, as by the senders."""
    with requests.Session() as session:
        session.trust_env = False
        try:
            return session.post(url, data=body, headers=headers, timeout=seconds, allow_redirects=False).status_code
        except requests.RequestException:
            return FAILED


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """`headers` are made anew for each attempt, at its time."""

    event: str
    endpoint: str
    url: str
    body: bytes
    headers: Callable[[float], Mapping[str, str]]
    due: float
    attempt: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """For tests to look at."""

    event: str
    endpoint: str
    attempt: int
    at: float
    status: int


@dataclass(kw_only=True)
class Post:
    """`waits` are the seconds between one attempt and the next; after the last comes `gave_up`."""

    now: Callable[[], float]
    toxics: Toxics
    waits: Sequence[float]
    send: Send = over_http
    gave_up: Callable[[Letter], None] = lambda _letter: None
    log: list[Delivered] = field(default_factory=list)
    _letters: list[Letter] = field(default_factory=list)
    _lock: Any = field(default_factory=threading.Lock)
    _walking: Any = field(default_factory=threading.RLock)

    def put(self, letter: Letter) -> None:
        if self.toxics.strikes(self.toxics.hooks_lost):
            return
        times = 2 if self.toxics.strikes(self.toxics.hooks_twice) else 1
        with self._lock:
            self._letters += [replace(letter, due=letter.due + self.toxics.hooks_delay)] * times

    def drop(self, endpoint: str) -> None:
        with self._lock:
            self._letters = [each for each in self._letters if each.endpoint != endpoint]

    @property
    def waiting(self) -> list[Letter]:
        with self._lock:
            return sorted(self._letters, key=lambda letter: letter.due)

    def settle(self) -> int:
        """Send all that is due by now, and what falls due meanwhile. How many were sent."""
        sent = 0
        with self._walking:
            while self.now() >= self.toxics.down_until and (due := self._take()):
                for letter in due:
                    self._deliver(letter)
                sent += len(due)
        return sent

    def _take(self) -> list[Letter]:
        with self._lock:
            due = sorted((each for each in self._letters if each.due <= self.now()), key=lambda letter: letter.due)
            self._letters = [each for each in self._letters if each.due > self.now()]
        if self.toxics.hooks_shuffled:
            self.toxics.chance.shuffle(due)
        return due

    def _deliver(self, letter: Letter) -> None:
        at = self.now()
        status = self.send(letter.url, {"Content-Type": "application/json", **letter.headers(at)}, letter.body)
        self.log.append(
            Delivered(event=letter.event, endpoint=letter.endpoint, attempt=letter.attempt, at=at, status=status)
        )
        if 200 <= status < 300:
            return
        if letter.attempt >= len(self.waits):
            self.gave_up(letter)
            return
        again = replace(letter, due=letter.due + self.waits[letter.attempt], attempt=letter.attempt + 1)
        with self._lock:
            self._letters.append(again)

    @contextmanager
    def walking(self, every: float = 0.1, *, before: Callable[[], None] = lambda: None) -> Iterator[None]:
        """Send by itself while the block runs, as the real service does. `before` is done at each round."""
        ends = threading.Event()

        def walk() -> None:
            while not ends.wait(every):
                before()
                self.settle()

        walker = threading.Thread(target=walk, daemon=True)
        walker.start()
        try:
            yield
        finally:
            ends.set()
            walker.join(15)
