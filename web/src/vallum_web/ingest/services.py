"""Reports in: kept first, then read, then digested whole or not at all."""

from collections.abc import Iterable
from datetime import timedelta
from uuid import UUID

from django.db import DataError, IntegrityError

from vallum_engine import wire
from vallum_engine.errors import BrokenWire, EngineError
from vallum_engine.model.report import Report
from vallum_engine.model.text import printable
from vallum_web.assets import queries as assets
from vallum_web.assets import services as asset_services
from vallum_web.assets.models import Asset
from vallum_web.findings import services as findings
from vallum_web.findings.merge import Outcome
from vallum_web.ingest import admission
from vallum_web.ingest.models import Upload
from vallum_web.scans import services as scans
from vallum_web.scans.models import Scan
from vallum_web.tenancy import blobs, clock
from vallum_web.tenancy.events import emit
from vallum_web.tenancy.jobs import enqueue
from vallum_web.tenancy.models import Org
from vallum_web.tenancy.scope import scope

KEPT_FOR = timedelta(hours=24)
UPLOAD_BYTES = 256 << 20
MOST_PROBLEM = 500
DIGEST = "ingest.digest_upload"


def keep(scan: Scan, written: blobs.Writer) -> Upload:
    """Record a blob that holds a scan's report."""
    with scope(scan.org_id):
        return Upload.objects.create(
            org_id=scan.org_id,
            scan=scan,
            blob=written.id,
            size=written.size,
            digest=written.digest,
            received_at=clock.now(),
        )


def accept(org_id: UUID, by: UUID, *, asset_name: str, chunks: Iterable[bytes]) -> Upload:
    """Take a report made elsewhere, for an asset of that name (made if it is new). Raises blobs.TooLargeError."""
    with blobs.create(org_id, limit=UPLOAD_BYTES) as blob:
        for chunk in chunks:
            blob.write(chunk)
    with blobs.unless_kept(org_id, blob.id), scope(org_id, user=by):
        org = Org.objects.get(pk=org_id)
        asset = _asset(org, asset_name, by)
        scan = scans.uploaded(asset, by)
        upload = keep(scan, blob)
        emit("upload.kept", upload.pk, size=upload.size, asset=str(asset.pk))
        enqueue(DIGEST, org=org_id, lock=f"asset:{asset.pk}", upload=upload.pk)
        return upload


def _asset(org: Org, name: str, by: UUID) -> Asset:
    known = assets.named(org, Asset.Kind.REPOSITORY, name)
    if known:
        return known
    try:
        return asset_services.add(org, Asset.Kind.REPOSITORY, name, by)
    except asset_services.NameTakenError:
        return Asset.objects.of(org).get(kind=Asset.Kind.REPOSITORY, name=name)  # another upload was first


def digest(upload: Upload) -> None:
    """Read a kept report and bring the record up to date: one transaction, so there is no half of it.

    A report that cannot be read is refused, says why, and stays kept for its 24 hours.
    """
    try:
        report = _read(upload)
        _digest(upload, report)
    except (EngineError, admission.NotAdmittedError) as error:
        refuse(upload, str(error))
    except (DataError, IntegrityError) as error:
        refuse(upload, f"The database does not take a value in it ({printable(str(error).partition(chr(10))[0])}).")


def _digest(upload: Upload, report: Report) -> None:
    scan = upload.scan
    with scope(upload.org_id):
        if (
            not Upload.objects.of(upload.org_id)
            .select_for_update()
            .filter(pk=upload.pk, status=Upload.Status.KEPT)
            .exists()
        ):
            return
        scans.finish(scan, report, engine=report.engine, outcome=_outcome(scan, report))
        Upload.objects.of(upload.org_id).filter(pk=upload.pk).update(status=Upload.Status.DIGESTED, problem="")


def _outcome(scan: Scan, report: Report) -> dict[str, int]:
    """Status belongs to one branch: the report of another is kept and counted, and changes no finding."""
    asset, branch = scan.asset, (scan.branch or printable(report.target.get("branch", "")))[:200]
    if scan.origin == Scan.Origin.UPLOADED and asset.branch and branch and branch != asset.branch:
        return {"seen": len(report.findings), "other_branch": 1}
    if branch:
        asset_services.follow_branch(asset, branch)
    return _counts(findings.digest(scan, report), report)


def _read(upload: Upload) -> Report:
    if upload.blob is None:
        raise BrokenWire("The report is no longer kept: upload it again.")
    with blobs.path(upload.org_id, upload.blob).open("rb") as file:
        report = wire.read(file, admission.READING)
    admission.admit(report)
    return report


def refuse(upload: Upload, problem: str) -> None:
    problem = printable(problem[:MOST_PROBLEM])  # it may quote the report
    with scope(upload.org_id):
        Upload.objects.of(upload.org_id).filter(pk=upload.pk).update(status=Upload.Status.REFUSED, problem=problem)
        scans.fail(upload.scan, f"The report was refused: {problem} It is kept for 24 hours.")
        emit("upload.refused", upload.pk, problem=problem)


def prune(org: UUID) -> int:
    """Delete raw reports past their 24 hours; the row stays, as the proof that one was there."""
    with scope(org):
        old = list(Upload.objects.of(org).filter(received_at__lt=clock.now() - KEPT_FOR).exclude(blob=None))
        Upload.objects.of(org).filter(pk__in=[upload.pk for upload in old]).update(blob=None)
    # After the commit: a blob that no row names is swept later, a row whose blob is gone would be a lie.
    for upload in old:
        if upload.blob:
            blobs.delete(org, upload.blob)
    return len(old)


def _counts(outcome: Outcome, report: Report) -> dict[str, int]:
    return {
        "seen": outcome.seen,
        "new": outcome.new,
        "reopened": outcome.reopened,
        "resolved": outcome.resolved,
        "changed": outcome.changed,
        "ignored": len(report.suppressed),
    }
