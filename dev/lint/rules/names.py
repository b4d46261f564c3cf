"""A file called `utils` is where things go that nobody named. Templates may be called `base.html`: there it is a noun."""

from collections.abc import Iterator

from dev.lint.rule import Rule, python
from dev.lint.source import Source

WORDS = frozenset({"base", "common", "helper", "helpers", "manager", "managers", "misc", "util", "utils"})


def check(source: Source) -> Iterator[tuple[int, str]]:
    for part in (*source.parts[:-1], source.name.removesuffix(".py")):
        stem = part.removeprefix("test_").strip("_")
        if stem in WORDS or stem.rpartition("_")[2] in {"util", "utils", "helper", "helpers", "manager", "managers"}:
            yield 1, f"{part!r} says nothing about what is inside"


RULE = Rule(name="file-name", todo="name it after what it holds or does", where=python, check=check)
