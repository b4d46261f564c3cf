"""The badge: how many clauses hold, as an SVG that loads nothing and has no script. Pure."""

from collections.abc import Mapping

from django.utils.html import format_html
from django.utils.safestring import SafeString

from vallum_web.trust.verdicts import State

_LETTER = 6.6
"""Width of a letter of 11 px, about: the text is fitted to its place by the renderer."""
_LABEL = "privacy policy"
_SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="{w}" height="20" role="img" aria-label="{label}: {text}">'
    "<title>{label}: {text}</title>"
    '<rect width="{w}" height="20" rx="4" fill="#393d44"/>'
    '<path d="M{l} 0h{r}a4 4 0 0 1 4 4v12a4 4 0 0 1-4 4h-{r}z" fill="{fill}"/>'
    '<g fill="#ffffff" font-family="system-ui,sans-serif" font-size="11">'
    '<text x="8" y="14" textLength="{a}" lengthAdjust="spacingAndGlyphs">{label}</text>'
    '<text x="{x}" y="14" textLength="{b}" lengthAdjust="spacingAndGlyphs">{text}</text></g></svg>'
)


def drawn(counts: Mapping[State, int]) -> SafeString:
    """The words say what the colour does: `✓ 55 of 57 hold`, `✕ 1 failing`."""
    failing, open_ = counts[State.FAILING], counts[State.OPEN]
    total = sum(counts.values())
    text = f"✕ {failing} failing" if failing else f"{'○' if open_ else '✓'} {total - open_} of {total} hold"
    fill = "#740a39" if failing else "#575b63" if open_ else "#0f6b52"
    a, b = (round(len(words) * _LETTER) for words in (_LABEL, text))
    left = a + 16
    return format_html(
        _SVG, w=left + b + 16, l=left, r=b + 12, fill=fill, label=_LABEL, text=text, a=a, b=b, x=left + 8
    )
