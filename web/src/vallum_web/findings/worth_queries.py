"""What another importance or exposure of an asset would make of its open findings: computed, nothing written."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson

from vallum_web.assets.models import Asset
from vallum_web.assets.worth import Exposure, Importance
from vallum_web.findings import due, due_queries
from vallum_web.findings.models import Finding
from vallum_web.findings.queries import UNLISTED
from vallum_web.findings.trying import trying
from vallum_web.tenancy import clock
from vallum_web.tenancy.models import Org

MOST_MOVED = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """A finding, and what its risk would be."""

    finding: Finding
    risk: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Reweighed:
    """The open findings of an asset as they are, and as they would be."""

    open: int
    changed: int
    """How many would have another risk."""
    risk: int
    """Their risks as they are, added up."""
    risk_then: int
    due_changed: int
    """How many would have another day to end by."""
    overdue: int
    overdue_then: int
    moved: Sequence[Moved]
    """Those whose risk would move most."""


# As `services.weigh` writes it.
_REWEIGH = """
with weighed as materialized (
  select f.id, f.risk, f.due_at,
    vallum_risk(f.base::real, t.epss, t.kev_added is not null, %(exposure)s::smallint, %(importance)s::smallint, f.reachability,
      f.confidence, f.liveness) as wanted,
    greatest(f.opened_at, f.reopened_at) + (%(due)s::jsonb ->> f.severity::text)::integer * interval '1 day' as wanted_due
  from findings_finding f left join advisories_threat t on t.cve = f.cve
  where f.org_id = %(org)s and f.asset_id = %(asset)s and f.status = 'open'
)
select count(*), count(*) filter (where risk <> wanted), coalesce(sum(risk), 0), coalesce(sum(wanted), 0),
  count(*) filter (where due_at is distinct from wanted_due), count(*) filter (where due_at < %(now)s),
  count(*) filter (where wanted_due < %(now)s),
  array(select id from weighed where risk <> wanted order by abs(risk - wanted) desc, greatest(risk, wanted) desc, id desc
    limit %(most)s),
  array(select wanted from weighed where risk <> wanted order by abs(risk - wanted) desc, greatest(risk, wanted) desc, id desc
    limit %(most)s)
from weighed
"""


def reweighed(org: Org, asset: UUID, *, importance: Importance, exposure: Exposure) -> Reweighed:
    """Raises Asset.DoesNotExist and TooManyToTryError."""
    Asset.objects.of(org).only("pk").get(pk=asset)
    days = due.of_importance(due_queries.due_rules(org), importance.value)
    values: dict[str, Any] = {
        "org": org.pk,
        "asset": asset,
        "importance": importance.value,
        "exposure": exposure.value,
        "due": orjson.dumps(days).decode(),
        "now": clock.now(),
        "most": MOST_MOVED,
    }
    with trying(org) as cursor:
        cursor.execute(_REWEIGH, values)
        *numbers, keys, risks = cursor.fetchone()
    found = Finding.objects.of(org).select_related("asset").defer(*UNLISTED).in_bulk(keys)
    names = ("open", "changed", "risk", "risk_then", "due_changed", "overdue", "overdue_then")
    return Reweighed(
        **{name: int(number) for name, number in zip(names, numbers, strict=True)},
        moved=[Moved(finding=found[key], risk=risk) for key, risk in zip(keys, risks, strict=True)],
    )
