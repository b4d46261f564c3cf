"""Findings that no scan has seen for as long as the organization keeps them go, with all that is theirs."""

from datetime import datetime
from uuid import UUID

from django.db import connection
from django.db.models import Exists, Min, OuterRef, Sum

from vallum_web.assets.services import lock
from vallum_web.findings import aging
from vallum_web.findings.models import Finding, SeenOn
from vallum_web.scans.models import Latest
from vallum_web.tenancy.events import emit
from vallum_web.tenancy.models import Org
from vallum_web.tenancy.retention import brake, windows
from vallum_web.tenancy.retention.engine import database_now
from vallum_web.tenancy.scope import scope

RULE = "findings"
AT_ONCE = 5_000


def prune(org: UUID) -> int:
    """Raises Braked where a fifth or more would go at once that nobody saw coming a day before."""
    for asset, scan in _uncounted(org):
        with scope(org):
            lock(asset)
            aging.measure(org, asset)
            aging.count(org, asset, scan)
    with scope(org):
        now = database_now()
        before = now - windows.kept(Org.objects.get(pk=org))
        assets, due, all_of_it = _due(org, before)
        if brake.much(due_within(org, before + brake.AHEAD), all_of_it):
            brake.look(org, RULE, now, before + brake.AHEAD)
        may = not brake.much(due, all_of_it) or brake.passed(org, RULE, now, before)
    if not may:
        raise brake.Braked(f"{due:,} of {all_of_it:,} findings are due; they go in a day if they still are.")
    gone = sum(_expire(org, asset, before) for asset in assets)
    if gone:
        with scope(org):
            emit("finding.expired", org, findings=gone, before=before.isoformat())
    return gone


def due_within(org: UUID, before: datetime) -> int:
    """How many findings were last seen before this moment, at most: days are counted whole. Inside the organization's scope."""
    return int(SeenOn.objects.of(org).filter(oldest__lt=before).aggregate(n=Sum("findings"))["n"] or 0)


def confirm(org: Org, before: datetime) -> None:
    """A person has seen how many findings go that were last seen before this moment, and wants it."""
    with scope(org.pk):
        brake.confirm(org.pk, RULE, database_now(), before)


def _due(org: UUID, before: datetime) -> tuple[list[UUID], int, int]:
    """The assets with something due, how much it is at most, and how much there is."""
    rows = SeenOn.objects.of(org)
    found = rows.filter(oldest__lt=before).values("asset").annotate(first=Min("oldest"), n=Sum("findings"))
    due = list(found.order_by("first").values_list("asset", "n"))
    return (
        [asset for asset, _ in due],
        sum(n for _, n in due),
        int(rows.aggregate(n=Sum("findings"))["n"] or 0),
    )


def _uncounted(org: UUID) -> list[tuple[UUID, UUID]]:
    """The assets that were scanned since their findings were last counted by day, and their newest scan."""
    with scope(org):
        counted = SeenOn.objects.filter(org_id=OuterRef("org_id"), asset=OuterRef("asset_id"), scan=OuterRef("scan_id"))
        some = Finding.objects.filter(org_id=OuterRef("org_id"), asset_id=OuterRef("asset_id"))
        rows = Latest.objects.of(org).filter(~Exists(counted), Exists(some))
        return list(rows.values_list("asset_id", "scan_id"))


def _expire(org: UUID, asset: UUID, before: datetime) -> int:
    """In transactions of a few thousand each: a digest of the asset waits for one of them, not for all."""
    gone = 0
    while True:
        with scope(org):
            lock(asset)
            with connection.cursor() as cursor:
                cursor.execute("set local statement_timeout = '30min'")
            aging.measure(org, asset)
            now = aging.expire(org, asset, before, AT_ONCE)
            scan = Latest.objects.of(org).filter(asset=asset).values_list("scan_id", flat=True).first()
            aging.count(org, asset, scan or asset)
        gone += now
        if now < AT_ONCE:
            return gone
