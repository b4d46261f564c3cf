"""Values of a foreign JSON document, whatever stands there."""

from collections.abc import Iterable, Iterator
from typing import Any


def dug(value: Any, *keys: str) -> Any:
    """What lies at this path of objects; None where there is no such path."""
    for key in keys:
        if not isinstance(value, dict):
            return None
        value = value.get(key)
    return value


def listed(value: Any) -> list[Any]:
    """The items of an array; nothing for anything else."""
    return value if isinstance(value, list) else []


def text(value: Any) -> str:
    """A string or a number without blanks around; empty for anything else."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return str(value).strip()


def texts(values: Iterable[Any]) -> Iterator[str]:
    """Those that say something."""
    return (found for value in values if (found := text(value)))


def number(value: Any) -> int:
    """A line; 1 where none is said."""
    said = text(value)
    return int(said) if said.isdecimal() and said.isascii() and len(said) < 10 else 1
