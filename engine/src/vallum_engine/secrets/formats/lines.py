"""Line by line: dot-env files in every dialect, properties, INI, TOML, HCL, shell, Dockerfile, systemd units."""

import re
from collections.abc import Iterator

from vallum_engine.secrets.formats.setting import Setting

# A name may stand behind a comment sign: what was commented out has leaked all the same.
_LINE = (
    rb"(?m)^[ \t]{0,80}(?:(?P<section>\[{1,2})[ \t]{0,4}(?P<title>[^\]\n]{1,200})\]"
    rb"|(?P<block>[a-z]\w{0,30})(?:[ \t]{1,4}\"(?P<label>[\w-]{1,120})\"){1,2}[ \t]{0,4}\{"
    rb"|(?:[#;][#; \t]{0,8})?"
    rb"(?:(?:export|set[ \t]-g?x|setx?|SETX?|declare[ \t]-x|ENV|ARG|env|local)[ \t]{1,4}|\$env:|-D|Environment=(?P<wrap>[\"']?))?"
    rb"(?P<quote>[\"']?)(?P<name>[A-Za-z_][\w./-]{0,120})(?P=quote)[ \t]{0,20}(?P<sign>=>|:=|[=: \t])[ \t]{0,20}(?P<value>[^\n]{0,20000}))"
)
_QUOTED = {b'"': rb'"((?:[^"\\]|\\.){0,20000})"', b"'": rb"'([^']{0,20000})'", b"`": rb"`([^`]{0,20000})`"}
_THRICE = {b'"""': rb'"""([^\0]{0,20000}?)"""', b"'''": rb"'''([^\0]{0,20000}?)'''"}
_HEREDOC = rb"<<[-~]?[ \t]{0,4}[\"']?(\w{1,40})[\"']?[ \t]{0,20}\r?\n"
_COMMENT = rb"[ \t](?:#|//|;[ \t])"
_ESCAPES = {b"n": b"\n", b"r": b"\r", b"t": b"\t"}


def settings(data: bytes) -> Iterator[Setting]:
    """Names and values of lines; sections of INI and TOML are the path."""
    path, group, at = "", 0, 0
    line = re.compile(_LINE)
    while found := line.search(data, at):
        at = max(found.end(), at + 1)
        if found["section"]:
            path, group = found["title"].decode("utf-8", "replace").strip(" \t\"'"), group + 1
            continue
        if found["block"]:
            group += 1
            if found["block"] == b"variable":  # of Terraform: its default is a value that other lines call by its name
                start, end = found.span("label")
                yield Setting(
                    path=path, name="name", value=found["label"], start=start, end=end, group=group, plain=True
                )
            continue
        if found["sign"] in b" \t" and not found[0].lstrip(b"#; \t").startswith((b"ENV", b"ARG", b"set")):
            continue
        value, start, end = _value(data, found.start("value"), found.end("value"))
        if found["wrap"]:
            value = value.partition(found["wrap"])[0]
            end = start + len(value)
        at = max(end, at)
        name = found["name"].decode()
        plain = end <= found.end("value") and not found["wrap"] and data[start - 1 : start] not in _QUOTED
        yield Setting(path=path, name=name, value=value, start=start, end=end, group=group, plain=plain)


def _value(data: bytes, start: int, stop: int) -> tuple[bytes, int, int]:
    """The value that begins at `start`, and its place: quotes, several lines, a comment behind it."""
    for mark, pattern in _THRICE.items():
        if data.startswith(mark, start) and (found := re.compile(pattern).match(data, start)):
            return found[1], found.start(1), found.end(1)
    pattern = _QUOTED.get(data[start : start + 1], b"")
    if pattern and (found := re.compile(pattern, re.DOTALL).match(data, start)):
        text = re.sub(rb"(?s)\\(.)", _escaped, found[1]) if pattern is _QUOTED[b'"'] else found[1]
        return text, found.start(1), found.end(1)
    if found := re.compile(_HEREDOC).match(data, start):
        end = data.find(b"\n" + found[1], found.end() - 1, found.end() + 20_000)
        if end >= 0:
            return data[found.end() : end], found.end(), end
    text = data[start:stop]
    comment = re.search(_COMMENT, text)
    text = (text[: comment.start()] if comment else text).rstrip(b" \t\r,;")
    return text, start, start + len(text)


def _escaped(found: re.Match[bytes]) -> bytes:
    return _ESCAPES.get(found[1], found[1])
