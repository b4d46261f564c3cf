"""How many findings a list holds, and would hold of each status and severity."""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from django.db import connection

from vallum_web.findings import tallies
from vallum_web.findings.filters import ANY, SEVERITIES, Filters
from vallum_web.findings.models import Finding
from vallum_web.findings.queries import SEARCH_LIMIT, Found, capped, matching
from vallum_web.findings.words import tsquery
from vallum_web.tenancy.models import Org


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How many findings there are beside the list. Where they had to be counted, `CAP + 1` means more than `CAP`."""

    total: int
    statuses: Mapping[str, int]
    severities: Mapping[str, int]
    found: Found | None = None
    """What the search gave, where one was asked."""

    @property
    def search_cut(self) -> bool:
        """Whether the search stopped at its limit: the numbers are of so many matches, and there are more."""
        return self.found is not None and self.found.cut


def counts(org: Org, filters: Filters) -> Counts:
    """The list's size, and what each status and severity would hold under the other filters: one query."""
    if filters.text:
        return _counts_of_search(org, filters)
    if filters.tallied:
        return _counts_of_tally(org, filters)
    statuses = [filters.but(status=status) for status in Finding.Status.values]
    severities = [filters.but(severities=(severity,)) for severity in SEVERITIES]
    total, *rest = capped([matching(org, narrowed) for narrowed in (filters, *statuses, *severities)])
    return Counts(
        total=total,
        statuses=dict(zip(Finding.Status.values, rest, strict=False)),
        severities=dict(zip(SEVERITIES, rest[len(statuses) :], strict=True)),
    )


def _counts_of_tally(org: Org, filters: Filters) -> Counts:
    known = tallies.of(org, filters.asset)
    statuses = () if filters.status == ANY else (filters.status,)
    severities, kinds = filters.severities, filters.kinds
    return Counts(
        total=known.count(statuses=statuses, severities=severities, kinds=kinds),
        statuses={s: known.count(statuses=(s,), severities=severities, kinds=kinds) for s in Finding.Status.values},
        severities={s: known.count(statuses=statuses, severities=(s,), kinds=kinds) for s in SEVERITIES},
    )


def _counts_of_search(org: Org, filters: Filters) -> Counts:
    """The same of what a search found, which is never more than its limit: the search runs once, not once per number."""
    rows = matching(org, filters.but(status=ANY, severities=(), text="")).order_by().values("pk", "status", "severity")
    sql, values = rows.query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(_SEARCHED.format(rows=sql), [tsquery(filters.text), *values])
        cells, keys, size = cursor.fetchone()
    found = Counter(
        {(status, Finding.Severity(severity).label): n for status, severity, n in json.loads(cells or "[]")}
    )
    statuses = Finding.Status.values if filters.status == ANY else [filters.status]
    severities = filters.severities or SEVERITIES
    of_status = {status: sum(found[status, severity] for severity in severities) for status in Finding.Status.values}
    of_severity = {severity: sum(found[status, severity] for status in statuses) for severity in SEVERITIES}
    return Counts(
        total=sum(of_status[status] for status in statuses),
        statuses=of_status,
        severities=of_severity,
        found=Found(keys=keys or "{}", cut=size >= SEARCH_LIMIT),
    )


_SEARCHED = """
with found as materialized (select search_findings(%s) as id), cell as (
  select m.status, m.severity, count(*) as n from ({rows}) m join found on found.id = m.pk group by m.status, m.severity
)
select (select json_agg(json_build_array(status, severity, n))::text from cell),
  (select array_agg(id)::text from found), (select count(*) from found)
"""
