"""A `save()` override runs for some writes and not for others: bulk ones, `update()`, SQL. Writes are services."""

import ast
from collections.abc import Iterator

from dev.lint.rule import Rule, of_web, plays
from dev.lint.source import Source

OVERRIDES = frozenset({"save", "delete", "full_clean", "refresh_from_db"})


def check(source: Source) -> Iterator[tuple[int, str]]:
    for holder in source.nodes(ast.ClassDef):
        bases = [source.dotted(base).rpartition(".")[2] for base in holder.bases]
        if not (plays(source, "models") or any(base.endswith("Model") for base in bases)):
            continue
        for item in holder.body:
            if isinstance(item, ast.FunctionDef) and item.name in OVERRIDES:
                yield item.lineno, f"{holder.name} overrides {item.name}()"


RULE = Rule(
    name="model-flow",
    todo="write a service: one verb, one transaction, one emit",
    where=lambda source: of_web(source) and not plays(source, "forms"),
    check=check,
)
