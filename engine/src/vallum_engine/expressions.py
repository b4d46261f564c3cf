"""Expressions seen as trees: how long a match can be, what must be in it, and a trigger that ends where it must.

Understands what rules are written in: literals, classes, groups, alternation, bounded repeats, anchors, look-arounds.
Vectorscan knows no look-arounds and reports *every* place where a match can end, so a trigger drops the former and
stops at the shortest end.
"""

import re
from functools import cache
from typing import Protocol

from vallum_engine.errors import BrokenData
from vallum_engine.values import immutable

_TOKEN = (
    rb"(?P<look>\(\?<?[=!])"
    rb"|(?P<open>\((?:\?:|\?P<\w+>|\?[a-z]+:)?)"
    rb"|(?P<close>\))"
    rb"|(?P<bar>\|)"
    rb"|(?P<anchor>\\[bBAZ]|\^|\$)"
    rb"|(?P<repeat>(?:[*+?]|\{\d+(?:,\d*)?\})\??)"
    rb"|(?P<class>\[\^?\]?(?:\\.|[^\]\\])*\])"
    rb"|(?P<escape>\\x[0-9a-fA-F]{2}|\\[^\d])"
    rb"|(?P<dot>\.)"
    rb"|(?P<char>[^\[\]()\\|*+?{}^$.]|[{}])"
)
_CONTROL = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"f": b"\f", b"v": b"\v"}
_WORD = frozenset(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_")
UNBOUNDED = 1 << 30


@immutable(kw_only=False)
class Atom:
    """One byte of a match. `literal` when just one byte can stand there."""

    text: bytes
    literal: bytes = b""


@immutable(kw_only=False)
class Anchor:
    """A place, not a byte."""

    text: bytes


@immutable(kw_only=False)
class Look:
    """A look-around: a condition that a trigger cannot state."""


@immutable(kw_only=False)
class Group:
    opening: bytes
    branches: tuple[tuple["Node", ...], ...]


@immutable(kw_only=False)
class Repeat:
    node: "Atom | Group"
    low: int
    high: int
    text: bytes


Node = Atom | Anchor | Look | Group | Repeat


class _Writing(Protocol):
    """How a literal is written down: one spelling, or all that may stand there."""

    def __call__(self, run: bytes, *, caseless: bool) -> frozenset[bytes]: ...


@immutable(kw_only=False)
class Shape:
    """What a trigger matches: its text, and the least and greatest length of a match."""

    text: bytes
    low: int
    high: int


def parse(pattern: bytes) -> Group:
    """Raises BrokenData for anything outside the subset."""
    reader = _Reader(pattern)
    branches = reader.branches(depth=0)
    return Group(opening=b"(?:", branches=branches)


def trigger(pattern: bytes) -> Shape:
    """The part of `pattern` that Vectorscan looks for: every match of `pattern` starts with a match of it."""
    tree = _shortest(parse(pattern))
    text = b"|".join(_text(branch) for branch in tree.branches)
    low, high = _width(tree)
    return Shape(text=text, low=low, high=high)


def width(pattern: bytes) -> tuple[int, int]:
    """The least and greatest length of a match; `UNBOUNDED` or more when there is no greatest."""
    return _width(parse(pattern))


def needed(pattern: bytes) -> frozenset[bytes]:
    """Lower-case literals of which at least one is in every match, or nothing when none can be told."""
    return _needed(parse(pattern), _folded)


def anchors(pattern: bytes) -> frozenset[bytes]:
    """The same literals as they can be spelled: in their case, or in lower, upper and title case where case is free."""
    return _needed(parse(pattern), _spelled)


class _Reader:
    def __init__(self, pattern: bytes) -> None:
        self.pattern = pattern
        self.position = 0
        self.token = re.compile(_TOKEN, re.DOTALL)

    def refuse(self, why: str) -> BrokenData:
        return BrokenData(f"Expression {self.pattern!r} at {self.position}: {why}. Write it in the documented subset.")

    def branches(self, depth: int) -> tuple[tuple[Node, ...], ...]:
        branches: list[tuple[Node, ...]] = []
        nodes: list[Node] = []
        while self.position < len(self.pattern):
            found = self.token.match(self.pattern, self.position)
            if found is None:
                raise self.refuse("cannot be read")
            self.position = found.end()
            kind, text = found.lastgroup, found.group()
            if kind == "close":
                if not depth:
                    raise self.refuse("one bracket too many")
                return (*branches, tuple(nodes))
            if kind == "bar":
                branches.append(tuple(nodes))
                nodes = []
            elif kind == "repeat":
                if not nodes:
                    raise self.refuse("nothing to repeat")
                nodes.append(self.repeat(nodes.pop(), text))
            else:
                nodes.append(self.node(str(kind), text, depth))
        if depth:
            raise self.refuse("a bracket is not closed")
        return (*branches, tuple(nodes))

    def node(self, kind: str, text: bytes, depth: int) -> Node:
        if kind == "look":
            self.branches(depth + 1)
            return Look()
        if kind == "open":
            opening = text if text.startswith(b"(?") and b"P<" not in text else b"(?:"
            return Group(opening=opening, branches=self.branches(depth + 1))
        if kind == "anchor":
            return Anchor(text)
        if kind == "char":
            return Atom(text, text)
        if kind == "escape":
            return Atom(text, _literal(text))
        return Atom(text)

    def repeat(self, node: Node, text: bytes) -> Repeat:
        if not isinstance(node, Atom | Group):
            raise self.refuse("only bytes and groups can be repeated")
        bounds = text.rstrip(b"?") if len(text) > 1 else text
        if bounds in (b"*", b"+", b"?"):
            low, high = int(bounds == b"+"), 1 if bounds == b"?" else UNBOUNDED
        else:
            first, comma, last = bounds[1:-1].partition(b",")
            low = int(first)
            high = int(last) if last else (UNBOUNDED if comma else low)
        return Repeat(node=node, low=low, high=high, text=text)


def _literal(escape: bytes) -> bytes:
    if escape.startswith(b"\\x"):
        return bytes.fromhex(escape[2:].decode())
    letter = escape[1:]
    if letter in _CONTROL:
        return _CONTROL[letter]
    return b"" if letter.isalpha() else letter


def _text(nodes: tuple[Node, ...]) -> bytes:
    out = []
    for node in nodes:
        if isinstance(node, Group):
            out.append(node.opening + b"|".join(_text(branch) for branch in node.branches) + b")")
        elif isinstance(node, Repeat):
            out.append(_text((node.node,)) + node.text)
        elif not isinstance(node, Look):
            out.append(node.text)
    return b"".join(out)


def _shortest(group: Group) -> Group:
    return Group(opening=group.opening, branches=tuple(_shortest_branch(branch) for branch in group.branches))


def _shortest_branch(nodes: tuple[Node, ...]) -> tuple[Node, ...]:
    kept = list(nodes)
    while kept:
        last = kept.pop()
        if isinstance(last, Look):
            continue
        if isinstance(last, Anchor):
            if last.text == b"\\b" and kept and _ends_once(kept[-1]):
                return (*kept, last)
            continue
        if isinstance(last, Repeat):
            if not last.low:
                continue
            node = _shortest(last.node) if isinstance(last.node, Group) and last.low == 1 else last.node
            return (*kept, Repeat(node=node, low=last.low, high=last.low, text=b"{%d}" % last.low))
        return (*kept, _shortest(last) if isinstance(last, Group) else last)
    return ()


def _ends_once(node: Node) -> bool:
    """Whether a word boundary after `node` can hold at one place only, however far the node may reach."""
    if isinstance(node, Group):
        return all(branch and _ends_once(branch[-1]) for branch in node.branches)
    if isinstance(node, Repeat) and isinstance(node.node, Atom):
        return _set(node.node.text) <= _WORD
    return isinstance(node, Atom)


@cache
def _set(text: bytes) -> frozenset[int]:
    found = re.compile(text, re.DOTALL)
    return frozenset(byte for byte in range(256) if found.fullmatch(bytes([byte])))


def _width(node: Node) -> tuple[int, int]:
    if isinstance(node, Atom):
        return 1, 1
    if isinstance(node, Repeat):
        low, high = _width(node.node)
        return low * node.low, min(high * node.high, UNBOUNDED)
    if isinstance(node, Group):
        sums = [_sum(branch) for branch in node.branches]
        return min(low for low, _ in sums), min(max(high for _, high in sums), UNBOUNDED)
    return 0, 0


def _sum(nodes: tuple[Node, ...]) -> tuple[int, int]:
    widths = [_width(node) for node in nodes]
    return sum(low for low, _ in widths), sum(high for _, high in widths)


def _folded(run: bytes, *, caseless: bool) -> frozenset[bytes]:  # noqa: ARG001 - one of two ways to write a literal
    return frozenset({run.lower()})


def _spelled(run: bytes, *, caseless: bool) -> frozenset[bytes]:
    return frozenset({run.lower(), run.upper(), run.title()}) if caseless else frozenset({run})


def _needed(group: Group, write: _Writing, *, caseless: bool = False) -> frozenset[bytes]:
    caseless = caseless or b"i" in group.opening
    every: set[bytes] = set()
    for branch in group.branches:
        best = _needed_in(branch, write, caseless=caseless)
        if not best:
            return frozenset()
        every |= best
    return frozenset(every)


def _needed_in(nodes: tuple[Node, ...], write: _Writing, *, caseless: bool) -> frozenset[bytes]:
    """The best of a branch's candidates: the set whose shortest member is longest."""
    candidates: list[frozenset[bytes]] = []
    run = b""
    for node in nodes:
        if isinstance(node, Look | Anchor):
            continue
        if isinstance(node, Atom) and node.literal:
            run += node.literal
            continue
        candidates.append(write(run, caseless=caseless))
        run = b""
        if isinstance(node, Repeat) and node.low:
            node = node.node  # noqa: PLW2901 - what is repeated is there at least once
        if isinstance(node, Group):
            candidates.append(_needed(node, write, caseless=caseless))
        elif isinstance(node, Atom) and node.literal:
            candidates.append(write(node.literal, caseless=caseless))
    candidates.append(write(run, caseless=caseless))
    return max((c for c in candidates if c and b"" not in c), key=lambda c: min(map(len, c)), default=frozenset())
