"""The trigger database: compiled once per set of rules, library and processor, and kept."""

import contextlib
from collections.abc import Callable

from vallum.cache import Cache
from vallum_engine.errors import BrokenData
from vallum_engine.triggers import Database, Hits, Plan, joined

_KIND = "triggers"


class Late:
    """A database that is loaded when the first file is looked at: a scan may meet none that changed."""

    def __init__(self, make: Callable[[], Database]) -> None:
        self._make = make
        self._made: Database | None = None

    def hits(self, data: bytes, *, structured: bool = True) -> Hits:
        if self._made is None:
            self._made = self._make()
        return self._made.hits(data, structured=structured)


def database(plan: Plan, cache: Cache, *, say: Callable[[str], None]) -> Database:
    """The plan's database, from the cache where it is whole, else compiled now, with one message.

    Its parts are compiled apart: what the caller brought in a moment, while the packaged triggers keep what the cache holds.
    """
    if not plan.triggers:
        return plan.load(b"")
    if not plan.compilable:
        say("Vectorscan has no build for this machine: the scan works without it, far more slowly.")
        return plan.fallback()
    parts = [(part, part.key) for part in plan.parts()]
    kept = [_kept(part, key, cache) for part, key in parts]
    if None in kept:
        say("Preparing the rules for this machine (once, some seconds)…")
    return joined(
        [(part, found or _made(part, key, cache)) for (part, key), found in zip(parts, kept, strict=True)],
    )


def _kept(part: Plan, key: str, cache: Cache) -> Database | None:
    kept = cache.get(_KIND, key)
    if kept is not None:
        with contextlib.suppress(BrokenData):
            return part.load(kept)
    return None


def _made(part: Plan, key: str, cache: Cache) -> Database:
    data = part.compile()
    cache.put(_KIND, key, data)
    return part.load(data)
