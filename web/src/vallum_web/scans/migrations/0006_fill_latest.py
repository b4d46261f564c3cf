"""What the scans of each asset said together before it was kept: after the references of its table, which see no tenant's rows."""

from django.db import migrations

FILL = """
insert into scans_latest (id, org_id, asset_id, scan_id, whole, gaps, rulesets, ran)
select vallum_uuid7(), a.org_id, a.id, newest.id, whole.id, tools.gaps,
  coalesce((newest.stats ->> 'rulesets')::integer, 0), coalesce((newest.stats ->> 'ran')::integer, 0)
from assets_asset a
cross join lateral (
  select s.id, s.stats from scans_scan s
  where s.org_id = a.org_id and s.asset_id = a.id and s.status in ('done', 'incomplete') order by s.id desc limit 1
) newest
left join lateral (
  select s.id from scans_scan s
  where s.org_id = a.org_id and s.asset_id = a.id and s.status in ('done', 'incomplete') and s.complete
  order by s.id desc limit 1
) whole on true
cross join lateral (
  select bool_or(each.status = 'incomplete') as gaps from (
    select distinct on (s.tool) s.status from scans_scan s
    where s.org_id = a.org_id and s.asset_id = a.id and s.status in ('done', 'incomplete') order by s.tool, s.id desc
  ) each
) tools;
"""
# Row-level security is forced on the owner too; for this statement it is not. References are checked before it is again.
TABLES = ("assets_asset", "scans_scan", "scans_latest")
BACKFILL = (
    *(f"alter table {table} no force row level security" for table in TABLES),
    FILL,
    "set constraints all immediate",
    *(f"alter table {table} force row level security" for table in TABLES),
)


class Migration(migrations.Migration):
    dependencies = [("scans", "0005_latest")]
    operations = [migrations.RunSQL(list(BACKFILL), migrations.RunSQL.noop)]
