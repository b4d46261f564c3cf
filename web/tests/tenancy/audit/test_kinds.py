"""Whoever emits a new kind of event gives it words, and decides whether it is recorded when nobody did it."""

import ast
import re
from pathlib import Path

import vallum_web
from vallum_web.tenancy.audit.kinds import BY_ITSELF, BY_STAFF, FAMILIES, WORDS

WEB = Path(vallum_web.__file__).parent
IN_SQL = re.compile(r"insert into tenancy_event.*?'([a-z]+\.[a-z_]+)'", re.DOTALL)


def called(node):
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def texts(node):
    """The literal kinds in an argument; something that is none shows itself."""
    match node:
        case ast.Constant(value=str(kind)):
            return [kind]
        case ast.IfExp():
            return texts(node.body) + texts(node.orelse)
    return [f"not literal: {ast.unparse(node)}"]


def emitted(path):
    text = path.read_text()
    yield from IN_SQL.findall(text)
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Call) and called(node) == "emit" and node.args:
            yield from texts(node.args[0])
        if isinstance(node, ast.Call) and called(node) == "Happened":
            yield from (text for word in node.keywords if word.arg == "kind" for text in texts(word.value))


EMITTED = {
    kind: path.relative_to(WEB)
    for path in sorted(WEB.rglob("*.py"))
    if path.name != "events.py" and "migrations" not in path.parts
    for kind in emitted(path)
}


def test_every_kind_has_words():
    missing = {kind: str(path) for kind, path in EMITTED.items() if kind not in WORDS}
    assert missing == {}, "add them to tenancy/audit/kinds.py"
    assert len(EMITTED) > 15


def test_every_kind_has_a_family_and_is_known_where_it_is_recorded_by_itself():
    assert {kind.partition(".")[0] for kind in WORDS} == FAMILIES.keys()
    assert WORDS.keys() >= BY_ITSELF | BY_STAFF
