"""A record as large organizations have it: written by SQL, in the shapes and proportions of real scans."""

import os
import time
from uuid import UUID

import psycopg
from allauth.account.models import EmailAddress

from vallum_web.accounts import services as accounts
from vallum_web.accounts.legal.services import settle
from vallum_web.accounts.models import Acceptance, User
from vallum_web.assets import services as assets
from vallum_web.scans import services as scans
from vallum_web.tenancy.models import Org

PER_ASSET = 2_000
# One in fifty is resolved each way or hidden, and severities are as skewed as scanners leave them.
_FILL = """
insert into findings_finding (id, org_id, asset_id, fingerprint, kind, ruleset, rule, severity, confidence, risk, title,
  message, path, line, package, data, cve, base, exploited, content, status, ending, opened_at, changed_at, resolved_at, due_at)
select vallum_uuid7(), %(org)s, (%(assets)s::uuid[])[1 + n %% cardinality(%(assets)s::uuid[])], 'bench/1:' || md5(n::text), kind,
  kind, 'rule-' || n %% 700, severity, n %% 3, (severity * 20 + n %% 20)::smallint,
  'Finding ' || n || ' about ' || (array['credentials','injection','overflow','configuration','traversal'])[1 + n %% 5],
  'Something that a scanner would say in a sentence or two, number ' || n || ' of many, with words such as w' || n %% 5000,
  'src/package_' || n %% 300 || '/module_' || n %% 40000 || '.py', 1 + n %% 900, 'package-' || n %% 900 || ' 1.' || n %% 30,
  '{"remediation": {"steps": ["Do the one thing.", "Then the other."]}}',
  case when n %% 3 = 0 then 'CVE-20' || 10 + n %% 16 || '-' || 1000 + n %% 60000 else '' end, severity * 2, n %% 400 = 0, '',
  status, case when status = 'resolved' then 'fixed' else '' end, now() - n %% 300 * interval '1 day', now(),
  case when status = 'resolved' then now() end, now() + (n %% 200 - 20) * interval '1 day'
from (
  select n, (array['vulnerability','weakness','secret','misconfiguration'])[1 + n %% 4] as kind,
    (array[0,1,1,2,2,2,2,3,3,4])[1 + n %% 10] as severity,
    case when n %% 50 < 8 then 'resolved' when n %% 50 = 8 then 'suppressed' else 'open' end as status
  from generate_series(1, %(rows)s) n
) made
"""
_WORDS = "select sum(findings_missing_words(asset, 1000000)) from unnest(%s::uuid[]) asset"
# What the platform writes where a scan ends: one of each organization did.
_LATEST = """
insert into scans_latest (id, org_id, asset_id, scan_id, gaps, rulesets, ran)
select vallum_uuid7(), org_id, asset_id, id, false, 0, 0 from scans_scan where org_id = %s
"""


# Indexes are made after the rows: one by one with each row they would take the most of an hour.
_INDEXES = """
select indexname, indexdef from pg_indexes i where tablename in ('findings_finding', 'findings_words')
  and not exists (select from pg_constraint where conname = i.indexname)
"""


def organizations(rows: int, others: int, each: int) -> tuple[Org, Org]:
    """The large organization, and one of those beside it."""
    started = time.monotonic()
    owner = User.objects.create_user("bench@example.test", "correct horse battery")
    settle(owner, Acceptance.Method.LATER)
    EmailAddress.objects.create(user=owner, email=owner.email, verified=True, primary=True)
    made = [_organization(owner, 0, max(1, rows // PER_ASSET))]
    made += [_organization(owner, number, 5) for number in range(1, others + 1)]
    with psycopg.connect(os.environ["DATABASE_OWNER_URL"]) as connection:
        indexes = connection.execute(_INDEXES).fetchall()
        for name, _ in indexes:
            connection.execute(f"drop index {name}".encode())
        for number, (org, keys) in enumerate(made):
            connection.execute("select set_config('app.org_id', %s, true)", [str(org.pk)])
            connection.execute("update scans_scan set status = 'done', finished_at = now() where org_id = %s", [org.pk])
            connection.execute(_LATEST, [org.pk])
            connection.execute(_FILL, {"org": org.pk, "assets": keys, "rows": rows if number == 0 else each})
            connection.execute(_WORDS, [keys])
            connection.commit()
        connection.execute("set maintenance_work_mem = '1GB'")
        for _, definition in indexes:
            connection.execute(definition.encode())
        connection.commit()
        connection.autocommit = True
        connection.execute("vacuum analyze")
        size = connection.execute(
            "select pg_total_relation_size('findings_finding') + pg_total_relation_size('findings_words')"
        ).fetchone()
    total = rows + each * others
    print(
        f"{total:,} findings, {others + 1:,} organizations, {size[0] / total:,.0f} bytes each, {time.monotonic() - started:.0f} s"
    )
    return made[0][0], made[-1][0]


def _organization(owner: User, number: int, count: int) -> tuple[Org, list[UUID]]:
    org = accounts.found(f"Bench {number}", f"bench-{number}", owner)
    rows = [assets.add(org, "repository", f"asset-{n}", None) for n in range(count)]
    scans.uploaded(rows[0], None)
    return org, [row.pk for row in rows]
