"""Ranges as manifests and lockfiles write them: whether a version is admitted, in the words of each ecosystem.

npm: https://github.com/npm/node-semver#ranges. PyPI: https://packaging.python.org/specifications/version-specifiers/.
Poetry: https://python-poetry.org/docs/dependency-specification/. Cargo:
https://doc.rust-lang.org/cargo/reference/specifying-dependencies.html. Composer: https://getcomposer.org/doc/articles/versions.md.
RubyGems: https://guides.rubygems.org/patterns/. NuGet and Maven: intervals
(https://learn.microsoft.com/nuget/concepts/package-versioning, https://maven.apache.org/pom.html#dependency-version-requirement-specification).
What is not understood is answered by None, never by a guess.
"""

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from vallum_engine.sca.versions import Key, order
from vallum_engine.values import immutable

MOST_LETTERS = 500
"""Longer ranges are nobody's."""

_CLAUSE = re.compile(
    r"(?P<op>\^|~=|~>|~|===|==|!=|<=|>=|=<|=>|<|>|=)?(?P<gap>\s*)(?P<v>[vV]?)(?P<version>\d[\w.+!-]*\*?|[*xX](?:\.[*xX])*)"
)
_BETWEEN = re.compile(r"[\s,]*+")
_HYPHEN = re.compile(r"\s*+(\S++)\s++-\s++(\S++)\s*")
_OR = re.compile(r"\s*+\|\|?\s*+")
_NUMBERS = re.compile(r"\d+(?:\.\d+)*", re.ASCII)
_WILD = re.compile(r"(?:^|\.)[*xX](?:\.|\Z)")
_INTERVAL = re.compile(r"([\[(])\s*([^\s,\[\]()]*)\s*(?:(,)\s*([^\s,\[\]()]*)\s*)?([\])])")
_FINAL = re.compile(r"\d+(?:\.\d+)*(?:\+[\w.-]+|\.post\d+)?", re.ASCII)
_SPELLED = {"=<": "<=", "=>": ">=", "===": "=", "==": "="}
_COMPARED: Mapping[str, Callable[[Any, Any], bool]] = {
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    "=": operator.eq,
    ">": operator.gt,
    ">=": operator.ge,
}
_MOST_NUMBERS = 8


@immutable
class Style:
    """How one tool writes and reads ranges."""

    ecosystem: str
    bare: str
    """What a version without a sign means: `=`, `^` or `>=`."""
    drops: str = ""
    """The signs that let the last given part grow and fix the one before it (`~>`); elsewhere a tilde fixes two parts."""
    joiner: str = ","
    """What stands between two clauses that must both hold."""
    short: bool = False
    """Whether a version of fewer than three parts stands for all that begin with it, as npm and Cargo have it."""
    soft: bool = False
    """Whether a plain version is a wish that others overrule, as Maven and Gradle have it."""


STYLES: Mapping[str, Style] = {
    "actions": Style(ecosystem="GitHub Actions", bare="="),
    "cargo": Style(ecosystem="crates.io", bare="^", joiner=", ", short=True),
    "composer": Style(ecosystem="Packagist", bare="=", drops="~"),
    "go": Style(ecosystem="Go", bare="="),
    "hex": Style(ecosystem="Hex", bare="=", drops="~>", joiner=" and "),
    "maven": Style(ecosystem="Maven", bare="=", soft=True),
    "npm": Style(ecosystem="npm", bare="=", joiner=" ", short=True),
    "nuget": Style(ecosystem="NuGet", bare=">="),
    "pep440": Style(ecosystem="PyPI", bare="=", drops="~="),
    "poetry": Style(ecosystem="PyPI", bare="=", drops="~="),
    "pub": Style(ecosystem="Pub", bare="=", joiner=" "),
    "rubygems": Style(ecosystem="RubyGems", bare="=", drops="~>", joiner=", "),
}


@immutable
class Clause:
    """One condition, and where it stands in the range."""

    op: str
    version: str
    start: int
    """Where the sign begins."""
    at: int
    """Where the version begins, after a `v`."""
    end: int

    @property
    def wild(self) -> bool:
        return bool(_WILD.search(self.version))

    @property
    def parts(self) -> tuple[int, ...]:
        return numbers(self.version)


def numbers(version: str) -> tuple[int, ...]:
    """The numbers that a version begins with."""
    found = _NUMBERS.match(version.rpartition("!")[2])
    return tuple(int(part[:18]) for part in found[0].split(".")[:_MOST_NUMBERS]) if found else ()


def is_final(version: str) -> bool:
    """Whether it is no prerelease."""
    return bool(_FINAL.fullmatch(version.rpartition("!")[2].removeprefix("v")))


@lru_cache(1 << 12)
def alternatives(style: Style, written: str) -> tuple[tuple[Clause, ...], ...] | None:
    """The range as alternatives of clauses that must all hold; None for what is none."""
    if len(written) > MOST_LETTERS:
        return None
    found: list[tuple[Clause, ...]] = []
    start = 0
    for bar in [*_OR.finditer(written), None]:
        end = bar.start() if bar else len(written)
        clauses = _hyphen(written, start, end) or _clauses(style, written, start, end)
        if clauses is None:
            return None
        found.append(tuple(clauses))
        start = bar.end() if bar else end
    return tuple(found)


def _hyphen(written: str, start: int, end: int) -> list[Clause] | None:
    found = _HYPHEN.fullmatch(written, start, end)
    if not found or not found[1][0].isdigit() or not found[2][0].isdigit():
        return None
    return [
        Clause(op=op, version=found[at], start=found.start(at), at=found.start(at), end=found.end(at))
        for at, op in ((1, ">="), (2, "<="))
    ]


def _clauses(style: Style, written: str, start: int, end: int) -> list[Clause] | None:
    found: list[Clause] = []
    at = _after(written, start, end)
    while at < end:
        clause = _CLAUSE.match(written, at, end)
        if not clause:
            return None
        op = clause["op"] or style.bare
        found.append(
            Clause(
                op=_SPELLED.get(op, op),
                version=clause["version"],
                start=at,
                at=clause.start("version"),
                end=clause.end(),
            )
        )
        at = _after(written, clause.end(), end)
        if at == clause.end() and at < end and written[at] not in "<>=!~^":
            return None
    return found


def _after(written: str, at: int, end: int) -> int:
    found = _BETWEEN.match(written, at, end)
    return found.end() if found else at


def admits(style: Style, written: str, version: str) -> bool | None:
    """Whether the range lets this version in; None where that cannot be told."""
    key = order(style.ecosystem)
    if key(version) is None or len(written) > MOST_LETTERS:
        return None
    if written.strip() in {"", "*", "latest", "x", "any"}:
        return is_final(version) or None
    if _INTERVAL.search(written):
        return _within(written, version, key)
    if style.soft:
        return True
    found = alternatives(style, written)
    if not found:
        return None
    told = [_all(style, clauses, version, key) for clauses in found]
    return True if True in told else None if None in told else False


def _all(style: Style, clauses: Sequence[Clause], version: str, key: Key) -> bool | None:
    """A prerelease is let in only by a clause that names one itself."""
    if not is_final(version) and all(is_final(clause.version) or clause.wild for clause in clauses):
        return False
    told = [_holds(style, clause, version, key) for clause in clauses]
    return False if False in told else None if None in told else True


def _holds(style: Style, clause: Clause, version: str, key: Key) -> bool | None:
    ours, parts = numbers(version), clause.parts
    filled = (*ours, *[0] * (len(parts) - len(ours)))
    if clause.wild or (style.short and len(parts) < 3 and clause.op in {"=", "<=", ">", "!="}):
        return _of_prefix(clause.op, filled[: len(parts)], parts)
    low, at = key(clause.version), key(version)
    if low is None or at is None:
        return None
    if clause.op == "<" and not is_final(version):
        return at < low and filled[: len(parts)] < parts
    if (compare := _COMPARED.get(clause.op)) is not None:
        return compare(at, low)
    return at >= low and filled < ceiling(style, clause)


def _of_prefix(op: str, ours: tuple[int, ...], parts: tuple[int, ...]) -> bool:
    """A caret or a tilde with a star fixes what stands before the star."""
    return _COMPARED.get(op, _COMPARED["="])(ours, parts)


def ceiling(style: Style, clause: Clause) -> tuple[int, ...]:
    """The numbers that a caret or a tilde stays below."""
    parts = clause.parts
    last = len(parts) - 1
    if clause.op == "^":
        at = next((number for number, part in enumerate(parts) if part), last)
    elif clause.op == style.drops:
        at = max(last - 1, 0)
    else:
        at = min(1, last)
    return (*parts[:at], parts[at] + 1)


def _within(written: str, version: str, key: Key) -> bool | None:
    """Intervals, one after the other: `[1.0,2.0),[3.0,)`; a single one in brackets is that version alone."""
    at, met = key(version), False
    for opened, low, comma, high, closed in _INTERVAL.findall(written):
        met = True
        bottom, top = key(low) if low else b"", key(high) if high else None
        if at is None or bottom is None or (high and top is None):
            return None
        if not comma:
            top = bottom
        above = at > bottom or (at == bottom and opened == "[") or not low
        below = top is None or at < top or (at == top and closed == "]")
        if above and below:
            return True
    return False if met else None
