"""A door parses, calls one service or query, and answers. A read made in a door misses `.of(org)` one day."""

import ast
import re
from collections.abc import Iterator

from dev.lint.rule import Rule, of_web, plays, template_of_web
from dev.lint.source import Source

DOORS = ("views", "api", "hooks", "tasks")
MANAGERS = frozenset({"objects", "_default_manager", "_base_manager"})
_IN_TEMPLATE = re.compile(r"\.objects\b")


def _where(source: Source) -> bool:
    return template_of_web(source) or (of_web(source) and plays(source, *DOORS))


def check(source: Source) -> Iterator[tuple[int, str]]:
    if source.is_python:
        for node in source.nodes(ast.Attribute):
            if node.attr in MANAGERS:
                yield node.lineno, f"{ast.unparse(node)} in a door"
    else:
        for number, line in enumerate(source.lines, 1):
            if _IN_TEMPLATE.search(line):
                yield number, "a template asks the database"


RULE = Rule(name="door-reads", todo="move the read to queries.py, the write to services.py", where=_where, check=check)
