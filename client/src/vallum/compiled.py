"""The trigger database: compiled once per set of rules, library and processor, and kept."""

from collections.abc import Callable

from vallum.cache import Cache
from vallum_engine.errors import BrokenData
from vallum_engine.triggers import Database, Plan, joined

_KIND = "triggers"


def database(plan: Plan, cache: Cache, *, say: Callable[[str], None]) -> Database:
    """The plan's database, from the cache where it is whole, else compiled now, with one message.

    What the caller brought is compiled apart: in a moment, while the packaged triggers keep what the cache holds.
    """
    packaged, own = plan.parted()
    if own.triggers and packaged.triggers:
        return joined([database(packaged, cache, say=say), database(own, cache, say=say)])
    if not plan.triggers:
        return plan.load(b"")
    if not plan.compilable:
        say("Vectorscan has no build for this machine: the scan works without it, far more slowly.")
        return plan.fallback()
    kept = cache.get(_KIND, plan.key)
    if kept is not None:
        try:
            return plan.load(kept)
        except BrokenData:
            kept = None
    say("Preparing the rules for this machine (once, some seconds)…")
    data = plan.compile()
    cache.put(_KIND, plan.key, data)
    return plan.load(data)
