"""The record's history: what today looks like, written over what this morning looked like."""

from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import UUID

from django.db import connection

from vallum_web.findings.models import Day
from vallum_web.tenancy import clock
from vallum_web.tenancy.keys import not_before
from vallum_web.tenancy.scope import scope

MEASURE = "findings.measure"
KEPT = timedelta(days=730)

# What is there comes from the tally, what happened today from the ends of indexes. Before its first scan there is nothing to tell of.
_TODAY = """
insert into findings_day (id, org_id, day, severity, open, suppressed, risk_open, risk_suppressed, opened, reopened, resolved,
  hidden, median_seconds, measured_at)
select vallum_uuid7(), %(org)s, %(day)s, s.severity, coalesce(t.open, 0), coalesce(t.suppressed, 0), coalesce(t.risk_open, 0),
  coalesce(t.risk_suppressed, 0), coalesce(o.n, 0), coalesce(b.n, 0), coalesce(r.n, 0), coalesce(h.n, 0), r.median, %(now)s
from generate_series(0, 4) s(severity)
left join (
  select severity, sum(findings) filter (where status = 'open') as open,
    sum(findings) filter (where status = 'suppressed') as suppressed, sum(risk) filter (where status = 'open') as risk_open,
    sum(risk) filter (where status = 'suppressed') as risk_suppressed
  from findings_tally where org_id = %(org)s and asset is null group by severity
) t on t.severity = s.severity
left join (
  select severity, count(*) as n from findings_finding
  where org_id = %(org)s and id >= %(key)s and opened_at >= %(from)s group by severity
) o on o.severity = s.severity
left join (
  select severity, count(*) as n from findings_finding
  where org_id = %(org)s and reopened_at is not null and reopened_at >= %(from)s group by severity
) b on b.severity = s.severity
left join (
  select severity, count(*) as n,
    percentile_cont(0.5) within group (order by extract(epoch from resolved_at - greatest(opened_at, reopened_at))) as median
  from findings_finding where org_id = %(org)s and status = 'resolved' and resolved_at >= %(from)s group by severity
) r on r.severity = s.severity
left join (
  select f.severity, count(distinct f.id) as n from findings_decision d
  join findings_finding f on f.org_id = %(org)s and f.id = d.finding_id
  where d.org_id = %(org)s and d.id >= %(key)s and d.made_at >= %(from)s group by f.severity
) h on h.severity = s.severity
where exists (select from scans_scan where org_id = %(org)s and status in ('done', 'incomplete'))
on conflict (org_id, day, severity) do update set (open, suppressed, risk_open, risk_suppressed, opened, reopened, resolved,
  hidden, median_seconds, measured_at) = (excluded.open, excluded.suppressed, excluded.risk_open, excluded.risk_suppressed,
  excluded.opened, excluded.reopened, excluded.resolved, excluded.hidden, excluded.median_seconds, excluded.measured_at)
"""


def measure(org: UUID) -> None:
    """Write today's rows of the history, and let go of those that are too old."""
    now = clock.now()
    start = datetime.combine(now.date(), time(), UTC)
    values: dict[str, Any] = {"org": org, "day": now.date(), "now": now, "from": start, "key": not_before(start)}
    with scope(org), connection.cursor() as cursor:
        cursor.execute(_TODAY, values)
        Day.objects.of(org).filter(day__lt=now.date() - KEPT).delete()
