"""The life of an export: asked for, begun, followed part by part, finished or failed, downloaded, gone."""

from dataclasses import asdict, dataclass
from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Sum

from vallum_engine.model.text import printable
from vallum_web.accounts.abuse import holding
from vallum_web.findings.filters import Filters
from vallum_web.reports import queries, words
from vallum_web.reports.models import Export, Part
from vallum_web.tenancy import blobs, clock
from vallum_web.tenancy.events import emit
from vallum_web.tenancy.jobs import SLOW, enqueue
from vallum_web.tenancy.models import Org
from vallum_web.tenancy.scope import scope

KEPT_FOR = timedelta(days=7)
MAX_ATTEMPTS = 3
MOST_REASON = 500
SHELF = "exports"
WRITE = "reports.write_export"
_SUFFIXES = {Export.Format.SARIF: "sarif", Export.Format.CYCLONEDX: "cdx.json", Export.Format.OPENVEX: "openvex.json"}


class OvertakenError(Exception):
    """Another attempt writes this export by now, or somebody deleted it: this one has nothing more to say."""


class NotOfThisListError(ValueError):
    """The format cannot hold what the list is of."""


def ask(org: Org, by: UUID, *, form: str, filters: Filters, via: UUID | None = None) -> Export:
    """Queue an export of the list that these filters leave; `via`: by which token. Raises NotOfThisListError."""
    if form == Export.Format.OPENVEX and filters.asset is None:
        raise NotOfThisListError(
            "OpenVEX knows packages, not assets, so one document is of one asset: filter the list by an asset first."
        )
    now = clock.now()
    filters = filters.of_person(by)  # a worker reads them later: "mine" by name
    with scope(org.pk, user=by):
        suffix = _SUFFIXES.get(Export.Format(form), form)
        row = Export.objects.create(
            org=org,
            format=form,
            query=words.written(filters.of_person(by)),
            filename=f"findings-{org.slug}-{now:%Y-%m-%d}.{suffix}",
            by=by,
            via=via,
            asked_at=now,
            expires_at=now + KEPT_FOR,
        )
        emit("export.made", row.pk, format=form, filters=row.query)
        again(row)
        return row


def again(row: Export, *, after: timedelta | None = None) -> None:
    """Put an export's job in the queue, in the caller's transaction: one at a time for each organization."""
    enqueue(WRITE, org=row.org_id, queue=SLOW, lock=f"exports:{row.org_id}", after=after, export=row.pk)


def held(row: Export) -> bool:
    """Ask whether it may begin, now that it is measured. One that waits is in the queue again. Raises StoppedError, OvertakenError."""
    called = f"{row.total or 0:,} findings as {row.get_format_display()}"
    wanted = holding.Wanted(org=row.org_id, export=row.pk, by=row.by, via=row.via, rows=row.total or 0, called=called)
    until = holding.wait(wanted)
    if until is None and row.held_until is None:
        return False
    with scope(row.org_id):
        found = _locked(row)
        found.held_until = row.held_until = until
        if until is not None:
            # It was not tried: it asks again, and that is no attempt.
            found.status, found.attempts = Export.Status.QUEUED, found.attempts - 1
            again(found, after=min(holding.ASKED_AGAIN, until - clock.now()))
        found.save(update_fields=["held_until", "status", "attempts"])
    return until is not None


def begin(org: UUID, key: UUID) -> Export | None:
    """Count an attempt. None when the export is over or gone, or when it has been tried too often."""
    with scope(org):
        row: Export | None = (
            Export.objects.of(org).select_for_update().filter(pk=key, status__in=queries.UNFINISHED).first()
        )
        if row is None:
            return None
        if row.attempts >= MAX_ATTEMPTS:
            _fail(
                row,
                f"Broken off {row.attempts} times, by a crash of the worker or of the machine. Export again; if that fails too, "
                "read logs/worker.log in the state folder.",
            )
            return None
        row.status, row.attempts = Export.Status.RUNNING, row.attempts + 1
        row.started_at = row.started_at or clock.now()
        row.save(update_fields=["status", "attempts", "started_at"])
        return row


def measured(row: Export, *, total: int, last: UUID | None, note: str) -> None:
    """Write down what there is to export. Raises OvertakenError."""
    row.total, row.last, row.note = total, last, note
    _update(row, total=total, last=last, note=note)


def follow(row: Export, rows: int) -> None:
    """Write down how far it is. Raises OvertakenError."""
    _update(row, rows=rows)


def _update(row: Export, **values: object) -> None:
    with scope(row.org_id):
        mine = Export.objects.of(row.org_id).filter(pk=row.pk, status=Export.Status.RUNNING, attempts=row.attempts)
        if not mine.update(**values):
            raise OvertakenError


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """What a part holds: so many findings, the last of them; `final` where the file ends with it."""

    number: int
    rows: int
    last: UUID | None
    final: bool


def keep(row: Export, written: blobs.Writer, held: Stretch) -> Part:
    """Record a part whose blob is whole. Raises OvertakenError."""
    with blobs.unless_kept(row.org_id, written.id, shelf=SHELF), scope(row.org_id):
        _locked(row)
        return Part.objects.create(
            org_id=row.org_id,
            export=row,
            blob=written.id,
            size=written.size,
            digest=written.digest,
            **asdict(held),
        )


def finish(row: Export) -> None:
    """The file is whole. Raises OvertakenError."""
    with scope(row.org_id):
        found = _locked(row)
        told = Part.objects.of(row.org_id).filter(export=row).aggregate(rows=Sum("rows"), size=Sum("size"))
        found.status, found.finished_at = Export.Status.DONE, clock.now()
        found.rows, found.size = told["rows"] or 0, told["size"] or 0
        found.expires_at = found.finished_at + KEPT_FOR
        found.note = " ".join(text for text in (found.note, _moved(found)) if text)
        found.save(update_fields=["status", "finished_at", "rows", "size", "expires_at", "note"])
        emit("export.finished", row.pk, format=row.format, rows=found.rows, size=found.size)


def _moved(row: Export) -> str:
    """What scans and people did to the list while it was written."""
    moved = (row.total or 0) - row.rows
    if row.format in queries.WHOLE or not moved:
        return ""
    return f"{abs(moved):,} findings {'left' if moved > 0 else 'came into'} the list while it was written."


def fail(row: Export, reason: str) -> None:
    """End an export that cannot be written. An attempt that another one overtook ends nothing."""
    with scope(row.org_id):
        found = (
            Export.objects.of(row.org_id).select_for_update().filter(pk=row.pk, status=Export.Status.RUNNING).first()
        )
        if found and found.attempts == row.attempts:
            _fail(found, reason)


def _fail(row: Export, reason: str) -> None:
    row.status, row.failure, row.finished_at = Export.Status.FAILED, printable(reason)[:MOST_REASON], clock.now()
    row.save(update_fields=["status", "failure", "finished_at"])
    emit("export.failed", row.pk, reason=row.failure)


def _locked(row: Export) -> Export:
    mine = Export.objects.of(row.org_id).select_for_update()
    found: Export | None = mine.filter(pk=row.pk, status=Export.Status.RUNNING, attempts=row.attempts).first()
    if found is None:
        raise OvertakenError
    return found


def downloaded(org: Org, row: Export, by: UUID, *, asked: str) -> None:
    """Record that somebody takes the file, before its first byte is sent. `asked`: the range of bytes, or nothing."""
    with scope(org.pk, user=by):
        emit("export.downloaded", row.pk, format=row.format, rows=row.rows, filters=row.query, range=asked)


def delete(org: Org, key: UUID, by: UUID) -> None:
    """Raises Export.DoesNotExist. A worker that still writes it finds it gone, and stops."""
    with scope(org.pk, user=by):
        row = Export.objects.of(org).select_for_update().get(pk=key)
        emit("export.deleted", row.pk, format=row.format, filters=row.query)
        gone = _remove(org.pk, [row])
        # After the commit: a blob that no row names is swept later, a row whose blob is gone would be a lie.
        transaction.on_commit(lambda: _delete_blobs(org.pk, gone))


def expire(org: UUID) -> int:
    """Delete what was kept for a week; run every hour for each organization."""
    with scope(org):
        old = list(Export.objects.of(org).filter(expires_at__lt=clock.now()))
        gone = _remove(org, old)
    _delete_blobs(org, gone)  # committed by now, as in `delete`
    return len(old)


def _remove(org: UUID, rows: list[Export]) -> list[UUID]:
    wanted = Part.objects.of(org).filter(export__in=rows)
    blobs_of = list(wanted.values_list("blob", flat=True))
    wanted.delete()
    Export.objects.of(org).filter(pk__in=[row.pk for row in rows]).delete()
    return blobs_of


def _delete_blobs(org: UUID, keys: list[UUID]) -> None:
    for key in keys:
        blobs.delete(org, key, shelf=SHELF)


def sweep(org: UUID) -> int:
    """Delete blobs of exports that no part has named within a day: what a crash between the two left behind."""
    left = blobs.left(org, shelf=SHELF)
    if not left:
        return 0
    with scope(org):
        named = set(Part.objects.of(org).filter(blob__in=left).values_list("blob", flat=True))
    _delete_blobs(org, gone := [key for key in left if key not in named])
    return len(gone)


def pick_up(org: UUID) -> int:
    """Queue again what nobody works on any more."""
    with scope(org):
        lost = queries.abandoned(org)
        for row in lost:
            again(row)
    return len(lost)
