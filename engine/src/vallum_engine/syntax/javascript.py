"""JavaScript and TypeScript: `import`, `export … from`, `import()`, `require` and AMD's `define`. Imports of types alone are none.

Grammar: https://tc39.es/ecma262/#sec-imports. Of what is written into a page (Vue, Svelte) the scripts are read.
"""

import re
from collections.abc import Iterator

from vallum_engine.syntax.code import MOST_TOKENS, Bare, Code, Lines, bare, blank

MOST_HOLES = 200
"""Templates in the holes of templates."""

_COMMENT = rb"/(?:/[^\n]*+|\*.*?(?:\*/|\Z))"
# A slash begins an expression where no value can stand before it; elsewhere it divides.
_OPENS = rb"[(,=:\[!&|?{};~+\-*%^>]"
_WORDS = (b"case", b"else", b"in", b"of", b"return", b"throw", b"typeof")
_BEFORE = b"|".join(rb"(?<=%s/)" % before for before in (_OPENS, _OPENS + b" ", *(rb"\b%s " % word for word in _WORDS)))
# Atomic, not possessive: python.py says why.
_REGEX = rb"/(?![*/])(?:" + _BEFORE + rb")(?>(?:[^/\\\[\n]|\\[^\n]|\[(?:[^\]\\\n]|\\[^\n]){0,200}+\])+)/"
_TEXT = rb'"[^"\\\n]*+(?:\\.?+[^"\\\n]*+)*+"?+|' + rb"'[^'\\\n]*+(?:\\.?+[^'\\\n]*+)*+'?+"
_FLAT = re.compile(b"|".join((_COMMENT, _REGEX, _TEXT, rb"`[^`\\]*+(?:\\.?+[^`\\]*+)*+`?+")), re.DOTALL)
_OUTSIDE = re.compile(b"|".join((_COMMENT, _REGEX, _TEXT, rb"`")), re.DOTALL)
_INSIDE = re.compile(b"|".join((_COMMENT, _REGEX, _TEXT, rb"[`{}]")), re.DOTALL)
_PIECE = re.compile(rb"[^`\\$]*+(?>(?:(?:\\.?+|\$(?!\{))[^`\\$]*+)*)(`|\$\{|\Z)", re.DOTALL)

_WORD = re.compile(rb"(?:(?<![\w$.])|(?<=\bmodule\.))(import|export|require|define)(?![\w$])")
_CLAUSE = re.compile(rb"[\w$\s{},*]*+")
_FROM = re.compile(rb"\bfrom\s*\Z")
_TYPE = re.compile(rb"\s*(?:type|typeof)(?:\s*[{*]|\s+(?!from\s*\Z)[\w$])")
_BRACES = re.compile(rb"\s*\{([^{}]*)\}\s*from\s*\Z")
_TYPE_NAME = re.compile(rb"\s*(?:type|typeof)\s+(?!as\s+[\w$]+\s*\Z)[\w$]")
_CALL = re.compile(rb"\s*+(?:\?\.\s*+)?(?:\.\s*+resolve\s*+)?\(\s*+")
_COMMA = re.compile(rb"[\s,]*+")
_LIST = re.compile(rb"\[[^\]]*+")
_QUOTE = re.compile(rb'"')
_MORE = re.compile(rb"\s*+[+]|\s*+\.\s*+(?:concat|replace)\b")
_TYPEOF = re.compile(rb"\btypeof\s+\Z")
_ANEW = re.compile(rb"(?<![\w$])(?:import|export)(?![\w$])")
_SCRIPT = re.compile(rb"<script\b[^>]*+>(.*?)(?:</script|\Z)", re.DOTALL | re.IGNORECASE)


def read(source: bytes) -> Code:
    """Every specifier, in the order of its place; those relative to the file are left out."""
    if source[:1000].lstrip()[:1] == b"<":
        source = _scripts(source)
    stripped = _bare(source)
    found, code = Code(stripped, whole=stripped.whole), stripped.code
    lines = Lines(source)
    at = 0
    while (match := _WORD.search(code, at)) is not None:
        word, at = match[1], match.end()
        line = lines.of(match.start())
        call = _CALL.match(code, at)
        if call and word == b"import" and _TYPEOF.search(code, max(match.start() - 40, 0), match.start()):
            found.bare.specifiers.add(call.end())
        elif call and word != b"export":
            at = _called(found, word, call.end(), line)
        elif word in (b"import", b"export") and not call:
            at = _declared(found, at, line)
    return found


def _declared(found: Code, at: int, line: int) -> int:
    """`import … from "…"`, `import "…"`, `export … from "…"`; where to go on."""
    code, texts = found.bare.code, found.bare.texts
    while True:
        start, at = at, _CLAUSE.match(code, at).end()  # type: ignore[union-attr]  # it matches everything
        if code[at : at + 1] != b'"':
            return at
        clause = _ANEW.split(code[start:at])[-1]
        if not clause.strip() or _FROM.search(clause, max(len(clause) - 200, 0)):
            found.bare.specifiers.add(at)
            if not _of_types(clause):
                _name(found, at, line)
            return texts[at]
        at = texts[at]


def _of_types(clause: bytes) -> bool:
    if _TYPE.match(clause):
        return True
    listed = _BRACES.fullmatch(clause)
    names = [name for name in listed[1].split(b",") if name.strip()] if listed else []
    return bool(names) and all(_TYPE_NAME.match(name) for name in names)


def _called(found: Code, word: bytes, at: int, line: int) -> int:
    """`import("…")`, `require("…")`, `require([…])`, `define([…])`; where to go on."""
    code, texts = found.bare.code, found.bare.texts
    mark = code[at : at + 1]
    if word == b"define" and mark == b'"':
        at = _COMMA.match(code, texts[at]).end()  # type: ignore[union-attr]  # it matches everything
        mark = code[at : at + 1]
    if mark == b"[" and word != b"import":
        end = _LIST.match(code, at).end()  # type: ignore[union-attr]  # it begins with the bracket
        for quote in _QUOTE.finditer(code, at, end):
            _name(found, quote.start(), line)
        return end
    if word == b"define":
        return at
    if mark == b'"' and not _MORE.match(code, texts[at]):
        _name(found, at, line)
    elif mark in (b'"', b"`") and at in texts:
        _begun(found, at, line)
    elif mark not in (b"", b")"):
        found.computes(line)
    return at


def _begun(found: Code, at: int, line: int) -> None:
    """A specifier whose end is worked out: its package is known where that is whole."""
    text = found.bare.text(at).decode("latin-1")
    if text.startswith("."):
        return
    if text.count("/") > text.startswith("@"):
        found.add(text, line)
    else:
        found.computes(line)


def _name(found: Code, at: int, line: int) -> None:
    found.bare.specifiers.add(at)
    text = found.bare.text(at).decode("latin-1")
    if text and not text.startswith((".", "/", "#")):
        found.add(text, line)


def _bare(source: bytes) -> Bare:
    """As `bare`, with what stands in the holes of templates."""
    if b"${" not in source:
        return bare(source, _FLAT)
    found = Bare(source)
    parts: list[bytes] = []
    holes: list[int] = []
    at = count = 0
    while (match := (_INSIDE if holes else _OUTSIDE).search(source, at)) is not None:
        count += 1
        if count > MOST_TOKENS or len(holes) > MOST_HOLES:
            found.whole = False
            parts.append(blank(source[at:]))
            at = len(source)
            break
        start, end = match.span()
        parts.append(source[at:start])
        at = _token(found, parts, holes, start, end)
    parts.append(source[at:])
    found.code = b"".join(parts)
    return found


def _token(found: Bare, parts: list[bytes], holes: list[int], start: int, end: int) -> int:
    """One comment, text, expression or brace; where to go on. `holes` has the open braces in each hole."""
    mark = found.source[start : start + 1]
    if mark == b"`":
        return _piece(found, parts, holes, end, opens=True)
    if mark == b"}" and holes[-1] == 0:
        holes.pop()
        parts.append(b" ")
        return _piece(found, parts, holes, end)
    if mark in (b"{", b"}"):
        holes[-1] += 1 if mark == b"{" else -1
        parts.append(mark)
    elif mark in (b'"', b"'"):
        found.texts[start] = end
        parts += (b'"', blank(found.source[start + 1 : end]))
    else:
        parts.append(blank(found.source[start:end]))
    return end


def _piece(found: Bare, parts: list[bytes], holes: list[int], at: int, *, opens: bool = False) -> int:
    """The text of a template up to its next hole or its end; where to go on."""
    piece = _PIECE.match(found.source, at)
    end = piece.end() if piece else len(found.source)
    hole = piece is not None and piece[1] == b"${"
    if opens:
        found.texts[at - 1] = end - 2 if hole else end
        parts.append(b"`" if hole else b'"')
    parts.append(blank(found.source[at:end]))
    if hole:
        holes.append(0)
    return end


def _scripts(source: bytes) -> bytes:
    """The source with everything blank that is in no script."""
    return b"".join(_parted(source))


def _parted(source: bytes) -> Iterator[bytes]:
    at = 0
    for match in _SCRIPT.finditer(source):
        yield blank(source[at : match.start(1)])
        yield match[1]
        at = match.end(1)
    yield blank(source[at:])
