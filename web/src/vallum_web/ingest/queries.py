from datetime import timedelta
from uuid import UUID

from django.db import connection

from vallum_engine import VERSION
from vallum_web.assets import queries as assets
from vallum_web.assets.models import Asset
from vallum_web.ingest.models import Upload
from vallum_web.scans.models import Scan
from vallum_web.scans.queries import UNFINISHED
from vallum_web.tenancy import clock
from vallum_web.tenancy.models import Org
from vallum_web.tenancy.scope import scope

# Younger ones may be between two transactions of their own job.
PATIENCE = timedelta(minutes=1)
MOST_NAMES = 500


def upload(org: Org | UUID, key: UUID) -> Upload:
    """Raises Upload.DoesNotExist."""
    found: Upload = Upload.objects.of(org).select_related("scan").get(pk=key)
    return found


def asset_names(org: Org) -> list[str]:
    """Of the assets that reports can be about, for a field that offers them: as many as a page holds."""
    return list(assets.assets(org).filter(kind=Asset.Kind.REPOSITORY).values_list("name", flat=True)[:MOST_NAMES])


def of_scan(org: Org | UUID, scan: UUID) -> Upload | None:
    """The report that a scan was made from."""
    return Upload.objects.of(org).select_related("scan").filter(scan=scan).first()


def same(asset: Asset, digest: str, *, named: str, whole: bool) -> Upload | None:
    """The upload after which nothing more was said of the asset, if it holds these bytes, to be read in the same way."""
    newest = (
        Scan.objects.of(asset.org_id).filter(asset=asset).exclude(status=Scan.Status.FAILED).order_by("-id").first()
    )
    if newest is None or newest.engine != VERSION:
        return None
    rows = Upload.objects.of(asset.org_id).select_related("scan__asset").filter(scan=newest, digest=digest)
    return rows.filter(status=Upload.Status.DIGESTED, named=named, whole=whole).first()


def kept(scan: Scan) -> Upload | None:
    """The report that an earlier attempt already brought home."""
    with scope(scan.org_id):
        return (
            Upload.objects.of(scan.org_id).select_related("scan").filter(scan=scan, status=Upload.Status.KEPT).first()
        )


def abandoned(org: UUID) -> list[Scan]:
    """Scans that wait or run while the queue holds no job for them: its failure was not theirs to see."""
    with scope(org), connection.cursor() as cursor:
        old = clock.now() - PATIENCE
        scans = list(Scan.objects.of(org).filter(status__in=UNFINISHED, requested_at__lt=old))
        if not scans:
            return []
        cursor.execute(
            "select coalesce(args->>'scan', args->>'upload') from procrastinate_jobs "
            "where status in ('todo', 'doing') and args->>'org' = %s",
            [str(org)],
        )
        alive = {row[0] for row in cursor.fetchall()}
        uploads = dict(Upload.objects.of(org).filter(scan__in=scans).values_list("scan_id", "pk"))
        return [scan for scan in scans if not alive & {str(scan.pk), str(uploads.get(scan.pk))}]
