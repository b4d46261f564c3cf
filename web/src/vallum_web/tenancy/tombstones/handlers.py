"""How each kind is replayed: declared by the app that knows its rows, in `replaying.py` beside its models."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from django.utils.module_loading import autodiscover_modules

from vallum_web.tenancy.tombstones.entry import Entry
from vallum_web.tenancy.tombstones.errors import UnknownKindError


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """`again` makes an entry true once more, and twice is the same as once. `holds`: whether the database says the same.

    Each opens its own transactions.
    """

    kind: str
    again: Callable[[Entry], None]
    holds: Callable[[Entry], bool]
    last: bool = False
    """After all others: what ends rights comes before what erases rows."""
    there: Callable[[Entry], bool] | None = None
    """Of an erasure: whether anything of what was erased is in the database."""


_declared: dict[str, Replay] = {}
_after_any: list[Callable[[], object]] = []


def replays(*found: Replay) -> None:
    """Declare; called once, when the app's `replaying` module is read."""
    for each in found:
        _declared[each.kind] = each


def after_any_restore(act: Callable[[], object]) -> None:
    """Declare what is done whatever the ledger holds."""
    _after_any.append(act)


def restored() -> None:
    all_kinds()
    for act in _after_any:
        act()


@cache
def all_kinds() -> dict[str, Replay]:
    autodiscover_modules("replaying")
    return _declared


def named(kind: str) -> Replay:
    try:
        return all_kinds()[kind]
    except KeyError:
        raise UnknownKindError(
            f"No app replays tombstones of the kind {kind!r}: declare it in its replaying.py."
        ) from None
