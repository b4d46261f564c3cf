"""The content policy is `default-src 'self'` without exceptions: inline style and script would not run, or not show.

What a template does not escape was checked by nobody: names of files and findings come from strangers.
"""

import re
from collections.abc import Iterable, Iterator

from dev.lint.rule import Rule, template_of_web
from dev.lint.source import Source

PATTERNS = (
    (re.compile(r"<style\b", re.IGNORECASE), "a style element"),
    (re.compile(r"<script\b(?![^>]*\bsrc=)", re.IGNORECASE), "an inline script"),
    (re.compile(r"\sstyle\s*=", re.IGNORECASE), "a style attribute"),
    (re.compile(r"\son[a-z]+\s*=\s*[\"']", re.IGNORECASE), "an event handler in an attribute"),
    (re.compile(r"\shx-on\b", re.IGNORECASE), "a script in hx-on"),
    (re.compile(r"[\"']\s*(?:javascript|js):", re.IGNORECASE), "a script in an address or a value"),
    (re.compile(r"<(?:script|img|iframe|source)\b[^>]*\ssrc=[\"'](?:https?:)?//", re.IGNORECASE), "a foreign source"),
    (re.compile(r"<link\b[^>]*\shref=[\"'](?:https?:)?//", re.IGNORECASE), "a foreign style sheet"),
)
_COMMENT = re.compile(r"\{#.*?#\}|\{%\s*comment\b.*?endcomment\s*%\}", re.DOTALL)


UNESCAPED = ((re.compile(r"\|\s*safe\b|\bautoescape\s+off\b"), "text that nobody escapes"),)


def inline(source: Source) -> Iterator[tuple[int, str]]:
    return _found(source, PATTERNS)


def unescaped(source: Source) -> Iterator[tuple[int, str]]:
    return _found(source, UNESCAPED)


def _found(source: Source, patterns: Iterable[tuple[re.Pattern[str], str]]) -> Iterator[tuple[int, str]]:
    text = _COMMENT.sub(lambda found: "\n" * found[0].count("\n"), source.text)
    for pattern, what in patterns:
        for found in pattern.finditer(text):
            yield text.count("\n", 0, found.start() + 1) + 1, what


RULES = (
    Rule(name="inline", todo="use a class and a file of ours under static/", where=template_of_web, check=inline),
    Rule(
        name="unescaped",
        todo="let the template escape it, or build it with format_html",
        where=template_of_web,
        check=unescaped,
    ),
)
