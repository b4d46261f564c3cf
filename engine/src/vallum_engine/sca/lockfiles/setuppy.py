"""Python: `setup.py`, as far as it says in plain strings what it asks for. It is a program: it is read, never run."""

import ast
from collections.abc import Iterator, Mapping

from vallum_engine.model.file import File
from vallum_engine.sca.lockfiles.entry import Entry, Left, Member, text_of
from vallum_engine.sca.lockfiles.pyproject import wished
from vallum_engine.sca.lockfiles.setupcfg import DEVELOPMENT

TODO = "Save it as UTF-8 text."
_ARGUMENTS = {"install_requires": (), "tests_require": ("dev",), "extras_require": ("optional",)}
MOST_BYTES = 1 << 20
"""A larger one was not written by a person, and costs a hundred times its size to take apart."""


def extract(file: File) -> Iterator[Entry]:
    """Yield what the call of `setup` asks for, and a note of what only running it would tell. Raises BrokenData."""
    text = text_of(file, TODO)
    try:
        module = ast.parse(text) if len(text) <= MOST_BYTES else None
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        module = None
    if module is None:
        yield Left(line=1, why="a setup.py that is no Python 3, or longer than a person writes, is not read")
        return
    known = _assigned(module)
    for call in ast.walk(module):
        if isinstance(call, ast.Call) and _called(call.func) == "setup":
            for argument in call.keywords:
                yield from _argument(file, argument, known)


def _argument(file: File, argument: ast.keyword, known: Mapping[str, ast.expr]) -> Iterator[Entry]:
    value = known.get(argument.value.id, argument.value) if isinstance(argument.value, ast.Name) else argument.value
    if argument.arg == "name" and isinstance(value, ast.Constant) and isinstance(value.value, str):
        yield Member(name=value.value)
    if argument.arg not in _ARGUMENTS:
        return
    groups = _ARGUMENTS[argument.arg]
    if isinstance(value, ast.Dict):
        for key, own in zip(value.keys, value.values, strict=True):
            named = key.value if isinstance(key, ast.Constant) else ""
            yield from _listed(file, own, ("dev",) if named in DEVELOPMENT else groups, known)
    else:
        yield from _listed(file, value, groups, known)


def _listed(file: File, value: ast.expr, groups: tuple[str, ...], known: Mapping[str, ast.expr]) -> Iterator[Entry]:
    """Lists, what `+` and `*` join to one, and texts of a line for each; a name once, which may stand for itself."""
    open_, seen = [value], set[str]()
    while open_:
        match open_.pop():
            case ast.List(elts=items) | ast.Tuple(elts=items):
                open_ += reversed(items)
            case ast.Starred(value=inner):
                open_.append(inner)
            case ast.BinOp(op=ast.Add(), left=left, right=right):
                open_ += [right, left]
            case ast.Name(id=name) if name in known:
                open_ += [] if name in seen else [known[name]]
                seen.add(name)
            case ast.Constant(value=str() as text, lineno=line):
                lines = enumerate(text.split("\n"), line)
                yield from wished(file, [(one.strip(), at, groups) for at, one in lines if one.strip()])
            case other:
                yield Left(line=other.lineno, why="what setup.py works out when it runs is not read")


def _assigned(module: ast.Module) -> dict[str, ast.expr]:
    """What names at the top of the file stand for."""
    return {
        target.id: statement.value
        for statement in module.body
        if isinstance(statement, ast.Assign)
        for target in statement.targets
        if isinstance(target, ast.Name)
    }


def _called(function: ast.expr) -> str:
    return (
        function.id if isinstance(function, ast.Name) else function.attr if isinstance(function, ast.Attribute) else ""
    )
