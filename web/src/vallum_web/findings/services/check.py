"""Asking the issuers of secrets again."""

from datetime import datetime
from uuid import UUID

from vallum_web.findings import check_queries, queries
from vallum_web.findings.models import Finding
from vallum_web.repositories import queries as repositories
from vallum_web.scans import asking
from vallum_web.scans import services as scans
from vallum_web.scans.issuers import askable
from vallum_web.scans.models import Scan
from vallum_web.tenancy.models import Org
from vallum_web.tenancy.scope import scope


class NotCheckableError(ValueError):
    """Nobody can be asked about it; the message says why."""


def check(org: Org, key: UUID, by: UUID) -> Scan:
    """Have the finding's issuer asked again, by a scan of its asset. Raises Finding.DoesNotExist, NotCheckableError."""
    with scope(org.pk, user=by):
        found = queries.finding(org, key)
        if why_not := check_queries.checking(org.pk, found).why_not:
            raise NotCheckableError(why_not)
        return scans.request(org, found.asset_id, by)


def check_what_came_back(org: UUID, asset: UUID, *, since: datetime) -> Scan | None:
    """Where a report that asked nobody reopened secrets: what their issuers said was before they came back."""
    with scope(org):
        if not asking.wanted(org) or repositories.of_asset(org, asset) is None:
            return None
        back = Finding.objects.of(org).filter(asset=asset, kind="secret", rule__in=askable(), reopened_at__gte=since)
        return scans.request(org, asset, None) if back.exists() else None
