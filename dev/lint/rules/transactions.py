"""Tenant context lives as long as a transaction. One opened elsewhere has none: it sees no rows, or outlives a slow call."""

from collections.abc import Iterator

from dev.lint.rule import Rule, of_web, plays
from dev.lint.source import Source

OPENERS = frozenset({
    "django.db.transaction.atomic",
    "django.db.transaction.set_autocommit",
    "django.db.transaction.Atomic",
})  # fmt: skip


def _where(source: Source) -> bool:
    return of_web(source) and not plays(source, "services") and source.parts[3:4] != ("tenancy",)


def check(source: Source) -> Iterator[tuple[int, str]]:
    yield from ((line, f"{name} outside tenancy and services") for line, name in source.names if name in OPENERS)


RULE = Rule(
    name="transaction", todo="use tenancy.scope(org), or move the write to services.py", where=_where, check=check
)
