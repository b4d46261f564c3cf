"""Terms as Erlang and Elixir write them in lockfiles: strings, atoms and numbers in lists, tuples and maps, with their lines."""

import re
from collections.abc import Iterator

from vallum_engine.sca.lockfiles.entry import broken
from vallum_engine.values import immutable, made

MOST_TERMS = 1_000_000
"""A lockfile of a thousand packages has forty thousand; as many as this take up to 200 MB."""
MAX_DEPTH = 100

_TOKEN = re.compile(
    r"""
    (?P<blank>\s+|(?:\#|%(?!\{))[^\n]*)
    |(?P<string>(?:<<)?"(?P<text>(?:[^"\\]|\\.)*+)"(?:/utf8)?(?:>>)?)(?P<key>\s*+=>|:(?=\s))?
    |(?P<open>%?\{|\[)
    |(?P<close>[\]}])
    |(?P<name>:?[^\W\d][\w@]*[?!]?)(?P<word>:(?=\s))?
    |(?P<number>-?\d[\d._]*)
    |(?P<mark>[,.])
    """,
    re.VERBOSE | re.DOTALL,
)
_ENDS = {"{": "}", "%{": "}", "[": "]"}


@immutable(kw_only=False)
class Term:
    """`text` of a string, an atom (without its colon) or a number; `items` of what holds others. A key is an item of its own."""

    kind: str
    line: int
    text: str = ""
    items: list["Term"] = made(factory=list)


def terms(text: str, todo: str) -> list[Term]:
    """The terms that stand one after the other. Raises BrokenData for what is none."""
    top = Term("list", 1)
    stack = [top]
    ends: list[str] = []
    for count, (kind, value, line) in enumerate(_tokens(text, todo)):
        if count > MOST_TERMS:
            raise broken(line, f"more than {MOST_TERMS:,} terms", todo)
        if kind == "open":
            if len(stack) > MAX_DEPTH:
                raise broken(line, f"nested more than {MAX_DEPTH} deep", todo)
            term = Term("list" if value == "[" else "tuple" if value == "{" else "map", line)
            stack[-1].items.append(term)
            stack.append(term)
            ends.append(_ENDS[value])
        elif kind == "close":
            if not ends or ends.pop() != value:
                raise broken(line, f"a {value} that closes nothing", todo)
            stack.pop()
        else:
            stack[-1].items.append(Term(kind, line, value))
    if ends:
        raise broken(stack[-1].line, f"what opens here is not closed by {ends[-1]}", todo)
    return top.items


def _tokens(text: str, todo: str) -> Iterator[tuple[str, str, int]]:
    line, at = 1, 0
    while at < len(text):
        found = _TOKEN.match(text, at)
        if not found:
            raise broken(line, "neither a string nor an atom, list or tuple", todo)
        if found["string"]:
            yield "key" if found["key"] else "string", found["text"], line
        elif found["name"]:
            yield "key" if found["word"] else "atom", found["name"].lstrip(":"), line
        elif found["open"]:
            yield "open", found["open"], line
        elif found["close"]:
            yield "close", found["close"], line
        elif found["number"]:
            yield "number", found["number"], line
        line += text.count("\n", at, found.end())
        at = found.end()
