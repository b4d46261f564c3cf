"""Immutable values as `dataclass(frozen=True, slots=True, kw_only=True)` makes them, in a sixth of the time.

A scan of a small tree takes less time than the standard library needs to make sixty such classes (six compilations each) and to
import what it makes them with. Here one function is compiled per class, and the others are shared. What dataclasses offer for values
(`fields`, `asdict`, `replace`) takes these too.
"""

from collections.abc import Callable
from operator import attrgetter
from typing import Any, ClassVar, TypeVar, dataclass_transform, overload

Class = TypeVar("Class", bound=type)
Value = TypeVar("Value")
_set = object.__setattr__
_UNCOMPILED = 50
"""Values of a class that are filled field by field: compiling a function costs what these save."""


class _Factory:
    __slots__ = ("make",)

    def __init__(self, make: Callable[[], Any]) -> None:
        self.make = make


def made(*, factory: Callable[[], Value]) -> Value:
    """A default that is made anew for each value; its type is what `factory` returns."""
    default: Value = _Factory(factory)  # type: ignore[assignment]  # what it is before the first value
    return default


class _Unshown:
    """Stands where a field is not shown."""


def unshown() -> Any:
    """A field that `repr` leaves out: what must not stand in a log."""
    return _Unshown()


class FrozenError(AttributeError):
    """A value was to be changed."""


@overload
def immutable(cls: Class, /) -> Class: ...
@overload
def immutable(*, kw_only: bool = True, order: bool = False) -> Callable[[Class], Class]: ...
@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(made, unshown))
def immutable(cls: Any = None, /, *, kw_only: bool = True, order: bool = False) -> Any:
    """Class decorator: a value by keywords. `order`: compared field by field, in their order."""
    if cls is None:
        return lambda later: _made(later, frozen=True, kw_only=kw_only, order=order)
    return _made(cls, frozen=True, kw_only=kw_only, order=order)


@dataclass_transform(field_specifiers=(made, unshown))
def mutable(cls: Class, /) -> Class:
    """Class decorator, as `dataclass(slots=True)`: what somebody fills while they work. It has no hash."""
    changed: Class = _made(cls, frozen=False, kw_only=False, order=False)
    return changed


def replace(this: Value, **changes: Any) -> Value:
    """A copy with other values in these fields. Raises TypeError for one that is no field."""
    names: tuple[str, ...] = this.__fields__  # type: ignore[attr-defined]  # set by the decorator
    for name in names:
        if name not in changes:
            changes[name] = getattr(this, name)
    other: Value = type(this)(**changes)
    return other


class _Fields:
    """`__dataclass_fields__`, made when the standard library asks for it."""

    def __get__(self, this: object, cls: Any) -> dict[str, Any]:
        from dataclasses import field, make_dataclass  # noqa: PLC0415 - 8 ms that no scan needs

        like = make_dataclass(cls.__name__, [(n, Any, field(default=None, kw_only=True)) for n in cls.__fields__])
        found: dict[str, Any] = like.__dataclass_fields__  # type: ignore[attr-defined]  # the standard library's own
        cls.__dataclass_fields__ = found
        return found


def _made(cls: Any, *, frozen: bool, kw_only: bool, order: bool) -> Any:
    inherited: tuple[str, ...] = getattr(cls, "__fields__", ())
    space = dict(cls.__dict__)
    own, unshown, defaults = [], [], dict(getattr(cls, "__defaults__", {}))
    for name, kind in space.get("__annotations__", {}).items():
        if getattr(kind, "__origin__", None) is ClassVar:
            continue
        if name not in inherited:
            own.append(name)
        if isinstance(space.get(name), _Unshown):
            unshown.append(name)
            defaults.pop(name, None)
            del space[name]
        elif name in space:
            defaults[name] = space.pop(name)
    names = (*inherited, *own)
    for name in ("__dict__", "__weakref__"):
        space.pop(name, None)
    space |= {
        "__slots__": tuple(own),
        "__fields__": names,
        "__shown__": tuple([name for name in names if name not in unshown]) if unshown else names,
        "__defaults__": defaults,
        "__dataclass_fields__": _Fields(),
        "__match_args__": () if kw_only else names,
        "__qualname__": cls.__qualname__,
    }
    for name, method in _methods(names, frozen=frozen, order=order).items():
        space.setdefault(name, method)
    whole = type(cls)(cls.__name__, cls.__bases__, space)
    if "__init__" not in space:
        whole.__init__ = _later(whole, names, defaults, kw_only=kw_only, frozen=frozen)
    return whole


def _later(cls: Any, names: tuple[str, ...], defaults: dict[str, Any], *, kw_only: bool, frozen: bool) -> Any:
    """An `__init__` that is compiled once there are many values: a scan of a small tree makes few of most classes."""
    left = _UNCOMPILED

    def __init__(self: Any, *given: Any, **named: Any) -> None:  # noqa: N807 - set on a class
        nonlocal left
        left -= 1
        if left > 0 and not (kw_only and given) and _filled(self, names, defaults, given, named):
            if hasattr(self, "__post_init__"):
                self.__post_init__()
            return
        if cls.__init__ is __init__:
            cls.__init__ = _init(cls, names, defaults, kw_only=kw_only, frozen=frozen)
        cls.__init__(self, *given, **named)

    return __init__


def _filled(
    this: Any, names: tuple[str, ...], defaults: dict[str, Any], given: tuple[Any, ...], named: dict[str, Any]
) -> bool:
    """Set every field; False where the arguments do not fit, of which the compiled function tells as Python does."""
    held = dict(zip(names, given, strict=False))
    if len(given) > len(names) or not held.keys().isdisjoint(named):
        return False
    held |= named
    for name in names:
        value = held.pop(name, _Factory)
        if value is _Factory:
            value = defaults.get(name, _Factory)
            if value is _Factory:
                return False
            if isinstance(value, _Factory):
                value = value.make()
        _set(this, name, value)
    return not held


def _init(cls: Any, names: tuple[str, ...], defaults: dict[str, Any], *, kw_only: bool, frozen: bool) -> Any:
    """The one function that is compiled: no other way takes arguments as fast."""
    space: dict[str, Any] = {"_none": _Factory}
    given, factories, lines = ["self"], [], []
    if kw_only and names:
        given.append("*")
    for name in names:
        default = defaults.get(name, _Factory)
        if default is _Factory:
            given.append(name)
        elif isinstance(default, _Factory):
            space[f"_make_{name}"] = default.make
            given.append(f"{name}=_none")
            factories.append(f" if {name} is _none: {name} = _make_{name}()")
        else:
            space[f"_default_{name}"] = default
            given.append(f"{name}=_default_{name}")
        lines.append(f"self.{name} = {name}")
    if frozen:
        # Filled as a value of a class that lets itself be filled: a call for each field takes three times as long.
        space |= {"_set": _set, "_whole": cls, "_open": _open(cls)}
        lines = ['_set(self, "__class__", _open)', *lines, "self.__class__ = _whole"]
        lines = [" if self.__class__ is _whole:", *(f"  {line}" for line in lines), " else:"]
        lines += [f"  _set(self, {name!r}, {name})" for name in names] or ["  pass"]
    else:
        lines = [f" {line}" for line in lines]
    if hasattr(cls, "__post_init__"):
        lines.append(" self.__post_init__()")
    exec(f"def __init__({', '.join(given)}):\n" + ("\n".join([*factories, *lines]) or " pass"), space)  # noqa: S102 - names of fields, which are Python's own
    return space["__init__"]


def _open(cls: Any) -> Any:
    """The class with the same fields that does not guard them."""
    free = {"__setattr__": _set, "__delattr__": object.__delattr__}  # both, or neither is as fast as object's own
    return type(cls)(cls.__name__, (cls,), {"__slots__": (), **free})


def _methods(names: tuple[str, ...], *, frozen: bool, order: bool) -> dict[str, Any]:
    """What the fields together are: compared, hashed and shown."""
    key: Callable[[Any], Any] = attrgetter(*names) if names else type

    def __eq__(self: Any, other: Any) -> Any:  # noqa: N807 - set on a class
        return key(self) == key(other) if type(other) is type(self) else NotImplemented

    def __hash__(self: Any) -> int:  # noqa: N807 - as above
        return hash(key(self))

    def __lt__(self: Any, other: Any) -> Any:  # noqa: N807 - as above
        return key(self) < key(other) if type(other) is type(self) else NotImplemented

    methods: dict[str, Any] = {"__repr__": _repr, "__eq__": __eq__, "__hash__": None}
    if frozen:
        methods |= {
            "__hash__": __hash__,
            "__setattr__": _frozen,
            "__delattr__": _frozen,
            "__getstate__": _state,
            "__setstate__": _restore,
        }
    return {**methods, "__lt__": __lt__} if order else methods


def _repr(self: Any) -> str:
    return f"{type(self).__qualname__}({', '.join(f'{name}={getattr(self, name)!r}' for name in self.__shown__)})"


def _frozen(self: Any, name: str, held: object = None) -> None:  # noqa: ARG001 - as Python calls it
    raise FrozenError(f"{type(self).__name__}.{name} cannot change: a value stays what it is. Use replace().")


def _state(self: Any) -> list[Any]:
    return [getattr(self, name) for name in self.__fields__]


def _restore(self: Any, state: list[Any]) -> None:
    for name, held in zip(self.__fields__, state, strict=True):
        _set(self, name, held)
