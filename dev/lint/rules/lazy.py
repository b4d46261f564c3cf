"""A first-party import inside a function, or behind TYPE_CHECKING, is a cycle that import-linter was not to see."""

import ast
from collections.abc import Iterator

from dev.lint.rule import Rule, python, shipped
from dev.lint.source import Source, matches

OURS = ("vallum", "vallum_engine", "vallum_guard", "vallum_web")
THE_DOOR = "plugins.py"  # finds detectors, parsers and reports by name, so that the scan path stays light


def guards(source: Source) -> Iterator[tuple[int, str]]:
    yield from ((line, "imports for annotations only") for line, name in source.names if name == "typing.TYPE_CHECKING")


def own(source: Source) -> Iterator[tuple[int, str]]:
    for line, name in _nested(source):
        if name.startswith(".") or matches(name, *OURS):
            yield line, f"{name} is imported inside a function"


def foreign(source: Source) -> Iterator[tuple[int, str]]:
    for line, name in _nested(source):
        if not matches(name, *OURS) and "#" not in source.line(line):
            yield line, f"{name} is imported inside a function, and the line does not say why"


def dynamic(source: Source) -> Iterator[tuple[int, str]]:
    for call in source.nodes(ast.Call):
        if source.dotted(call.func) in {
            "importlib.import_module",
            "__import__",
            "django.utils.module_loading.import_string",
        }:
            yield call.lineno, f"{ast.unparse(call.func)}() imports by name"


def _nested(source: Source) -> Iterator[tuple[int, str]]:
    for plain in source.nested(ast.Import):
        yield from ((plain.lineno, alias.name) for alias in plain.names)
    for taken in source.nested(ast.ImportFrom):
        yield taken.lineno, "." * taken.level + (taken.module or "")


RULES = (
    Rule(name="no-type-checking", todo="import plainly, or move the type down", where=python, check=guards),
    Rule(
        name="lazy-own-import",
        todo="import at the top; if that makes a cycle, the design has one",
        where=shipped,
        check=own,
    ),
    Rule(name="lazy-import", todo="import at the top, or give the reason on the line", where=python, check=foreign),
    Rule(
        name="import-by-name",
        todo="only plugins.py loads by name",
        where=lambda source: shipped(source) and source.name != THE_DOOR,
        check=dynamic,
    ),
)
