"""`except Exception` swallows the bug beside the failure it meant. Only a plug-in may fail in unknown ways.

Ruff's BLE001 lets it pass when something is logged; here the line has to say why, unless the handler raises again.
"""

import ast
from collections.abc import Iterator

from dev.lint.rule import Rule, shipped
from dev.lint.source import Source

BROAD = frozenset({"Exception", "BaseException"})


def check(source: Source) -> Iterator[tuple[int, str]]:
    for handler in source.nodes(ast.ExceptHandler):
        caught = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
        broad = any(one is None or source.dotted(one) in BROAD for one in caught)
        raises = any(isinstance(node, ast.Raise) and node.exc is None for node in ast.walk(handler))
        if broad and not raises and "#" not in source.line(handler.lineno):
            yield handler.lineno, "catches everything, and does not say why"


RULE = Rule(
    name="broad-except",
    todo="catch what is expected; around a plug-in, give the reason on the line",
    where=shipped,
    check=check,
)
