"""One scan from the queue to the record: bring the code, scan it in the sandbox, keep the report, digest it."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

from django.conf import settings

from vallum_guard.errors import GuardError
from vallum_guard.removal import remove_quietly
from vallum_web.ingest import queries, services
from vallum_web.ingest.models import Upload
from vallum_web.repositories import checkout
from vallum_web.repositories import queries as repositories
from vallum_web.scans import asking, command, scanner
from vallum_web.scans import services as scans
from vallum_web.scans.models import Scan
from vallum_web.tenancy import blobs
from vallum_web.tenancy.scope import scope

log = logging.getLogger(__name__)


def run(org: UUID, key: UUID) -> None:
    """Run a scan to its end, whatever the end is. Running it again after a crash goes on from what was kept."""
    scan = scans.begin(org, key)
    if scan is None:
        return
    log.info("scan %s of asset %s: attempt %d", scan.pk, scan.asset_id, scan.attempts)
    try:
        upload = queries.kept(scan) or _scan(scan)
        scans.follow(scan, "digesting")
        services.digest(upload)
    except (GuardError, scanner.ScannerFailedError, checkout.SourceGoneError, blobs.TooLargeError) as error:
        log.warning("scan %s failed: %s", scan.pk, error)
        scans.fail(scan, str(error))
    except OSError as error:
        log.exception("scan %s failed on this machine", scan.pk)
        scans.fail(scan, f"This machine failed ({error}). Free some disk space or mend it, then scan again.")
    else:
        log.info("scan %s of asset %s: over", scan.pk, scan.asset_id)


def _scan(scan: Scan) -> Upload:
    if scan.origin != Scan.Origin.REQUESTED:
        raise checkout.SourceGoneError("The report is no longer kept: upload it again.")
    with scope(scan.org_id):
        repository = repositories.of_asset(scan.org_id, scan.asset_id)
    if repository is None:
        raise checkout.SourceGoneError(
            "This asset has no source to scan: its reports are uploaded by `vallum scan --upload`."
        )
    with _scratch(scan) as folder:
        scans.follow(scan, "fetching", facts={"isolation": command.isolation().level.value})
        job = checkout.bring(repository, folder, progress=lambda _line: None)
        asks = asking.able(scan.org_id)
        facts = {name: value[:200] for name, value in job.facts.items()}
        scans.follow(scan, "scanning", facts={**facts, "asking": asks})
        with blobs.create(scan.org_id, limit=services.UPLOAD_BYTES) as blob, asking.way_out(scan, asks) as route:
            mechanism = scanner.scan(
                job,
                sink=blob.write,
                tell=lambda numbers: scans.follow(scan, "scanning", progress=numbers),
                route=route,
            )
        scans.follow(scan, "keeping", facts={"isolation": mechanism.level.value})
        return services.keep(scan, blob)


@contextmanager
def _scratch(scan: Scan) -> Iterator[Path]:
    """A folder of this scan's own; what an attempt that was killed left there goes first."""
    folder = Path(settings.HOME) / "scratch" / str(scan.pk)
    remove_quietly(folder)
    folder.mkdir(parents=True, mode=0o700)
    try:
        yield folder
    finally:
        remove_quietly(folder)
