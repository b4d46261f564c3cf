"""A file over 400 lines hides a second noun. Tests may run to 600: their tables are long, and read top to bottom."""

from collections.abc import Iterator

from dev.lint.rule import Rule, python
from dev.lint.source import Source

LIMIT = 400
TEST_LIMIT = 600


def check(source: Source) -> Iterator[tuple[int, str]]:
    limit = TEST_LIMIT if source.is_test else LIMIT
    count = source.text.count("\n")
    if count > limit:
        yield limit + 1, f"{count} lines, {limit} at most"


RULE = Rule(name="file-length", todo="find the missing noun and give it a module", where=python, check=check)
