"""When the findings of an asset were last seen: by the newest scan whose rules met a place of theirs.

A scan that ran the rule set of a place has met it, or has ended it, or is noted there as the first one that missed it. So a place was
seen by each scan of its rule set from its first one to before the one that it is gone or missed since. Places are many, such
intervals few: what is asked of scans is asked once for each interval.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

_MOMENT = "coalesce({0}.finished_at, {0}.started_at, {0}.requested_at)"
_STATEMENTS = (
    f"""
create temp table looked on commit drop as
select distinct c.ruleset, {_MOMENT.format("s")} as at from scans_scan s
join scans_coverage c on c.org_id = %(org)s and c.scan_id = s.id and c.verdict = 'ran'
where s.org_id = %(org)s and s.asset_id = %(asset)s
""",  # noqa: S608 - of fixed parts
    """
create temp table place on commit drop as
select o.finding_id, o.ruleset, o.first_scan_id, coalesce(o.missed_scan, o.gone_scan_id) as last_scan_id from findings_finding f
join findings_occurrence o on o.org_id = %(org)s and o.finding_id = f.id
where f.org_id = %(org)s and f.asset_id = %(asset)s
""",
    "analyze looked",
    "analyze place",
    f"""
create temp table span on commit drop as
select n.*, greatest(n.since, (
  select max(l.at) from looked l where l.ruleset = n.ruleset and l.at >= n.since and (n.until is null or l.at < n.until))) as at
from (
  select p.*, {_MOMENT.format("a")} as since, {_MOMENT.format("b")} as until
  from (select distinct ruleset, first_scan_id, last_scan_id from place) p
  join scans_scan a on a.org_id = %(org)s and a.id = p.first_scan_id
  left join scans_scan b on b.org_id = %(org)s and b.id = p.last_scan_id
) n
""",  # noqa: S608 - of fixed parts
    """
create temp table aged on commit drop as
select p.finding_id, max(s.at) as at from place p join span s
  on s.ruleset = p.ruleset and s.first_scan_id = p.first_scan_id and s.last_scan_id is not distinct from p.last_scan_id
group by p.finding_id
""",
)
_COUNT = (
    "delete from findings_seenon where org_id = %(org)s and asset = %(asset)s",
    """
insert into findings_seenon (id, org_id, asset, day, oldest, findings, scan)
select vallum_uuid7(), %(org)s, %(asset)s, day, min(at), count(*), %(scan)s
from (select at, (at at time zone 'utc')::date as day from aged) a group by day
""",
    # The commit would do it, but one transaction may hold several of them.
    "drop table looked, place, span, aged",
    "drop table if exists going",
)
# In the order of their references; words and tallies follow by triggers.
_GOING = "finding_id in (select finding_id from going)"
_DELETE = (
    "create temp table going on commit drop as select finding_id from aged where at < %(before)s limit %(most)s",
    *(
        f"delete from findings_{table} where org_id = %(org)s and {_GOING}"  # noqa: S608 - names of this list
        for table in ("occurrence", "alias", "identity", "decision", "comment")
    ),
    "delete from tenancy_event where org_id = %(org)s and subject in (select finding_id from going)",
    "delete from findings_finding where org_id = %(org)s and asset_id = %(asset)s and id in (select finding_id from going)",
)


def measure(org: UUID, asset: UUID) -> None:
    """Make `aged` (finding, moment it was last seen), for this transaction. Inside the organization's scope."""
    _run(_STATEMENTS, {"org": org, "asset": asset})


def count(org: UUID, asset: UUID, scan: UUID) -> None:
    """Keep how many of `aged` were last seen on each day, and let go of it. Whoever counts holds the asset."""
    _run(_COUNT, {"org": org, "asset": asset, "scan": scan})


def expire(org: UUID, asset: UUID, before: datetime, most: int) -> int:
    """Delete those of `aged` that were last seen before this moment, at most so many, with all that is theirs; says how many.

    Once in a transaction.
    """
    values = {"org": org, "asset": asset, "before": before, "most": most}
    _run(_DELETE, values)
    return _run(("delete from aged where finding_id in (select finding_id from going)",), values)


def _run(statements: tuple[str, ...], values: dict[str, Any]) -> int:
    touched = 0
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement, values)
            touched = cursor.rowcount
    return touched
