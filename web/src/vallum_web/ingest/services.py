"""Reports in: kept first, then read, then digested whole or not at all."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
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
from vallum_web.ingest import admission, conversion, queries
from vallum_web.ingest.models import Upload
from vallum_web.scans import services as scans
from vallum_web.scans.models import Scan
from vallum_web.tenancy import blobs, clock
from vallum_web.tenancy.events import emit
from vallum_web.tenancy.jobs import QUEUE, SLOW, enqueue
from vallum_web.tenancy.models import Org
from vallum_web.tenancy.scope import scope

KEPT_FOR = timedelta(hours=24)
UPLOAD_BYTES = 256 << 20
MOST_PROBLEM = 500
DIGEST = "ingest.digest_upload"
# What is larger may take minutes: it does not stand in front of what a person waits for.
QUICK_BYTES = 8 << 20
ZSTD = b"\x28\xb5\x2f\xfd"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """How a report is to be read: what its sender says of it beside the bytes."""

    format: str = ""
    """Empty: as its content shows."""
    whole: bool = True
    name: str = ""


AS_IT_IS = Reading()


def keep(
    scan: Scan, written: blobs.Writer, reading: Reading = AS_IT_IS, *, status: Upload.Status = Upload.Status.KEPT
) -> Upload:
    """Record a blob that holds a scan's report."""
    with scope(scan.org_id):
        return Upload.objects.create(
            org_id=scan.org_id,
            scan=scan,
            blob=written.id,
            size=written.size,
            digest=written.digest,
            received_at=clock.now(),
            status=status,
            name=reading.name,
            named=reading.format,
            whole=reading.whole,
        )


class GoneError(ValueError):
    """The raw report is no longer kept."""


class BeingReadError(ValueError):
    """The report has not been read to an end yet."""


def accept(org_id: UUID, by: UUID, *, asset_name: str, chunks: Iterable[bytes], reading: Reading = AS_IT_IS) -> Upload:
    """Take a report made elsewhere, for an asset of that name (made if it is new). Raises blobs.TooLargeError.

    What repeats the last that was said of the asset is digested at once, and nothing is read: its scan says so.
    """
    with blobs.create(org_id, limit=UPLOAD_BYTES) as blob:
        for chunk in chunks:
            blob.write(chunk)
    with blobs.unless_kept(org_id, blob.id), scope(org_id, user=by):
        org = Org.objects.get(pk=org_id)
        asset = _asset(org, asset_name, by)
        ours = not reading.format and _is_wire(org_id, blob.id)
        before = None if ours else queries.same(asset, blob.digest, named=reading.format, whole=reading.whole)
        if before:
            upload = keep(scans.repeated(before.scan, by), blob, reading, status=Upload.Status.DIGESTED)
            emit("upload.repeated", upload.pk, size=upload.size, asset=str(asset.pk))
            return upload
        scan = scans.uploaded(asset, by) if ours else scans.imported(asset, by, tool=reading.format)
        upload = keep(scan, blob, reading)
        emit("upload.kept", upload.pk, size=upload.size, asset=str(asset.pk))
        _enqueue(upload, asset)
        return upload


def read_again(org_id: UUID, by: UUID, *, upload: UUID, format_id: str) -> Upload:
    """Read a kept report once more, as another format or, with an empty one, as its content shows.

    It is an upload and a scan of its own, for the rest of the report's 24 hours. Raises Upload.DoesNotExist, GoneError,
    BeingReadError.
    """
    with scope(org_id, user=by):
        before = queries.upload(org_id, upload)
        if before.status == Upload.Status.KEPT:
            raise BeingReadError(upload)
        if before.blob is None:
            raise GoneError(upload)
        try:
            blob = blobs.again(org_id, before.blob)
        except FileNotFoundError:
            raise GoneError(upload) from None
        with blobs.unless_kept(org_id, blob):
            ours = not format_id and _is_wire(org_id, blob)
            asset = before.scan.asset
            scan = scans.uploaded(asset, by) if ours else scans.imported(asset, by, tool=format_id)
            again = Upload.objects.create(
                org_id=org_id,
                scan=scan,
                blob=blob,
                size=before.size,
                digest=before.digest,
                received_at=before.received_at,
                name=before.name,
                named=format_id,
                whole=before.whole,
            )
            emit("upload.again", again.pk, asset=str(asset.pk), before=str(before.pk), named=format_id)
            _enqueue(again, asset)
            return again


def _enqueue(upload: Upload, asset: Asset) -> None:
    queue = SLOW if upload.size > QUICK_BYTES else QUEUE
    enqueue(DIGEST, org=upload.org_id, queue=queue, lock=f"asset:{asset.pk}", upload=upload.pk)


def _is_wire(org: UUID, blob: UUID) -> bool:
    """By its first bytes: no other tool's report is a zstd stream."""
    with blobs.opened(org, blob) as file:
        return file.read(len(ZSTD)) == ZSTD


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
        foreign = upload.scan.origin == Scan.Origin.IMPORTED
        report = conversion.converted(upload) if foreign else _read(upload)
        scans.follow(upload.scan, "digesting")
        _digest(upload, report)
    except (EngineError, admission.NotAdmittedError, conversion.NotConvertedError) as error:
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
    begun, counts = clock.now(), _counts(findings.digest(scan, report), report)
    if counts["reopened"] and "asked" not in counts and scan.origin != Scan.Origin.REQUESTED:
        findings.check_what_came_back(scan.org_id, scan.asset_id, since=begun)
    return counts


def _read(upload: Upload) -> Report:
    if upload.blob is None:
        raise BrokenWire("The report is no longer kept: upload it again.")
    with blobs.opened(upload.org_id, upload.blob) as file:
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


def _asked(report: Report) -> dict[str, int]:
    """About how many secrets issuers were asked, and what they said; nothing where nobody was."""
    results = Counter(finding.verification.result.value for finding in report.findings if finding.verification)
    return {"asked": results.total(), "live": results["live"], "revoked": results["revoked"]} if results else {}


def _counts(outcome: Outcome, report: Report) -> dict[str, int]:
    counts = {
        "seen": outcome.seen,
        "new": outcome.new,
        "reopened": outcome.reopened,
        "resolved": outcome.resolved,
        "changed": outcome.changed,
        "ignored": len(report.suppressed),
        "lapsed": sum(bool(finding.lapsed) for finding in report.findings),
        **_asked(report),
    }
    if not scans.tool(report):
        return counts
    figures = report.stats
    return counts | {
        "records": figures.records,
        "findings": len(report.findings),
        "merged": figures.merged,
        "passed": figures.passed,
        "rejected": figures.rejected,
    }
