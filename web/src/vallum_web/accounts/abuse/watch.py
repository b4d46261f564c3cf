"""Attempts to sign in, in memory: how many accounts a network tries, and on how many it tries the same password.

Nothing of it is ever written. Accounts and passwords are known by digests under a key that is made when the process starts and
dies with it. Each process sees its own share of the attempts; with two of them a rule speaks at the latest after twice as many.
"""

import secrets
import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Generic, TypeVar

STUFFING_WITHIN = timedelta(hours=1)
STUFFED = 10
"""So many accounts with a wrong password from one network within the hour,"""
PER_SUCCESS = 3
"""and more than so many for each account that came in from there: an office on a Monday morning has both."""
SPRAYING_WITHIN = timedelta(hours=24)
SPRAYED = 5
MOST = 20_000
"""Networks, and pairs of network and password; the oldest are forgotten first."""
MOST_ACCOUNTS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """What a rule saw. `accounts` were tried in vain, `came_in` signed in from the same network meanwhile."""

    rule: str
    network: str
    accounts: int
    came_in: int


@dataclass(slots=True)
class Tried:
    """Accounts and when each was tried last; and when that was last told."""

    failed: dict[bytes, datetime] = field(default_factory=dict)
    came_in: dict[bytes, datetime] = field(default_factory=dict)
    told: datetime | None = None


Key = TypeVar("Key")


class Recent(Generic[Key]):
    """A bounded memory: what was not looked at for longest goes first."""

    def __init__(self, most: int) -> None:
        self._rows: OrderedDict[Key, Tried] = OrderedDict()
        self._most = most

    def at(self, key: Key) -> Tried:
        row = self._rows.setdefault(key, Tried())
        self._rows.move_to_end(key)
        if len(self._rows) > self._most:
            self._rows.popitem(last=False)
        return row

    def __len__(self) -> int:
        return len(self._rows)


class Watch:
    """One per process. Its methods are short and hold one lock."""

    def __init__(self, most: int = MOST) -> None:
        self._key = secrets.token_bytes(32)
        self._lock = threading.Lock()
        self._networks: Recent[str] = Recent(most)
        self._passwords: Recent[tuple[str, bytes]] = Recent(most)

    def failed(self, account: str, password: str, network: str, now: datetime) -> list[Alarm]:
        """A wrong password. Says what that makes of the network, each thing once in its time."""
        if not network:
            return []
        with self._lock:
            who = self._digest(account)
            tried = self._networks.at(network)
            _note(tried.failed, who, now, STUFFING_WITHIN)
            _drop(tried.came_in, now, STUFFING_WITHIN)
            same = self._passwords.at((network, self._digest(password)))
            _note(same.failed, who, now, SPRAYING_WITHIN)
            return [*self._stuffing(network, tried, now), *self._spraying(network, same, tried, now)]

    def came_in(self, account: str, network: str, now: datetime) -> None:
        """Somebody proved that an account is theirs: a wrong password of theirs before that was a slip."""
        if not network:
            return
        with self._lock:
            who = self._digest(account)
            tried = self._networks.at(network)
            tried.failed.pop(who, None)
            _note(tried.came_in, who, now, STUFFING_WITHIN)

    def _stuffing(self, network: str, tried: Tried, now: datetime) -> list[Alarm]:
        accounts, came_in = len(tried.failed), len(tried.came_in)
        if accounts < STUFFED or accounts <= PER_SUCCESS * came_in or not _is_news(tried, now, STUFFING_WITHIN):
            return []
        return [Alarm(rule="stuffing", network=network, accounts=accounts, came_in=came_in)]

    def _spraying(self, network: str, same: Tried, tried: Tried, now: datetime) -> list[Alarm]:
        if len(same.failed) < SPRAYED or not _is_news(same, now, SPRAYING_WITHIN):
            return []
        return [Alarm(rule="spraying", network=network, accounts=len(same.failed), came_in=len(tried.came_in))]

    def _digest(self, text: str) -> bytes:
        return blake2b(text.encode("utf-8", "surrogatepass"), key=self._key, digest_size=16).digest()


def _note(accounts: dict[bytes, datetime], who: bytes, now: datetime, within: timedelta) -> None:
    _drop(accounts, now, within)
    if len(accounts) < MOST_ACCOUNTS or who in accounts:
        accounts[who] = now


def _drop(accounts: dict[bytes, datetime], now: datetime, within: timedelta) -> None:
    for who in [who for who, at in accounts.items() if now - at > within]:
        del accounts[who]


def _is_news(tried: Tried, now: datetime, within: timedelta) -> bool:
    if tried.told is not None and now - tried.told < within:
        return False
    tried.told = now
    return True


WATCH = Watch()
