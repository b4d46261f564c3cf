"""Walking over records so that a bad one costs itself only."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from vallum_engine.parsers.format import Record, Rejected
from vallum_engine.parsers.words import listed

NO_OBJECT = "it is no object"
_ODD = (KeyError, TypeError, ValueError, AttributeError, IndexError)


def leading(value: Any) -> Mapping[str, Any]:
    """The first object of a list, by which its tool is known; the value itself where it is an object; else an empty one."""
    items = value[:20] if isinstance(value, list) else [value]
    return next((item for item in items if isinstance(item, Mapping)), {})


def each(items: Any, at: str, make: Callable[[str, Mapping[str, Any]], Record]) -> Iterator[Record]:
    """One record for each of the items. What `make` stumbles over is rejected with the reason, and the next one is read."""
    for index, item in enumerate(listed(items)):
        yield one(f"{at}[{index}]", item, make)


def missed(errors: Any, at: str, say: Callable[[Any], str]) -> Iterator[Record]:
    """What the tool could not look at, by its own word: rejected, so that its silence about that ends nothing.

    `say` is empty for what is no more than a remark.
    """
    for index, error in enumerate(listed(errors)):
        if why := say(error):
            yield Rejected(at=f"{at}[{index}]", why=why)


def rest(total: Any, held: int, at: str) -> Iterator[Record]:
    """Of a list in pages the others, which are not in this file: what stands there has not ended either."""
    if isinstance(total, int) and total > held:
        yield Rejected(at=at, why=f"the list has {total:,} entries, and {held:,} are in this file: export all of them")


def one(at: str, item: Any, make: Callable[[str, Mapping[str, Any]], Record]) -> Record:
    """The same for a single item."""
    if not isinstance(item, Mapping):
        return Rejected(at=at, why=NO_OBJECT)
    try:
        return make(at, item)
    except _ODD as error:
        return Rejected(at=at, why=f"it is not as documented ({type(error).__name__}: {error})")
