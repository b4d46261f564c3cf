"""A row of the worklist as HTML. A list has fifty: as a template they took two thirds of the time of its page."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString

from vallum_web.findings.models import Finding
from vallum_web.ui import ago, legible
from vallum_web.ui.templatetags.ui import kept, legibly, moment

SOON = timedelta(days=7)
_TITLE, _ASSET = 60, 28
_HERE = 'hx-boost="true" hx-target="#panel" hx-swap="innerHTML show:none"'
# What is swapped in place after every change; actions inherit where they lead from the part around them.
_ROW = (
    '<tr id="finding-{key}" data-row data-status="{status}" hx-sync="#panel:replace"{current}{oob}>{pick}'
    '<td class="fit">{severity}</td>'
    f'<td class="grow"><div class="entry"><a class="clip" href="{{url}}{{query}}" data-open {_HERE} hx-push-url="true">'
    '{title}</a><span class="sub clip">{badges}{package}<code>{path}:{line}</code></span></div></td>'
    '<td class="fit"><a class="tag" href="{asset_url}" hx-boost="false">{asset}</a></td>'
    '<td class="fit"{sync}>{worth}</td><td class="fit if-wide">{due}</td>'
    '<td class="fit num muted if-wide">{age}</td>'
    f'<td class="fit if-wide"><div class="row-actions" {_HERE} hx-push-url="{{url}}{{query}}">{{actions}}</div></td></tr>\n'
)
_PICK = (
    '<td class="fit if-wide"><input type="checkbox" name="finding" value="{}" form="bulk" aria-label="Select: {}"'
    ' data-pick data-key="x"></td>'
)
_ACTION = '<a class="button small" href="{{url}}{0}/{{query}}" data-key="{1}">{2} <kbd>{1}</kbd></a>'
_TICKET = _ACTION.format("ticket", "t", "Ticket")
_DECIDE = _ACTION.format("assign", "a", "Assign") + _TICKET
_ALL = _ACTION.format("suppress", "s", "Suppress") + _DECIDE
_EXPLOITED = SafeString('<b class="badge-exploited">Exploited</b> · ')
_LIVE = SafeString('<b class="badge-exploited">Live</b> · ')
_NONE = SafeString("")


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What the rows of one list share."""

    list_url: str
    assets_url: str
    query: str
    may: Collection[str]
    now: datetime
    current: UUID | None = None
    """The finding that is open beside the list."""


def row(finding: Finding, around: Around, *, undo: SafeString = _NONE, oob: bool = False) -> SafeString:
    """`undo`: the offer to take back what just happened, instead of its risk. `oob`: not where the answer goes, but where it stands."""
    key = str(finding.pk)
    url, query = conditional_escape(f"{around.list_url}{key}/"), conditional_escape(around.query)
    opened = finding.status == Finding.Status.OPEN
    decides = "findings.decide" in around.may
    return format_html(
        _ROW,
        key=key,
        status=finding.status,
        current=SafeString(' aria-current="true"') if finding.pk == around.current else _NONE,
        oob=SafeString(' hx-swap-oob="true"') if oob else _NONE,
        pick=format_html(_PICK, key, legible.words(_short(finding.title, _TITLE))) if decides else _NONE,
        severity=kept("ui/_severity.html", severity=finding.get_severity_display()),
        url=url,
        query=query,
        title=legibly(finding.title),
        badges=_badges(finding),
        package=format_html("{} · ", legibly(finding.package)) if finding.package else _NONE,
        path=legibly(finding.path),
        line=finding.line,
        asset_url=f"{around.assets_url}{finding.asset_id}/",
        asset=legibly(_short(finding.asset.name, _ASSET)),
        sync=SafeString(' hx-sync="this"') if undo else _NONE,
        worth=undo or _worth(finding),
        due=due(finding.due_at, around.now) if opened else _NONE,
        age=moment(finding.opened_at, around.now),
        actions=format_html(_ALL if decides and opened else _DECIDE if decides else _TICKET, url=url, query=query),
    )


def _badges(finding: Finding) -> SafeString:
    if finding.exploited:
        return _EXPLOITED
    return _LIVE if finding.liveness == Finding.Liveness.LIVE else _NONE


def _worth(finding: Finding) -> SafeString:
    if finding.status == Finding.Status.OPEN:
        return kept("ui/_risk.html", risk=finding.risk)
    return kept("ui/_status.html", status=finding.status)


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def due(at: datetime | None, now: datetime) -> SafeString:
    """How long there is until the day it should have ended, or since; the exact time on hover."""
    if at is None:
        return _NONE
    left = at - now
    late = left < timedelta(0)
    words = ago.in_words(at, now)
    return format_html(
        '<time class="due" data-due="{}" datetime="{}" title="Due {}">{}</time>',
        "late" if late else "soon" if left < SOON else "",
        at.isoformat(),
        f"{at:%Y-%m-%d %H:%M} UTC",
        f"{words.removesuffix(' ago')} late" if late else words,
    )
