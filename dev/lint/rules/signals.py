"""A signal receiver is an import upward in disguise, and bulk writes do not send any. The event log tells what happened."""

from collections.abc import Iterator

from dev.lint.rule import Rule, of_web
from dev.lint.source import Source, matches


def check(source: Source) -> Iterator[tuple[int, str]]:
    for line, name in source.modules:
        if "signals" in name.split(".") or matches(name, "django.dispatch"):
            yield line, f"{name} is imported"


RULE = Rule(
    name="no-signals",
    todo="emit an event in the same transaction, and read it with a cursor",
    where=of_web,
    check=check,
)
