"""Elixir's source as words with their lines and matching brackets: enough to read what stands there plainly, and to skip the rest."""

import re
from collections.abc import Iterator

from vallum_engine.sca.lockfiles.entry import broken
from vallum_engine.values import immutable

MAX_DEPTH = 100
MOST_WORDS = 100_000
"""A manifest of a hundred dependencies has two thousand."""

_WORD = re.compile(
    r"""
    (?P<blank>[\s;]+|\#[^\n]*)
    |(?P<document>\"{3}|'{3})
    |~(?:[a-z]|[A-Z][A-Z0-9]*)(?P<sigil>\"{3}|'{3}|[/|\"'(\[{<])
    |(?P<letter>\?\\?.)
    |:?(?P<quote>[\"'])
    |:(?P<atom>[^\W\d][\w@]*[?!]?)
    |(?P<name>[^\W\d]\w*[?!]?)(?P<key>:(?=\s))?
    |(?P<number>\d[\w.]*)
    |(?P<open>[(\[{])
    |(?P<close>[)\]}])
    |(?P<mark>\+\+|.)
    """,
    re.VERBOSE | re.DOTALL,
)
_INSIDE = re.compile(r"\\.|\#\{|[\"'{}]", re.DOTALL)
_ENDS = {"(": ")", "[": "]", "{": "}", "<": ">"}
_WHY = "not Elixir as it is read here"


@immutable
class Word:
    """`kind`: string, atom, key, name, number, open, close, mark; or code, for what is only known when it runs."""

    kind: str
    text: str
    line: int


@immutable
class Source:
    """`ends` are the positions of the closing brackets, by those of the opening ones."""

    words: list[Word]
    ends: dict[int, int]

    def is_at(self, at: int, kind: str, text: str) -> bool:
        return at < len(self.words) and (self.words[at].kind, self.words[at].text) == (kind, text)

    def items(self, start: int, end: int) -> Iterator[tuple[int, int]]:
        """What commas part between two positions, without what is in brackets; each as a start and an end."""
        at = begun = start
        while at < end:
            if self.is_at(at, "mark", ","):
                if at > begun:
                    yield begun, at
                begun = at + 1
            at = self.ends.get(at, at) + 1
        if end > begun:
            yield begun, end


def read(text: str, todo: str) -> Source:
    """Raises BrokenData for brackets that do not match, for texts without an end, and for too much of either."""
    words: list[Word] = []
    ends: dict[int, int] = {}
    opened: list[int] = []
    for word in _words(text, todo):
        if len(words) >= MOST_WORDS:
            raise broken(word.line, f"more than {MOST_WORDS:,} words", todo)
        if word.kind == "open":
            opened.append(len(words))
            if len(opened) > MAX_DEPTH:
                raise broken(word.line, f"nested more than {MAX_DEPTH} deep", todo)
        elif word.kind == "close":
            if not opened or _ENDS[words[opened[-1]].text] != word.text:
                raise broken(word.line, f"a {word.text} that closes nothing", todo)
            ends[opened.pop()] = len(words)
        words.append(word)
    if opened:
        first = words[opened[-1]]
        raise broken(first.line, f"what opens here is not closed by {_ENDS[first.text]}", todo)
    return Source(words=words, ends=ends)


def _words(text: str, todo: str) -> Iterator[Word]:
    line, at = 1, 0
    while at < len(text):
        found = _WORD.match(text, at)
        if not found:
            raise broken(line, _WHY, todo)
        end = found.end()
        if found["document"]:
            end = _behind(text, end, found["document"], line, todo)
            yield Word(kind="code", text="", line=line)
        elif found["sigil"]:
            end = _behind(text, end, _ENDS.get(found["sigil"], found["sigil"]), line, todo)
            yield Word(kind="code", text="", line=line)
        elif found["quote"]:
            end, plain = _quoted(text, end, found["quote"], line, todo)
            inside = text[found.end() : end - 1]
            atom, key = found[0][0] == ":", text[end : end + 1] == ":" and text[end + 1 : end + 2].isspace()
            end += key
            yield Word(kind="key" if key else "atom" if atom else "string" if plain else "code", text=inside, line=line)
        elif not found["blank"]:
            kind = "key" if found["key"] else found.lastgroup or "mark"
            yield Word(
                kind="code" if kind == "letter" else kind, text=found["name"] or found["atom"] or found[0], line=line
            )
        line += text.count("\n", at, end)
        at = end


def _behind(text: str, at: int, closing: str, line: int, todo: str) -> int:
    """The position behind the end of a text in which nothing but its end counts."""
    while True:
        end = text.find(closing, at)
        if end < 0:
            raise broken(line, f"what opens here is not closed by {closing}", todo)
        if text[end - 1] != "\\":
            return end + len(closing)
        at = end + len(closing)


def _quoted(text: str, at: int, quote: str, line: int, todo: str) -> tuple[int, bool]:
    """The position behind a quoted text, and whether it is plain: without escapes, and without code in it."""
    stack, plain = [quote], True
    for found in _INSIDE.finditer(text, at):
        mark, top = found[0], stack[-1]
        if mark == top:
            stack.pop()
            if not stack:
                return found.end(), plain
        elif mark[0] == "\\" or (mark == "#{" and top != "}"):
            plain = False
            stack += ["}"] if mark == "#{" else []
        elif top == "}" and mark in ("{", "#{", '"', "'"):
            stack.append("}" if mark in ("{", "#{") else mark)
        if len(stack) > MAX_DEPTH:
            raise broken(line, f"nested more than {MAX_DEPTH} deep", todo)
    raise broken(line, f"what opens here is not closed by {quote}", todo)
