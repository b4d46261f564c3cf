"""What a digest leaves to be done beside the next one: counts put together, words made and put in their places."""

from uuid import UUID

from django.db import connection
from django.db.models import Exists, OuterRef

from vallum_web.findings.models import Finding, Words
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


# So many rows at a time: others wait for none of them.
WORDED = 20_000


def settle(org: UUID, asset: UUID | None = None) -> None:
    """`asset`: whose findings may lack their words; all of the organization's where it is not said."""
    with scope(org), connection.cursor() as cursor:
        cursor.execute(_FOLD, {"org": org})
        assets = [asset] if asset else _wordless(org)
    for each in assets:
        while _make_words(org, each) == WORDED:
            pass
    with connection.cursor() as cursor:
        cursor.execute("select findings_index_words()")


def _wordless(org: UUID) -> list[UUID]:
    """The assets with findings that no search finds yet: their job was lost."""
    lacking = Finding.objects.of(org).filter(~Exists(Words.objects.filter(pk=OuterRef("pk"))))
    return list(lacking.order_by().values_list("asset", flat=True).distinct())


def _make_words(org: UUID, asset: UUID) -> int:
    with scope(org), connection.cursor() as cursor:
        # Findings go with their asset: while words are made from them it stays.
        cursor.execute("select from assets_asset where org_id = %s and id = %s for key share", [org, asset])
        cursor.execute("select findings_missing_words(%s, %s)", [asset, WORDED])
        return int(cursor.fetchone()[0])
