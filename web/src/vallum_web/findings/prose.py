"""What people write in Markdown, as HTML in which nothing of theirs is markup: pure.

The source is never HTML, addresses are http(s) alone, and what cannot be seen is shown. Headings stay as they were typed: a
comment has no chapters, and the page's own are read out by screen readers.
"""

from collections.abc import Sequence
from typing import Any

from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token

from vallum_web.findings.story import web_address
from vallum_web.ui import legible

LONGEST = 5000
DEEPEST = 15
_OFF = ("html_block", "html_inline", "image", "heading", "lheading", "reference")


class _Writer(RendererHTML):
    """Writes each leaf itself, so that no attribute of a token reaches the page but an address that was looked at."""

    def text(self, tokens: Sequence[Token], idx: int, _options: Any, _env: Any) -> str:
        return _legible(tokens[idx].content)

    def code_inline(self, tokens: Sequence[Token], idx: int, _options: Any, _env: Any) -> str:
        return f"<code>{_legible(tokens[idx].content)}</code>"

    def code_block(self, tokens: Sequence[Token], idx: int, _options: Any, _env: Any) -> str:
        return f"<pre><code>{_legible(tokens[idx].content)}</code></pre>\n"

    def fence(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        return self.code_block(tokens, idx, options, env)

    def link_open(self, tokens: Sequence[Token], idx: int, _options: Any, _env: Any) -> str:
        address = web_address(tokens[idx].attrs.get("href"))
        return format_html('<a href="{}" rel="noopener noreferrer nofollow" target="_blank">', address)


def html(text: str) -> SafeString:
    """The text as HTML. What nests too deeply is shown as it was typed: the reader would leave out what is within."""
    if any(token.level >= DEEPEST for token in _MARKDOWN.parse(text)):
        return mark_safe(f"<pre>{_legible(text)}</pre>")  # noqa: S308 - escaped by _legible
    return mark_safe(str(_MARKDOWN.render(text)))  # noqa: S308 - every leaf is escaped by _Writer, and HTML is no syntax


def _legible(text: str) -> str:
    pieces = (
        format_html('<span class="control-character">{}</span>', piece) if control else escape(piece)
        for piece, control in legible.pieces(text)
    )
    return "".join(pieces)


class _Reader(MarkdownIt):
    def validateLink(self, url: str) -> bool:  # noqa: N802 - the library's name
        return bool(web_address(url))


_MARKDOWN = _Reader("commonmark", {"html": False, "breaks": True}, renderer_cls=_Writer).disable(_OFF)
