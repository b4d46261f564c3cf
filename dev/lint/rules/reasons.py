"""A silenced tool is a decision, and a decision has a reason: on the line, where the next reader meets it."""

import io
import re
import tokenize
from collections.abc import Iterator

from dev.lint.rule import Rule, python
from dev.lint.source import Source

_NOQA = re.compile(r"#\s*noqa\b(?P<rest>.*)", re.IGNORECASE)
_NOQA_WHOLE = re.compile(r":\s*[A-Z]+[0-9]+(\s*,\s*[A-Z]+[0-9]+)*\s+-\s+\S.{2,}")
_TYPES = re.compile(r"#\s*type:\s*ignore(?P<rest>.*)")
# mypy reads no further than the bracket, unless a second comment begins there.
_TYPES_WHOLE = re.compile(r"\[[a-z-]+(,\s*[a-z-]+)*\]\s+#\s*\S.{2,}")


def check(source: Source) -> Iterator[tuple[int, str]]:
    if "noqa" not in source.text and "ignore" not in source.text:
        return
    for number, comment in _comments(source.text):
        if (found := _NOQA.search(comment)) and not _NOQA_WHOLE.match(found["rest"]):
            yield number, "a noqa without codes and reason"
        if (found := _TYPES.search(comment)) and not _TYPES_WHOLE.match(found["rest"]):
            yield number, "a type: ignore without code and reason"


def _comments(text: str) -> Iterator[tuple[int, str]]:
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type == tokenize.COMMENT:
                yield token.start[0], token.string
    except (tokenize.TokenError, SyntaxError):  # not Python: another rule says so
        return


RULE = Rule(
    name="reason",
    todo='write "noqa: CODE - why" or "type: ignore[code]  # why"',
    where=python,
    check=check,
)
