"""YAML, line by line: enough of it to know what a value is called, tolerant of templates, and linear in the file.

A parser of the whole language is ten times slower, stops at the first `{{`, and forgets where a value stood.
"""

import re
from collections.abc import Iterator

from vallum_engine.secrets.formats.setting import DEEPEST, Level, Setting, TooDeep, below
from vallum_engine.values import replace

_LINE = (
    rb"(?P<indent> *)(?P<dashes>(?:-[ \t]+)*)(?:"
    rb"(?P<key>\"[^\"\n]{1,200}\"|'[^'\n]{1,200}'|[^\s#'\"\[\]{},:&*!|>%@`][^\n:#\"'{}\[\]]{0,200}?)[ \t]{0,20}:(?=[ \t\r]|$)[ \t]*)?"
    rb"(?P<value>[^\r]*)\r?"
)
_PROPERTY = rb"(?:[&!][^\s]{0,200}[ \t]{1,20}){0,3}"
_BLOCK = rb"([|>])[+-]?\d?[+-]?[ \t]{0,20}(?:#.*)?"
_FLOW = rb"[{,][ \t]{0,20}[\"']?([\w.-]{1,100})[\"']?[ \t]{0,20}:[ \t]{1,20}[\"']?([^\s\"'{},\[\]]{1,400})"
_ESCAPE = rb"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|(.))"
_CONTROLS = {b"n": b"\n", b"t": b"\t", b"r": b"\r", b"0": b"\0"}
_MOST_LINES = 2_000


class _Reader:
    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0
        self.levels: list[Level] = []
        self.groups = 0
        self.document = 0

    def lines(self) -> Iterator[tuple[int, bytes]]:
        while self.at < len(self.data):
            start = self.at
            end = self.data.find(b"\n", start)
            self.at = end + 1 if end >= 0 else len(self.data)
            yield start, self.data[start : end if end >= 0 else len(self.data)]

    def read(self) -> Iterator[Setting]:
        line = re.compile(_LINE)
        for start, text in self.lines():
            if text.startswith((b"---", b"...")):
                self.document += 1
                self.levels.clear()
                continue
            found = line.fullmatch(text)
            if found and (found["key"] or found["value"].lstrip()[:1] != b"#"):
                yield from self.entry(found, start)

    def entry(self, found: re.Match[bytes], start: int) -> Iterator[Setting]:
        column, key = len(found["indent"]), found["key"]
        if found["dashes"]:
            self.leave(_item(column))
            if key is not None:
                self.enter(_item(column), "*")
            column += len(found["dashes"])
        if key is None:
            if found["dashes"]:
                yield from self.scalar("*", found["value"], start + found.start("value"), column)
            return
        self.leave(_key(column))
        name = key.strip(b"\"'").decode("utf-8", "replace")
        value = found["value"]
        yield from self.scalar(name, value, start + found.start("value"), column)
        self.enter(_key(column), name)

    def leave(self, mark: int) -> None:
        while self.levels and self.levels[-1].mark >= mark:
            self.levels.pop()

    def enter(self, mark: int, name: str) -> None:
        if len(self.levels) >= DEEPEST:
            raise TooDeep
        self.groups += 1
        self.levels.append(Level(mark, below(self.levels, name), self.groups))

    def setting(self, name: str, value: bytes, start: int, end: int, *, plain: bool = False) -> Setting:
        group = self.levels[-1].group if self.levels else -self.document
        return Setting(
            path=self.levels[-1].path if self.levels else "",
            name=name,
            value=value,
            start=start,
            end=end,
            group=group,
            document=self.document,
            plain=plain,
        )

    def scalar(self, name: str, text: bytes, start: int, column: int) -> Iterator[Setting]:
        prefix = re.match(_PROPERTY, text)
        skipped = prefix.end() if prefix else 0
        if b"!vault" in text[:skipped]:
            return
        text, start = text[skipped:], start + skipped
        if text[:1] in (b'"', b"'"):
            yield self.quoted(name, start)
        elif re.fullmatch(_BLOCK, text):
            yield from self.block(name, column)
        elif text.startswith(b"{"):
            for found in re.finditer(_FLOW, text):
                place = start + found.start(2)
                inner = self.setting(found[1].decode(), found[2], place, place + len(found[2]))
                yield replace(inner, path=f"{inner.path}.{name}" if inner.path else name)
        elif not text.strip():
            yield from self.under(name, column)
        else:
            plain = re.split(rb"[ \t]#", text, maxsplit=1)[0].rstrip()
            yield self.setting(name, plain, start, start + len(plain), plain=True)

    def quoted(self, name: str, start: int) -> Setting:
        """A text in quotes, on one line or on several."""
        mark = self.data[start : start + 1]
        pattern = rb'"((?:[^"\\]|\\.){0,20000})"' if mark == b'"' else rb"'((?:[^']|''){0,20000})'"
        found = re.compile(pattern, re.DOTALL).match(self.data, start)
        if found is None:
            return self.setting(name, b"", start, start)
        self.at = max(self.at, self.data.find(b"\n", found.end()) + 1 or len(self.data))
        text = re.sub(_ESCAPE, _unescaped, found[1], flags=re.DOTALL) if mark == b'"' else found[1].replace(b"''", b"'")
        return self.setting(name, text, found.start(1), found.end(1), plain=b"\n" not in found[1] and name != "*")

    def block(self, name: str, column: int) -> Iterator[Setting]:
        """A block of lines that are indented deeper than what names it."""
        begun, end = self.at, self.at
        lines: list[bytes] = []
        for start, text in self.lines():
            if text.strip() and len(text) - len(text.lstrip(b" ")) <= column:
                self.at = start
                break
            end = start + len(text)
            if len(lines) < _MOST_LINES:
                lines.append(text.strip())
        if lines and not lines[0].startswith(b"$ANSIBLE_VAULT"):
            yield self.setting(name, b"\n".join(lines).strip(), begun, end)

    def under(self, name: str, column: int) -> Iterator[Setting]:
        """A value on the line below its name, when that line is no mapping or list."""
        end = self.data.find(b"\n", self.at)
        text = self.data[self.at : end if end >= 0 else len(self.data)]
        value = text.strip()
        deeper = len(text) - len(text.lstrip(b" ")) > column
        if deeper and value and not re.match(rb"[-#{\[&*!|>?]|[^\s]+:(?:\s|$)", value):
            start = self.at + text.index(value)
            self.at = min(self.at + len(text) + 1, len(self.data))
            bare = value.strip(b"\"'")
            yield self.setting(name, bare, start + value.index(bare) if bare else start, start + len(value))


def _key(column: int) -> int:
    return 2 * column


def _item(column: int) -> int:
    """A dash may stand in the column of the key that the list belongs to: it is deeper all the same."""
    return 2 * column + 1


def settings(data: bytes) -> Iterator[Setting]:
    """Raises TooDeep."""
    return _Reader(data).read()


def _unescaped(found: re.Match[bytes]) -> bytes:
    if found[3]:
        return _CONTROLS.get(found[3], found[3])
    return chr(int(found[1] or found[2], 16)).encode("utf-8", "replace")
