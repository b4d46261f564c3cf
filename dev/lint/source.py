"""A file as the rules see it: its text, its lines, and its syntax tree, walked once for all of them."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import PurePosixPath
from typing import TypeVar

Node = TypeVar("Node", bound=ast.AST)

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


class Unparsable(Exception):
    """A file that says it is Python and is not."""


@dataclass(frozen=True, kw_only=True)  # no slots: the tree is made only for a rule that asks
class Source:
    """One file. `path` is relative to the tree's root, with forward slashes."""

    path: str
    text: str = field(repr=False)

    @cached_property
    def name(self) -> str:
        return PurePosixPath(self.path).name

    @cached_property
    def parts(self) -> tuple[str, ...]:
        return PurePosixPath(self.path).parts

    @cached_property
    def lines(self) -> list[str]:
        # Not splitlines(): it also cuts at form feeds and U+2028, and every number after them would be wrong.
        return self.text.split("\n")

    @property
    def is_python(self) -> bool:
        return self.name.endswith(".py")

    @property
    def is_test(self) -> bool:
        return "tests" in self.parts

    def line(self, number: int) -> str:
        return self.lines[number - 1]

    def nodes(self, kind: type[Node]) -> Iterator[Node]:
        """Every node of exactly this kind."""
        return iter(self._syntax.kinds.get(kind, ()))  # type: ignore[arg-type]  # the key says what the list holds

    def nested(self, kind: type[Node]) -> Iterator[Node]:
        """Those of them that stand inside a function."""
        return (node for node in self.nodes(kind) if id(node) in self._syntax.nested)

    def dotted(self, node: ast.AST) -> str:
        """The full name of `timezone.now` or `now`, read through this file's imports; empty for anything but a name."""
        parts: list[str] = []
        while isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        if not isinstance(node, ast.Name):
            return ""
        parts.append(self.imports.get(node.id, node.id))
        return ".".join(reversed(parts))

    @cached_property
    def names(self) -> list[tuple[int, str]]:
        """Line and full name of every name that is used, each once a line."""
        found = {(node.lineno, self.dotted(node)) for node in self.nodes(ast.Attribute)}
        found |= {(node.lineno, self.dotted(node)) for node in self.nodes(ast.Name)}
        return sorted(found)

    @cached_property
    def imports(self) -> dict[str, str]:
        """What each imported name stands for."""
        names: dict[str, str] = {}
        for plain in self.nodes(ast.Import):
            for alias in plain.names:
                top = alias.name.partition(".")[0]
                names[alias.asname or top] = alias.name if alias.asname else top
        for source in self.nodes(ast.ImportFrom):
            for alias in source.names:
                names[alias.asname or alias.name] = f"{source.module or ''}.{alias.name}"
        return names

    @cached_property
    def modules(self) -> list[tuple[int, str]]:
        """Line and full name of everything imported, modules and the names taken from them alike."""
        found = [(node.lineno, alias.name) for node in self.nodes(ast.Import) for alias in node.names]
        found += [
            (node.lineno, f"{node.module or ''}.{alias.name}")
            for node in self.nodes(ast.ImportFrom)
            for alias in node.names
        ]
        return sorted(found)

    @cached_property
    def _syntax(self) -> "_Syntax":
        if not self.is_python:
            return _Syntax(ast.Module(body=[], type_ignores=[]))
        try:
            return _Syntax(ast.parse(self.text))
        except (SyntaxError, ValueError) as error:
            raise Unparsable(f"{self.path} is not valid Python: {error}") from error


class _Syntax:
    """Nodes by kind, and which of the imports stand inside a function."""

    def __init__(self, tree: ast.Module) -> None:
        self.kinds: dict[type[ast.AST], list[ast.AST]] = {}
        self.nested: set[int] = set()
        stack: list[tuple[ast.AST, bool]] = [(tree, False)]
        while stack:
            node, inside = stack.pop()
            self.kinds.setdefault(type(node), []).append(node)
            if inside:
                self.nested.add(id(node))
            inside = inside or isinstance(node, _FUNCTIONS)
            stack.extend((child, inside) for child in ast.iter_child_nodes(node))


def matches(name: str, *prefixes: str) -> bool:
    """Whether a dotted name is one of these, or lies inside one of them."""
    return any(name == prefix or name.startswith(prefix + ".") for prefix in prefixes)
