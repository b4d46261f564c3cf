"""What a digest leaves to be done beside the next one: counts put together, words put in their places."""

from uuid import UUID

from django.db import connection

from vallum_web.tenancy.scope import scope

SETTLE = "findings.settle"

# Rows that somebody else is putting together are left to them; a sum over what is there is right at every moment.
_FOLD = """
with taken as (
  delete from findings_tally where id in (select id from findings_tally where org_id = %(org)s for update skip locked) returning *
)
insert into findings_tally (id, org_id, asset, kind, severity, status, findings, risk)
select vallum_uuid7(), org_id, asset, kind, severity, status, sum(findings), sum(risk) from taken
group by org_id, asset, kind, severity, status having sum(findings) <> 0 or sum(risk) <> 0
"""


def settle(org: UUID) -> None:
    with scope(org), connection.cursor() as cursor:
        cursor.execute(_FOLD, {"org": org})
    with connection.cursor() as cursor:
        cursor.execute("select findings_index_words()")
