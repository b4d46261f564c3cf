"""Values of the model as what the standard library's `marshal` takes, and back: for what a program says to itself, sooner or later."""

from enum import Enum
from functools import cache
from typing import Any

from vallum_engine.plugins import load

_MODEL = "vallum_engine.model."


def plain(value: Any) -> Any:
    """A value of the model as a list that begins with the name of its class. Raises TypeError for one of another package."""
    kind = type(value)
    if kind in (str, int, bool, bytes, float, type(None)):
        return value
    if kind in (tuple, list):
        return tuple(map(plain, value))
    if kind is dict:
        return {key: plain(held) for key, held in value.items()}
    name = f"{kind.__module__}:{kind.__qualname__}"
    if not name.startswith(_MODEL):
        raise TypeError(f"{name} cannot be kept")
    if isinstance(value, Enum):
        return [name, value.value]
    return [name, *(plain(getattr(value, field)) for field in kind.__fields__)]


def value(kept: Any) -> Any:
    """What `plain` was given, lists as tuples."""
    kind = type(kept)
    if kind is tuple:
        return tuple(map(value, kept))
    if kind is dict:
        return {key: value(held) for key, held in kept.items()}
    if kind is not list:
        return kept
    name, *fields = kept
    cls = _class(name)
    if issubclass(cls, Enum):
        return cls(fields[0])
    return cls(**{field: value(held) for field, held in zip(cls.__fields__, fields, strict=True)})


@cache
def _class(name: str) -> Any:
    if not name.startswith(_MODEL):
        raise TypeError(f"{name} is not kept")
    return load(name)
