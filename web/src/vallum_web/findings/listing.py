"""What stands around a list of findings, as addresses: tabs, severities, choices, chips."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from vallum_web.findings.counting import Counts
from vallum_web.findings.filters import (
    ANY,
    BY_DUE,
    BY_PATH,
    CHANGES,
    CONFIDENCES,
    DUE,
    KINDS,
    LIVENESS,
    ME,
    NO_PACKAGE,
    NOBODY,
    OPENED,
    SEVERITIES,
    Filters,
    sorts,
)
from vallum_web.findings.group_queries import Group
from vallum_web.findings.group_queries import Page as Groups
from vallum_web.findings.models import Finding, View
from vallum_web.findings.queries import CAP

SORT_LABELS = {
    "-risk": "Highest risk first",
    "-severity": "Worst severity first",
    "-opened": "Newest first",
    "opened": "Oldest first",
    BY_PATH: "By path",
    BY_DUE: "Due first",
}

SINCE = {"24h": "within 24 hours", "7d": "within 7 days", "30d": "within 30 days"}
GROUP_LABELS = {"fix": "By fix", "rule": "By rule", "asset": "By asset", "package": "By package"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A way to another state of the list. `count` is capped; None where it is not counted."""

    label: str
    url: str
    count: int | None = None
    current: bool = False
    key: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Select:
    name: str
    label: str
    value: str
    options: tuple[tuple[str, str], ...]
    more: int = 0
    """How many there are beyond these."""
    title: str = ""
    """What it is called to those who do not see it, where the label is one of its states."""


def tabs(base: str, filters: Filters, counts: Counts) -> list[Link]:
    known = [
        Link(
            label=status.label,
            url=base + filters.but(status=status.value).query(),
            count=counts.statuses[status.value],
            current=filters.status == status.value,
        )
        for status in Finding.Status
    ]
    return [*known, Link(label="Any", url=base + filters.but(status=ANY).query(), current=filters.status == ANY)]


def severities(base: str, filters: Filters, counts: Counts) -> list[Link]:
    """Each severity as a switch, with what it would show."""
    return [
        Link(
            label=name.capitalize(),
            key=name,
            url=base + filters.but(severities=_switched(filters.severities, name)).query(),
            count=counts.severities[name],
            current=name in filters.severities,
        )
        for name in SEVERITIES
    ]


def _switched(values: tuple[str, ...], value: str) -> tuple[str, ...]:
    return tuple(v for v in SEVERITIES if (v in values) != (v == value))


def saved(base: str, filters: Filters, views: Sequence[View]) -> list[Link]:
    """Saved views as ways to their lists; the key says whose."""
    return [
        Link(
            label=view.name,
            key="shared" if view.shared else "own",
            url=f"{base}?{view.query}" if view.query else base,
            current=filters.query() == (f"?{view.query}" if view.query else ""),
        )
        for view in views
    ]


def exploited(base: str, filters: Filters) -> Link:
    """What is known to be exploited, as a switch."""
    url = base + filters.but(exploited=not filters.exploited).query()
    return Link(label="Known exploited", key="exploited", url=url, current=filters.exploited)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """What can be chosen by name: assets, people and teams of the organization."""

    assets: Mapping[UUID, str]
    people: Mapping[UUID, str]
    teams: Mapping[UUID, str]
    more_assets: int = 0

    @property
    def assignees(self) -> tuple[tuple[str, str], ...]:
        """People as a filter offers them."""
        return ((ME, "Me"), (NOBODY, "Nobody"), *((str(key), name) for key, name in self.people.items()))


def selects(filters: Filters, choices: Choices) -> list[Select]:
    return [
        Select(
            name="asset",
            label="All assets",
            value=str(filters.asset or ""),
            options=tuple((str(key), name) for key, name in choices.assets.items()),
            more=choices.more_assets,
        ),
        Select(
            name="kind",
            label="All kinds",
            value=filters.kinds[0] if filters.kinds else "",
            options=tuple((kind, kind.capitalize()) for kind in KINDS),
        ),
        Select(
            name="confidence",
            label="Any confidence",
            value=filters.confidences[0] if filters.confidences else "",
            options=tuple((name, f"{name.capitalize()} confidence") for name in CONFIDENCES),
        ),
        Select(name="assignee", label="Anybody's", value=filters.assignee, options=choices.assignees),
        *(
            [
                Select(
                    name="team",
                    label="Any team",
                    value=str(filters.team or ""),
                    options=tuple((str(key), name) for key, name in choices.teams.items()),
                )
            ]
            if choices.teams
            else []
        ),
        Select(name="due", label="Any due date", value=filters.due, options=tuple(DUE.items())),
        Select(name="liveness", label="Live or not", value=filters.liveness, options=tuple(LIVENESS.items())),
        Select(name="since", label="Any time", value=filters.since, options=_times(filters)),
        Select(
            name="group", label="One by one", title="Grouping", value=filters.group, options=tuple(GROUP_LABELS.items())
        ),
        # Groups have an order of their own.
        *([] if filters.group else [Select(name="sort", label="", value=filters.sort, options=_orders(filters))]),
    ]


def _orders(filters: Filters) -> tuple[tuple[str, str], ...]:
    known = sorts(filters.asset, filters.due)
    labels = {name: label for name, label in SORT_LABELS.items() if name.removeprefix("-") in known}
    return tuple((labels | {filters.sort: SORT_LABELS.get(filters.sort, "As sorted")}).items())


def chips(base: str, filters: Filters, choices: Choices) -> list[Link]:
    """Each narrowing as a link to the list without it."""

    def chip(label: str, **without: Any) -> Link:
        return Link(label=label, url=base + filters.but(**without).query())

    found = [chip(f"“{filters.text}”", text="")] if filters.text else []
    found += [chip(name, severities=_switched(filters.severities, name)) for name in filters.severities]
    found += [chip(name, kinds=tuple(k for k in filters.kinds if k != name)) for name in filters.kinds]
    found += [
        chip(f"{name} confidence", confidences=tuple(c for c in filters.confidences if c != name))
        for name in filters.confidences
    ]
    if filters.asset:
        found.append(chip(f"asset: {choices.assets.get(filters.asset, 'unknown')}", asset=None))
    if filters.assignee:
        found.append(
            chip(f"assigned to: {dict(choices.assignees).get(filters.assignee, 'a former member')}", assignee="")
        )
    if filters.team:
        found.append(chip(f"team: {choices.teams.get(filters.team, 'unknown')}", team=None))
    plain = (
        ("due", "", DUE.get(filters.due, "").lower()),
        ("exploited", False, "known exploited" if filters.exploited else ""),
        ("liveness", "", LIVENESS.get(filters.liveness, "").lower()),
        ("fix", "", "ended by one fix" if filters.fix else ""),
    )
    found += [chip(label, **{name: without}) for name, without, label in plain if label]
    if filters.change:
        found.append(chip(_changed(filters), since="", change=""))
    if filters.package:
        about = "no package" if filters.package == NO_PACKAGE else f"package: {filters.package}"
        found.append(chip(about, package=""))
    return found + ([chip(f"rule: {filters.rule}", rule="")] if filters.rule else [])


def _changed(filters: Filters) -> str:
    """`came back within 7 days`, `opened since 2026-11-20`."""
    at = filters.from_moment
    since = SINCE.get(filters.since) or (f"since {at:%Y-%m-%d %H:%M} UTC" if at else "")
    return f"{CHANGES[filters.change].lower()} {since.removesuffix(' 00:00 UTC')}"


def _times(filters: Filters) -> tuple[tuple[str, str], ...]:
    """Since when something happened: what it was stays as it is."""
    change = filters.change or OPENED
    known = {age: f"{CHANGES[change]} {words}" for age, words in SINCE.items()}
    chosen = {filters.since: _changed(filters).capitalize()} if filters.since else {}
    return tuple((known | chosen).items())


def shown(rows: int, counts: Counts) -> str:
    """`50 of 10,000+ findings`, or `7 findings` when these are all."""
    if rows >= counts.total:
        return "1 finding" if rows == 1 else f"{rows:,} findings"
    return f"{rows:,} of {f'{CAP:,}+' if counts.total == CAP + 1 else f'{counts.total:,}'} findings"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A group as the list shows it."""

    group: Group
    name: str
    sub: str
    """The rule's id, where the name is a sentence."""
    ends: str
    """What to do about it; empty where nothing is known."""
    url: str
    """The list of its findings."""
    first_url: str
    """Its worst findings alone."""
    fixes_url: str
    """Its fixes, where there are several."""


def group(base: str, first: str, filters: Filters, group: Group) -> Line:
    narrowed = filters.within(group.key)
    by = filters.group
    upgrade = _upgrade(group)
    named = {
        "fix": upgrade or group.title,
        "rule": group.title,
        "asset": group.asset,
        "package": group.package or "No package",
    }
    several = by != "fix" and group.fixes > 1
    ended = "" if by == "fix" and upgrade else upgrade or group.step
    return Line(
        group=group,
        name=named[by],
        sub=group.rule if by == "rule" or (by == "fix" and not upgrade) else "",
        ends=f"{group.fixes:,} fixes" if several else ended,
        url=base + narrowed.query(),
        first_url=first + filters.query(of=group.key),
        fixes_url=base + narrowed.but(group="fix").query() if several else "",
    )


def _upgrade(group: Group) -> str:
    """`Upgrade left-pad 1.2 → 1.4`; empty where no upgrade ends it."""
    return f"Upgrade {group.package} → {group.upgrade_to}" if group.package and group.upgrade_to else ""


def shown_groups(page: Groups) -> str:
    """`50 of 213 groups`, or `7 groups` when these are all."""
    if len(page.rows) == page.total:
        return "1 group" if page.total == 1 else f"{page.total:,} groups"
    return f"{len(page.rows):,} of {page.total:,} groups"
