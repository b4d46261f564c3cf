"""What stands around a list of findings, as addresses: tabs, severities, choices, chips."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from vallum_web.findings.filters import (
    ANY,
    BY_DUE,
    BY_PATH,
    CONFIDENCES,
    DUE,
    KINDS,
    ME,
    NOBODY,
    SEVERITIES,
    Filters,
    sorts,
)
from vallum_web.findings.models import Finding, View
from vallum_web.findings.queries import CAP, Counts

SORT_LABELS = {
    "-risk": "Highest risk first",
    "-severity": "Worst severity first",
    "-opened": "Newest first",
    "opened": "Oldest first",
    BY_PATH: "By path",
    BY_DUE: "Due first",
}


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
        Select(
            name="sort",
            label="",
            value=filters.sort,
            options=_orders(filters),
        ),
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
    if filters.due:
        found.append(chip(DUE[filters.due].lower(), due=""))
    if filters.exploited:
        found.append(chip("known exploited", exploited=False))
    if filters.fix:
        found.append(chip("ended by one fix", fix=""))
    return found + ([chip(f"rule: {filters.rule}", rule="")] if filters.rule else [])


def shown(rows: int, counts: Counts) -> str:
    """`50 of 10,000+ findings`, or `7 findings` when these are all."""
    if rows >= counts.total:
        return "1 finding" if rows == 1 else f"{rows:,} findings"
    return f"{rows:,} of {f'{CAP:,}+' if counts.total > CAP else f'{counts.total:,}'} findings"
