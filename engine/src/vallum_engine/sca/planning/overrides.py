"""What a project overrules of others' ranges: an object in `package.json`, with as little changed around it as can be.

npm's and Bun's is `overrides` (npm's documentation of `package.json`), Yarn's `resolutions`
(https://yarnpkg.com/configuration/manifest#resolutions), pnpm's `pnpm.overrides` (https://pnpm.io/settings#overrides).
"""

import json
import re
from collections.abc import Mapping
from typing import Any

from vallum_engine.errors import BrokenData
from vallum_engine.model.file import File
from vallum_engine.sca.lockfiles.located_json import Cursor
from vallum_engine.values import immutable

KEYS: Mapping[str, tuple[str, ...]] = {
    "bun": ("overrides",),
    "npm": ("overrides",),
    "pnpm": ("pnpm", "overrides"),
    "yarn": ("resolutions",),
}
"""By format of the lockfile: where the object stands."""

_INDENT = re.compile(r"\{\s*?\n([ \t]+)\S")


@immutable
class Overrides:
    """`key` leads to the object; `wanted` are its members that have to be there."""

    key: tuple[str, ...]
    wanted: Mapping[str, str]


def selector(form: str, name: str, version: str, *, alone: bool, by: str) -> str:
    """What overrules the range of one version where a project has several: the others stay as they are."""
    if alone:
        return name
    return f"{by}/{name}" if form == "yarn" and by else f"{name}@{version}"


class Overruled:
    """One `package.json`, and what it is to overrule, member by member; written once."""

    def __init__(self, text: str) -> None:
        self._text = text
        self.key: tuple[str, ...] = ()
        self.wanted: dict[str, str] = {}
        self._probed: dict[tuple[str, ...], int | None] = {}
        try:
            found = json.loads(text)
        except (ValueError, RecursionError):
            found = None
        self.said: Mapping[str, Any] = found if isinstance(found, dict) else {}

    def says(self, overrides: Overrides) -> bool:
        """Whether all of it stands there already."""
        held = self._held(overrides.key)
        return bool(overrides.wanted) and all(held.get(name) == to for name, to in overrides.wanted.items())

    def line(self, overrides: Overrides) -> int | None:
        """Take it in, and say in which line; None where it cannot be written, or something else is said there."""
        held = self._held(overrides.key)
        if self.key not in {(), overrides.key} or any(
            not isinstance(held.get(name, ""), str) for name in overrides.wanted
        ):
            return None
        if overrides.key not in self._probed:
            splice = overridden(self._text, overrides)
            self._probed[overrides.key] = self._text.count("\n", 0, splice[0]) + 1 if splice else None
        if self._probed[overrides.key] is not None:
            self.key = overrides.key
            self.wanted.update(overrides.wanted)
        return self._probed[overrides.key]

    def splice(self) -> tuple[int, int, str] | None:
        return overridden(self._text, Overrides(key=self.key, wanted=self.wanted)) if self.wanted else None

    def _held(self, key: tuple[str, ...]) -> Mapping[str, Any]:
        held: Any = self.said
        for part in key:
            held = held.get(part) if isinstance(held, dict) else None
        return held if isinstance(held, dict) else {}


def overridden(text: str, overrides: Overrides) -> tuple[int, int, str] | None:
    """The one place to change, and what is to stand there. None for what is no such file."""
    try:
        before = json.loads(text)
        splice = _splice(text, before, overrides)
        after = json.loads(text[: splice[0]] + splice[2] + text[splice[1] :]) if splice else None
    except (ValueError, RecursionError, BrokenData):
        return None
    return splice if after is not None and after == _expected(before, overrides) else None


def _expected(before: Mapping[str, Any], overrides: Overrides) -> Mapping[str, Any]:
    after = json.loads(json.dumps(before))
    at = after
    for key in overrides.key:
        at = at.setdefault(key, {})
    at.update(overrides.wanted)
    return dict(after)


def _splice(text: str, before: object, overrides: Overrides) -> tuple[int, int, str] | None:
    """The innermost object of the path that is there, written anew if it is the last, else with a member more."""
    if not isinstance(before, dict):
        return None
    step, newline = _step(text), "\r\n" if "\r\n" in text else "\n"
    start, held, depth = 0, before, 0
    for key in overrides.key:
        if key not in held:
            break
        if not isinstance(held[key], dict):
            return None
        start, held, depth = _value_at(text, start, key), held[key], depth + 1
    end = _end(text, start)
    rest: Any = overrides.wanted
    if depth == len(overrides.key):
        if held.keys() & overrides.wanted.keys():
            new = _written({**held, **overrides.wanted}, step, depth, newline)
            return start + _lead(text, start), end, new
        return _members(text, end, overrides.wanted, (step, depth, newline))
    for key in reversed(overrides.key[depth + 1 :]):
        rest = {key: rest}
    return _members(text, end, {overrides.key[depth]: rest}, (step, depth, newline))


def _members(text: str, end: int, members: Mapping[str, object], layout: tuple[str, int, str]) -> tuple[int, int, str]:
    """Members after the last one of the object that ends at `end`."""
    step, depth, newline = layout
    last = len(text[: end - 1].rstrip())
    comma = "" if text[last - 1] == "{" else ","
    lead = f"{newline}{step * (depth + 1)}" if step else " " if comma else ""
    gap = f",{newline}{step * (depth + 1)}" if step else ", "
    tail = f"{newline}{step * depth}" if step and last == end - 1 else ""
    told = (f"{json.dumps(name)}: {_written(value, step, depth + 1, newline)}" for name, value in members.items())
    return last, last, f"{comma}{lead}{gap.join(told)}{tail}"


def _written(value: object, step: str, depth: int, newline: str) -> str:
    text = json.dumps(value, indent=step or None, ensure_ascii=False)
    return text.replace("\n", newline + step * depth)


def _step(text: str) -> str:
    """How deep the file indents; empty where it is one line."""
    found = _INDENT.search(text)
    return found[1] if found else ""


def _cursor(text: str, start: int) -> Cursor:
    return Cursor(File("package.json", text[start:].encode()), "")


def _lead(text: str, start: int) -> int:
    return len(text[start:]) - len(text[start:].lstrip())


def _value_at(text: str, start: int, key: str) -> int:
    cursor = _cursor(text, start)
    for name, _ in cursor.members():
        if name == key:
            return start + cursor.at
    return start


def _end(text: str, start: int) -> int:
    cursor = _cursor(text, start)
    cursor.value()
    return start + cursor.at
