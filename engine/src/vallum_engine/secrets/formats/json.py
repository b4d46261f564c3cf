"""JSON as a stream of signs, with the place of every value: also with comments, broken off, or wrong somewhere."""

import re
from collections.abc import Iterator

from vallum_engine.secrets.formats.setting import DEEPEST, Level, Setting, TooDeep, below

# A text without an end is one text to the end: looked for anew from each escaped quote in it, it would cost their square.
SIGN = rb"\"([^\"\\]*+(?:\\.[^\"\\]*+)*+)\"?|([{}\[\],:])|//[^\n]*|([^\s{}\[\],:\"]+)"
_ESCAPE = rb"\\(?:u([0-9a-fA-F]{4})|(.))"
_CONTROLS = {b"n": b"\n", b"t": b"\t", b"r": b"\r", b"b": b"\b", b"f": b"\f"}
_OBJECT = ord("{")
LIST = ord("[")


def settings(data: bytes) -> Iterator[Setting]:
    """Every text, number and word that is a value. Raises TooDeep."""
    levels: list[Level] = []
    groups, name, after_colon = 0, "", False
    for found in re.finditer(SIGN, data, re.DOTALL):
        sign = found[2]
        if sign is None:
            if found.lastindex is None:
                continue
            within_list = bool(levels) and levels[-1].mark == LIST
            if not (after_colon or within_list):
                name = found[found.lastindex].decode("utf-8", "replace")
                continue
            yield _setting(found, levels, name if after_colon else "*")
            after_colon = False
        elif sign == b":":
            after_colon = True
        elif sign in b"{[":
            if len(levels) >= DEEPEST:
                raise TooDeep
            groups += 1
            label = name if after_colon else ("*" if levels else "")
            levels.append(Level(sign[0], below(levels, label), groups))
            name, after_colon = "", False
        else:
            after_colon = False
            if sign in b"}]" and levels:
                levels.pop()


def _setting(found: re.Match[bytes], levels: list[Level], name: str) -> Setting:
    number = found.lastindex or 0
    text = found[number]
    return Setting(
        path=levels[-1].path if levels else "",
        name=name,
        value=unescaped(text) if number == 1 and b"\\" in text else text,
        start=found.start(number),
        end=found.end(number),
        group=levels[-1].group if levels else 0,
        plain=name != "*",
    )


def unescaped(text: bytes) -> bytes:
    return re.sub(_ESCAPE, _plain, text, flags=re.DOTALL)


def _plain(found: re.Match[bytes]) -> bytes:
    if found[2]:
        return _CONTROLS.get(found[2], found[2])
    return chr(int(found[1], 16)).encode("utf-8", "replace")
