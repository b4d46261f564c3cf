"""What findings weigh and by when they should end, anew: after a feed, an asset or the organization's rules changed."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from django.db import connection

from vallum_web.advisories import queries as advisories
from vallum_web.assets.services import lock
from vallum_web.findings import due, due_queries, hiding
from vallum_web.findings.models import DueRule, FeedMark, Finding
from vallum_web.tenancy.events import emit
from vallum_web.tenancy.jobs import enqueue
from vallum_web.tenancy.models import Org
from vallum_web.tenancy.scope import scope

WEIGH = "findings.weigh"

# Only rows whose numbers change are written. A finding that was reopened counts its days from then.
_WEIGH = """
with weighed as (
  update findings_finding f set risk = n.risk, exploited = n.exploited, due_at = n.due_at from (
    select f.id, f.exploited as was, coalesce(t.kev_added is not null, false) as exploited,
      vallum_risk(f.base::real, t.epss, t.kev_added is not null, a.exposure, a.importance, f.reachability, f.confidence,
        f.liveness) as risk,
      greatest(f.opened_at, f.reopened_at)
        + (%(due)s::jsonb -> a.importance::text ->> f.severity::text)::integer * interval '1 day' as due_at
    from findings_finding f join assets_asset a on a.org_id = %(org)s and a.id = f.asset_id
    left join advisories_threat t on t.cve = f.cve
    where f.org_id = %(org)s and f.status <> 'resolved' and {which}
  ) n where f.org_id = %(org)s and f.id = n.id
    and (f.risk, f.exploited, f.due_at) is distinct from (n.risk, n.exploited, n.due_at)
  returning f.id, n.was <> n.exploited as turned
)
select count(*), coalesce(array_agg(id) filter (where turned), '{{}}') from weighed
"""


def weigh_asset(org: UUID, asset: UUID, *, since: datetime | None = None) -> int:
    """Weigh the findings of one asset that have not ended, or only those whose threat changed since; how many changed."""
    which = "f.asset_id = %(asset)s" + (" and t.changed_at > %(since)s" if since else "")
    with scope(org), connection.cursor() as cursor:
        lock(asset)
        cursor.execute(
            _WEIGH.format(which=which),
            {"org": org, "due": due.written(due_queries.due_rules(org)), "asset": asset, "since": since},
        )
        changed, turned = cursor.fetchone()
        if turned:  # exploited since, or no longer: a suppression rule may speak of it
            hiding.follow(org, hiding.KEYS, keys=turned)
        return int(changed)


_AFFECTED = """
select distinct f.asset_id from findings_finding f join advisories_threat t on t.cve = f.cve
where f.org_id = %(org)s and f.cve <> '' and f.status <> 'resolved' and t.changed_at > %(since)s
"""


def follow_feeds(org: UUID) -> int:
    """Weigh what the feeds changed since this organization's findings were last weighed for them; how many changed."""
    with scope(org), connection.cursor() as cursor:
        mark, _ = FeedMark.objects.get_or_create(org_id=org)
        newest = advisories.changed_until()
        if newest is None or newest <= mark.up_to:
            return 0
        cursor.execute(_AFFECTED, {"org": org, "since": mark.up_to})
        assets = [row[0] for row in cursor.fetchall()]
    changed = sum(weigh_asset(org, asset, since=mark.up_to) for asset in assets)
    with scope(org):
        FeedMark.objects.of(org).update(up_to=newest)
    return changed


def set_due_rules(org: Org, by: UUID, wanted: Mapping[tuple[int, int], due.Days]) -> None:
    """Say by when findings should have ended; what equals the default is not kept. Dates follow as a job."""
    with scope(org.pk, user=by):
        before = due_queries.due_rules(org)
        own = {key: days for key, days in wanted.items() if days != due.table({})[key]}
        DueRule.objects.of(org).delete()
        DueRule.objects.bulk_create(
            DueRule(org=org, severity=severity, importance=importance, days=days)
            for (severity, importance), days in sorted(own.items())
        )
        changed = {key: days for key, days in due_queries.due_rules(org).items() if before[key] != days}
        if changed:
            emit("due.changed", org.pk, rules=[[*key, days] for key, days in sorted(changed.items())])
            enqueue(WEIGH, org=org.pk, lock=f"weigh:{org.pk}")


def weigh_everything(org: UUID) -> int:
    """Asset by asset, each in a transaction of its own."""
    with scope(org):
        assets = list(Finding.objects.of(org).values_list("asset", flat=True).distinct())
    return sum(weigh_asset(org, asset) for asset in assets)
