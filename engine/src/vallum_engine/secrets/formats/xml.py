"""XML tag by tag: attributes and texts, with the element they stand in; no entity is ever looked up."""

import re
from collections.abc import Iterator
from html import unescape

from vallum_engine.secrets.formats.setting import DEEPEST, Level, Setting, TooDeep, below

_TAG = (
    rb"<(?P<close>/?)(?P<name>[A-Za-z_][\w:.-]{0,100})"
    rb"(?P<attributes>(?:\s{1,200}[\w:.-]{1,100}\s{0,20}=\s{0,20}(?:\"[^\"<]{0,4000}\"|'[^'<]{0,4000}')){0,100})\s{0,200}(?P<empty>/?)>"
    rb"(?:<!\[CDATA\[)?(?P<text>[^<\]]{0,20000})"
)
_ATTRIBUTE = rb"([\w:.-]{1,100})\s{0,20}=\s{0,20}(?:\"([^\"<]*)\"|'([^'<]*)')"


def settings(data: bytes) -> Iterator[Setting]:
    """Attributes as `@name`, texts under the name of their element and as `#text` beside its attributes. Raises TooDeep."""
    levels: list[Level] = []
    names: list[str] = []
    groups, asked = 0, ""
    for found in re.finditer(_TAG, data):
        name = found["name"].rpartition(b":")[2].decode("utf-8", "replace")
        if found["close"]:
            _leave(levels, names, name)
            continue
        groups += 1
        inside = below(levels, name)
        yield from _attributes(found, inside, groups)
        text = found["text"].strip()
        if text and not found["empty"]:
            start = found.start("text") + found["text"].index(text)
            if asked:  # a property list has a name in one element and the value in the next
                yield _of(levels, asked, text, start)
            yield _of(levels, name, text, start)
            if found["attributes"]:
                yield _setting(inside, "#text", text, start, groups)
            asked = text.decode("utf-8", "replace") if name == "key" and not asked else ""
        if not found["empty"]:
            if len(levels) >= DEEPEST:
                raise TooDeep
            levels.append(Level(0, inside, groups))
            names.append(name)


def _leave(levels: list[Level], names: list[str], name: str) -> None:
    """Close the innermost element of that name, and what was left open in it."""
    if name in names:
        while names.pop() != name:
            levels.pop()
        levels.pop()


def _attributes(found: re.Match[bytes], inside: str, group: int) -> Iterator[Setting]:
    for attribute in re.finditer(_ATTRIBUTE, found["attributes"]):
        number = attribute.lastindex or 2
        start = found.start("attributes") + attribute.start(number)
        name = "@" + attribute[1].rpartition(b":")[2].decode("utf-8", "replace")
        yield _setting(inside, name, attribute[number], start, group)


def _of(levels: list[Level], name: str, text: bytes, start: int) -> Setting:
    path, group = (levels[-1].path, levels[-1].group) if levels else ("", 0)
    return _setting(path, name, text, start, group)


def _setting(path: str, name: str, text: bytes, start: int, group: int) -> Setting:
    value = unescape(text.decode("utf-8", "replace")).encode() if b"&" in text else text
    return Setting(path=path, name=name, value=value, start=start, end=start + len(text), group=group)
