"""What only findings show."""

from datetime import datetime, timedelta

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from vallum_web.findings import prose as written
from vallum_web.ui import ago

register = template.Library()
SOON = timedelta(days=7)


@register.simple_tag(takes_context=True)
def due(context: template.Context, at: datetime | None) -> SafeString | str:
    """How long there is until the day it should have ended, or since; the exact time on hover."""
    if at is None:
        return ""
    left = at - context["now"]
    late = left < timedelta(0)
    words = ago.in_words(at, context["now"])
    return format_html(
        '<time class="due" data-due="{}" datetime="{}" title="Due {}">{}</time>',
        "late" if late else "soon" if left < SOON else "",
        at.isoformat(),
        f"{at:%Y-%m-%d %H:%M} UTC",
        f"{words.removesuffix(' ago')} late" if late else words,
    )


@register.filter
def prose(text: str) -> SafeString:
    """What a person wrote in Markdown."""
    return written.html(text)
