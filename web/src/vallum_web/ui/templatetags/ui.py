"""Tags and filters for every page. They are built in (settings): no template loads them."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from functools import lru_cache
from html import escape

from django import template
from django.core.serializers.json import DjangoJSONEncoder
from django.http import HttpRequest, QueryDict
from django.template.base import NodeList, Parser, Token
from django.template.context import Context
from django.template.loader import get_template
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from vallum_web.ui import ago, charts, legible, links

register = template.Library()
# Counting stops one past it (findings/queries.py), so no larger number is exact.
CAP = 10_000


def _request(context: Context) -> HttpRequest | None:
    # `{% include … only %}` hides the variable `request`, but not the context's own.
    return context.get("request") or getattr(context, "request", None)


def _query(context: Context) -> QueryDict:
    request = _request(context)
    return request.GET if request is not None else QueryDict()


def _list(context: Context, base: object) -> str:
    """Where the list lives: as given, `list_url`, or the page's own path. A panel beside it has another address."""
    request = _request(context)
    return str(base or context.get("list_url") or (request.path if request is not None else ""))


class _Capture(template.Node):
    def __init__(self, nodelist: NodeList, name: str) -> None:
        self.nodelist = nodelist
        self.name = name

    def render(self, context: Context) -> SafeString:
        context[self.name] = mark_safe(self.nodelist.render(context).strip())  # noqa: S308 - rendered, so escaped already
        return mark_safe("")


@register.tag
def capture(parser: Parser, token: Token) -> template.Node:
    """`{% capture name %}…{% endcapture %}`: a block written once and shown in several places."""
    parts = token.split_contents()
    if len(parts) != 2:
        raise template.TemplateSyntaxError("Write {% capture name %}…{% endcapture %}")
    nodelist = parser.parse(("endcapture",))
    parser.delete_first_token()
    return _Capture(nodelist, parts[1])


@register.simple_tag
def icon(name: str, label: str = "", *, size: int = 16) -> SafeString:
    """A drawing from the sprite; silent for screen readers unless it has a label of its own."""
    if label:
        return format_html(
            '<svg class="icon" width="{0}" height="{0}" role="img" aria-label="{2}"><use href="#i-{1}"/></svg>',
            size,
            name,
            label,
        )
    return format_html(
        '<svg class="icon" width="{0}" height="{0}" aria-hidden="true"><use href="#i-{1}"/></svg>', size, name
    )


@register.simple_tag
def options(pairs: Sequence[tuple[str, str]], chosen: str) -> SafeString:
    """The choices of a select, value and label. There may be hundreds: as nodes of a template they take half of a page's time."""
    return mark_safe(  # noqa: S308 - escaped here, each value once: Django's own way costs ten times as much
        "".join(
            f'<option value="{escape(value)}"{" selected" if value == chosen else ""}>{escape(label)}</option>'
            for value, label in pairs
        )
    )


@register.simple_tag
def kept(name: str, **values: str | int) -> SafeString:
    """`{% include name with … only %}` for a part that depends on these few values alone and stands in every row: made once."""
    return _kept(name, tuple(values.items()))


@lru_cache(maxsize=512)
def _kept(name: str, values: tuple[tuple[str, str | int], ...]) -> SafeString:
    return mark_safe(get_template(name).render(dict(values)))  # noqa: S308 - rendered, so escaped already


@register.simple_tag(takes_context=True)
def when(
    context: Context, at: date | datetime | None, now: datetime | None = None, *, never: str = "never"
) -> SafeString:
    """The time in words, the exact one on hover. `now` is given or stands in the context."""
    return format_html('<span class="faint">{}</span>', never) if at is None else moment(at, now or context.get("now"))


def moment(at: date | datetime, present: datetime | None) -> SafeString:
    exact = timezone.localtime(at).strftime("%Y-%m-%d %H:%M:%S %Z") if isinstance(at, datetime) else at.isoformat()
    words = ago.in_words(at, present) if present else exact
    return format_html('<time datetime="{}" title="{}">{}</time>', at.isoformat(), exact, words)


@register.filter
def span(seconds: float | None) -> str:
    """A duration in words: `3 min 20 s`."""
    return "" if seconds is None else ago.span(float(seconds))


@register.filter
def lasting(seconds: float | None) -> str:
    """A long time in words: `3.5 days`; below two days in hours and minutes."""
    if seconds is None:
        return "none"
    return f"{seconds / 86_400:.1f} days" if seconds >= 2 * 86_400 else ago.span(float(seconds))


@register.inclusion_tag("ui/_lines.html")
def line_chart(
    rows: Mapping[str, list[float | None]], names: Sequence[str], step: str, label: str
) -> dict[str, object]:
    """Lines over steps of these names, each of which is a `step` (Day); what they say stands in a table beside them too."""
    return {"chart": charts.lines(rows, names), "first": names[0], "last": names[-1], "step": step, "label": label}


@register.filter
def count(number: int | str, cap: int | None = None) -> str:
    """`12,345`, or `10,000+` for the number above a cap: where counting stopped. What is known to be more is said."""
    if isinstance(number, str):
        return number
    return f"{cap:,}+" if cap is not None and number == cap + 1 else f"{number:,}"


@register.filter(name="json")
def as_json(value: object) -> str:
    """For a `data-` attribute that a script reads; the template escapes it."""
    return json.dumps(value, cls=DjangoJSONEncoder)


@register.filter
def legibly(text: object) -> SafeString:
    """Text of strangers, with every invisible character shown as its code point."""
    if (plain := str(text)).isprintable():
        return mark_safe(escape(plain))  # noqa: S308 - escaped
    return format_html_join(
        "",
        "{}",
        (
            (format_html('<span class="control-character">{}</span>', piece) if control else piece,)
            for piece, control in legible.pieces(str(text))
        ),
    )


@register.filter
def words(text: object) -> str:
    """As `legibly`, without markup: what stands in an attribute."""
    return legible.words(str(text))


@register.filter
def coded(text: object) -> SafeString:
    """As `legibly`, with what stands between two backticks as code: how steps name commands."""
    parts = str(text).split("`")
    if len(parts) % 2 == 0:  # one has no partner: then none is a mark
        return legibly(text)
    pieces = (format_html("<code>{}</code>", legibly(p)) if n % 2 else legibly(p) for n, p in enumerate(parts))
    return format_html_join("", "{}", ((piece,) for piece in pieces))


@register.filter
def numbered(text: str, start: int = 1) -> Iterator[tuple[int, str]]:
    """Lines with their numbers."""
    return enumerate(str(text).splitlines() or [""], start=start)


@register.simple_tag(takes_context=True)
def link_with(context: Context, base: str = "", **changes: object) -> str:
    """The list with some parameters changed: `{% link_with sort="-risk" %}`; None removes one, cursors go."""
    return _list(context, base) + links.changed(_query(context), changes)


@register.inclusion_tag("ui/_th.html", takes_context=True)
def sort_header(context: Context, field: str, label: str, **options: object) -> dict[str, object]:
    """A column head that sorts. Options: first="-" (falling first), default (the list's own order), css, base."""
    sort = _query(context).get("sort") or options.get("default", "")
    falling = f"-{field}"
    first, second = (falling, field) if options.get("first") == "-" else (field, falling)
    target = second if sort == first else first
    return {
        "label": label,
        "css": options.get("css", ""),
        "direction": {field: "ascending", falling: "descending"}.get(str(sort), ""),
        "href": _list(context, options.get("base")) + links.changed(_query(context), {"sort": target}),
    }


@register.inclusion_tag("ui/_severity_bar.html")
def severity_bar(
    counts: Mapping[str, int], *, legend: bool = False, urls: Mapping[str, str] | None = None
) -> dict[str, object]:
    """One bar, worst first; with `legend` the numbers below it, linked where `urls` has an address."""
    known = {str(severity): number for severity, number in counts.items()}
    return {
        "segments": charts.segments(known),
        "legend": [(name, known.get(name, 0), (urls or {}).get(name, "")) for name in charts.SEVERITIES]
        if legend
        else [],
        "words": ", ".join(f"{count(known[name], CAP)} {name}" for name in charts.SEVERITIES if known.get(name))
        or "none",
        "cap": CAP,
    }
