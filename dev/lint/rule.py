"""What a rule is: a name, what to do about it, where it holds, and how it is seen."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from dev.lint.source import Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule of the house. `check` yields the line and what is wrong there."""

    name: str
    todo: str
    where: Callable[[Source], bool]
    check: Callable[[Source], Iterable[tuple[int, str]]]


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Problem:
    """A rule broken at a line."""

    path: str
    line: int
    rule: str
    message: str
    todo: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.rule}: {self.message}: {self.todo}"


def everywhere(_source: Source) -> bool:
    return True


def python(source: Source) -> bool:
    return source.is_python


def shipped(source: Source) -> bool:
    """Python of the four distributions: neither tests nor tools."""
    return source.is_python and len(source.parts) > 2 and source.parts[1] == "src"


def of_web(source: Source) -> bool:
    return shipped(source) and source.parts[0] == "web"


def template_of_web(source: Source) -> bool:
    return source.parts[:2] == ("web", "src") and source.name.endswith((".html", ".svg"))


def plays(source: Source, *roles: str) -> bool:
    """Whether a file is `views.py` (or lies in the package `views/` that it became) for one of these roles."""
    return source.name.removesuffix(".py") in roles or any(part in roles for part in source.parts[3:-1])
