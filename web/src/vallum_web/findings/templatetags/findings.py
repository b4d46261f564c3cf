"""What only findings show."""

from datetime import datetime

from django import template
from django.template.context import Context
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString

from vallum_web.findings import prose as written
from vallum_web.findings import rows
from vallum_web.findings.models import Finding

register = template.Library()
_AROUND = ("list_url", "assets_url", "query", "may", "now")


@register.simple_tag(takes_context=True)
def row(context: Context, finding: Finding) -> SafeString:
    """A row of the list. Context: list_url, assets_url, query, may, now, current (pk of the open one), undo, oob, request."""
    around = rows.Around(**{name: context[name] for name in _AROUND}, current=context.get("current"))
    offer = _undo(context, finding) if context.get("undo") else SafeString("")
    return rows.row(finding, around, undo=offer, oob=bool(context.get("oob")))


def _undo(context: Context, finding: Finding) -> SafeString:
    org, query = context["request"].org.slug, context["query"]
    offer = {
        "text": "Suppressed.",
        "url": reverse("findings:undo", args=[org, finding.pk, context["undo"]]) + query,
        "refresh_url": reverse("findings:row", args=[org, finding.pk]) + query,
        "target": "closest tr",
    }
    return render_to_string("ui/_undo.html", offer)


@register.simple_tag(takes_context=True)
def due(context: Context, at: datetime | None) -> SafeString:
    """How long there is until the day it should have ended, or since; the exact time on hover."""
    return rows.due(at, context["now"])


@register.filter
def prose(text: str) -> SafeString:
    """What a person wrote in Markdown."""
    return written.html(text)
