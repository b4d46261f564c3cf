"""Findings brought together: by the fix that ends them, their rule, their asset, their package.

A group is known only when all of its findings are, so that no index ends the walk: of a long list the findings of highest
risk are weighed, as many as a count goes to, and the answer says so.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import QuerySet
from django.db.models.fields.json import KT

from vallum_web.findings.filters import ANY, Filters
from vallum_web.findings.models import Finding
from vallum_web.findings.queries import CAP, matching
from vallum_web.tenancy.models import Org

PAGE = 50
_COLUMNS = {"fix": "fix", "rule": "rule", "asset": "asset_id", "package": "package"}
_SAID = {"asset": "asset__name"} | {name: name for name in ("title", "rule", "package", "upgrade_to", "step")}
_NEEDED = ("id", "asset_id", "severity", "risk", "fix", "rule", "package")


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Findings that have one thing in common; what is said of it in words is said by the worst of them."""

    key: str
    findings: int
    risk: int
    assets: int
    fixes: int
    """How many things are to be done until none is left."""
    severities: Mapping[str, int]
    title: str
    rule: str
    package: str
    asset: str
    upgrade_to: str
    step: str
    """The first step of the remediation, where there is one."""

    @property
    def worst(self) -> str:
        return next(name for name, number in self.severities.items() if number)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """`next` and `previous` are numbers of groups to skip: there are never more groups than findings that are weighed."""

    rows: Sequence[Group]
    total: int
    """How many groups there are."""
    cut: bool
    """Whether there are more findings than were weighed."""
    next: str | None = None
    previous: str | None = None


# Each group's worst finding says what the group is called.
_GROUPS = """
with every as materialized ({branches}),
worst as (select *, {column}::text as key from every order by risk desc, id desc limit %s)
select g.*, count(*) over (), (select count(*) from every) > %s from (
  select key, count(*) as findings, sum(risk) as risk, count(distinct asset_id), count(distinct fix),
    array[count(*) filter (where severity = 4), count(*) filter (where severity = 3), count(*) filter (where severity = 2),
      count(*) filter (where severity = 1), count(*) filter (where severity = 0)],
    (array_agg(id order by risk desc, id desc))[1]
  from worst group by key
) g order by risk desc, key offset %s limit %s
"""


def groups(org: Org, filters: Filters, *, after: str = "") -> Page:
    """One page of what `filters.group` brings together, that with the most risk first."""
    skipped = min(int(after), CAP) if after.isascii() and after.isdecimal() else 0
    # Every index of an order begins with the status, as for the list.
    statuses = Finding.Status.values if filters.status == ANY else [filters.status]
    branches = [matching(org, filters.but(status=status)) for status in statuses]
    rows = _asked([rows for rows in branches if not rows.query.is_empty()], filters.group, skipped)
    shown = rows[:PAGE]
    known = _words(org, [worst for *_, worst, _, _ in shown])
    return Page(
        rows=[_group(row, known) for row in shown],
        total=int(rows[0][-2]) if rows else 0,
        cut=bool(rows and rows[0][-1]),
        next=str(skipped + PAGE) if len(rows) > PAGE else None,
        previous=str(max(skipped - PAGE, 0)) if skipped else None,
    )


def _asked(branches: Sequence[QuerySet[Finding]], by: str, skipped: int) -> list[tuple[Any, ...]]:
    if not branches:
        return []
    parts: list[str] = []
    values: list[Any] = []
    for branch in branches:
        sql, own = branch.order_by("-risk", "-pk").values(*_NEEDED)[: CAP + 1].query.sql_with_params()
        parts.append(f"({sql})")
        values.extend(own)
    asked = _GROUPS.format(branches=" union all ".join(parts), column=_COLUMNS[by])
    with connection.cursor() as cursor:
        cursor.execute(asked, [*values, CAP, CAP, skipped, PAGE + 1])
        return list(cursor.fetchall())


def _words(org: Org, keys: Sequence[UUID]) -> dict[UUID, dict[str, str]]:
    """What the worst of each group says of it."""
    rows = Finding.objects.of(org).filter(pk__in=keys)
    found = rows.annotate(
        upgrade_to=KT("data__remediation__upgrade_to"), step=KT("data__remediation__steps__0")
    ).values("pk", *_SAID.values())
    return {row["pk"]: {name: str(row[column] or "") for name, column in _SAID.items()} for row in found}


def _group(row: tuple[Any, ...], known: Mapping[UUID, Mapping[str, str]]) -> Group:
    key, findings, risk, assets, fixes, severities, worst, *_ = row
    named = zip((severity.label for severity in Finding.Severity), severities, strict=True)
    return Group(
        key=key, findings=findings, risk=int(risk), assets=assets, fixes=fixes, severities=dict(named), **known[worst]
    )
