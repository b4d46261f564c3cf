"""The record's history: what today looks like, written over what this morning looked like."""

from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import UUID

from django.db import connection

from vallum_web.findings.models import Day
from vallum_web.tenancy import clock
from vallum_web.tenancy.scope import scope

MEASURE = "findings.measure"
KEPT = timedelta(days=730)

# One pass over the organization's findings. Before its first scan there is nothing to tell of.
_TODAY = """
insert into findings_day (id, org_id, day, severity, open, suppressed, risk_open, risk_suppressed, opened, reopened, resolved,
  hidden, median_seconds, measured_at)
select vallum_uuid7(), %(org)s, %(day)s, s.severity,
  count(*) filter (where f.status = 'open'), count(*) filter (where f.status = 'suppressed'),
  coalesce(sum(f.risk) filter (where f.status = 'open'), 0), coalesce(sum(f.risk) filter (where f.status = 'suppressed'), 0),
  count(*) filter (where f.opened_at >= %(from)s), count(*) filter (where f.reopened_at >= %(from)s),
  count(*) filter (where f.resolved_at >= %(from)s), count(*) filter (where d.finding_id is not null),
  percentile_cont(0.5) within group (order by extract(epoch from f.resolved_at - greatest(f.opened_at, f.reopened_at)))
    filter (where f.resolved_at >= %(from)s),
  %(now)s
from generate_series(0, 4) s(severity)
left join findings_finding f on f.org_id = %(org)s and f.severity = s.severity
left join (
  select distinct finding_id from findings_decision where org_id = %(org)s and made_at >= %(from)s
) d on d.finding_id = f.id
where exists (select from scans_scan where org_id = %(org)s and status in ('done', 'incomplete'))
group by s.severity
on conflict (org_id, day, severity) do update set (open, suppressed, risk_open, risk_suppressed, opened, reopened, resolved,
  hidden, median_seconds, measured_at) = (excluded.open, excluded.suppressed, excluded.risk_open, excluded.risk_suppressed,
  excluded.opened, excluded.reopened, excluded.resolved, excluded.hidden, excluded.median_seconds, excluded.measured_at)
"""


def measure(org: UUID) -> None:
    """Write today's rows of the history, and let go of those that are too old."""
    now = clock.now()
    values: dict[str, Any] = {
        "org": org,
        "day": now.date(),
        "now": now,
        "from": datetime.combine(now.date(), time(), UTC),
    }
    with scope(org), connection.cursor() as cursor:
        cursor.execute(_TODAY, values)
        Day.objects.of(org).filter(day__lt=now.date() - KEPT).delete()
