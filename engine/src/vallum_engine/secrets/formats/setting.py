"""A name and its value, and the two ways in which configuration hides that the one belongs to the other."""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from vallum_engine.values import immutable, replace, unshown

MOST = 100_000
"""Settings read per file: beyond, the detector says that it did not look."""
DEEPEST = 100
"""Levels within one another: beyond, the rest of the file is not read by its format."""

_NAMES = frozenset(
    {
        "name",
        "key",
        "Name",
        "Key",
        "NAME",
        "KEY",
        "@name",
        "@key",
        "@Name",
        "@Key",
        "@id",
        "ParameterKey",
        "variable",
        "param-name",
        "env-entry-name",
    }
)
_VALUES = frozenset(
    {
        "value",
        "Value",
        "VALUE",
        "@value",
        "@Value",
        "#text",
        "ParameterValue",
        "default",
        "secretValue",
        "param-value",
        "env-entry-value",
    }
)
_ASSIGNED = rb"(?:export\s{1,4})?([A-Za-z_][\w.-]{0,100})=([^\n]+)"
_LONGEST_NAME = 200
_LONGEST_PATH = 500
"""Letters of the names above a value, the nearest: a page repeats them for each value, however few bytes that has."""


class TooDeep(Exception):
    """The file nests deeper than anybody writes: what follows was not read by its format."""


@immutable
class Setting:
    """One value of a file. `path`: the names above it, joined by dots, with `*` for a place in a list."""

    path: str
    name: str
    value: bytes = unshown()
    start: int
    """Where the value stands in the file, quotes left out."""
    end: int
    group: int = 0
    """Equal for settings that stand side by side."""
    document: int = 0
    plain: bool = False
    """Whether the text itself reads as a name and its value, so that expressions see them without help."""

    @property
    def key(self) -> str:
        return f"{self.path}.{self.name}" if self.path else self.name


def paired(settings: Iterable[Setting]) -> Iterator[Setting]:
    """The settings, and those that are written as a name beside a value or as one text `NAME=value`, as what they mean."""
    names: dict[int, Setting] = {}
    values: dict[int, Setting] = {}
    for setting in islice(settings, MOST):
        yield setting
        if setting.name in _NAMES:
            names[setting.group] = setting
        elif setting.name in _VALUES:
            values[setting.group] = setting
        elif setting.name == "*" and (found := re.fullmatch(_ASSIGNED, setting.value)):
            start = setting.start + found.start(2)
            yield replace(setting, name=found[1].decode(), value=found[2], start=start, plain=False)
    for group, value in values.items():
        if group in names and len(names[group].value) <= _LONGEST_NAME:
            yield replace(value, name=names[group].value.decode("utf-8", "replace"), plain=False)


@immutable(kw_only=False)
class Level:
    """A mapping or list that is being read: its column or kind, the path to it, its number."""

    mark: int
    path: str
    group: int


def below(levels: Sequence[Level], name: str) -> str:
    """The path to what is called `name` on the innermost level."""
    above = levels[-1].path if levels else ""
    return (f"{above}.{name}" if above and name else above or name)[-_LONGEST_PATH:]
