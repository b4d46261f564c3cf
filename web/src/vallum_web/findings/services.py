"""Writes to the record: digest a scan, decide about a finding, take a decision back."""

from dataclasses import asdict
from datetime import date
from hashlib import blake2b
from uuid import UUID

from django.conf import settings

from vallum_engine.model.report import Report
from vallum_web.assets.services import lock
from vallum_web.findings import merge, staging
from vallum_web.findings.models import Decision, Finding
from vallum_web.scans.models import Scan
from vallum_web.tenancy import clock
from vallum_web.tenancy.events import emit
from vallum_web.tenancy.models import Org
from vallum_web.tenancy.scope import scope


def digest(scan: Scan, report: Report) -> merge.Outcome:
    """Bring an asset's findings up to date with what one scan saw; all of it or nothing."""
    with scope(scan.org_id):
        lock(scan.asset_id)  # one digest per asset: the merge is only true while nobody else writes
        staging.load(report, fingerprint_key(scan.org_id))
        outcome = merge.apply(org=scan.org_id, asset=scan.asset_id, scan=scan.pk, complete=report.coverage.complete)
        staging.drop()
        emit("scan.digested", scan.pk, **asdict(outcome))
        return outcome


def fingerprint_key(org: UUID) -> bytes:
    """The organization's key for what stands for a secret; derived, so that it exists nowhere in the database."""
    return blake2b(
        org.bytes, digest_size=32, key=settings.FINGERPRINT_KEY.encode()[:64], person=b"fingerprint"
    ).digest()


def suppress(org: Org, finding: UUID, by: UUID, *, reason: str, note: str = "", until: date | None = None) -> Finding:
    """Hide a finding for a reason and for a time. Raises Finding.DoesNotExist; a resolved finding keeps its status."""
    with scope(org.pk, user=by):
        row = Finding.objects.of(org).select_for_update().get(pk=finding)
        decision = Decision.objects.create(
            org=org, finding=row, reason=reason, note=note, until=until, by=by, made_at=clock.now()
        )
        if row.status == Finding.Status.OPEN:
            _set_status(row, Finding.Status.SUPPRESSED)
        emit("finding.suppressed", row.pk, reason=reason, decision=str(decision.pk))
        return row


def lift(org: Org, finding: UUID, by: UUID) -> Finding:
    """Take back every decision in force on a finding: it counts again at once."""
    with scope(org.pk, user=by):
        row = Finding.objects.of(org).select_for_update().get(pk=finding)
        lifted = (
            Decision.objects.of(org).filter(finding=row, lifted_at=None).update(lifted_at=clock.now(), lifted_by=by)
        )
        if row.status == Finding.Status.SUPPRESSED:
            _set_status(row, Finding.Status.OPEN)
        if lifted:
            emit("finding.unsuppressed", row.pk)
        return row


def expire_decisions(org: UUID) -> int:
    """Reopen what was hidden until a day that has passed; run every hour for each organization."""
    today = clock.now().date()
    with scope(org):
        in_force = Decision.objects.of(org).filter(lifted_at=None).exclude(until__lt=today).values("finding")
        rows = list(
            Finding.objects.of(org)
            .select_for_update()
            .filter(status=Finding.Status.SUPPRESSED)
            .exclude(pk__in=in_force)
        )
        for row in rows:
            _set_status(row, Finding.Status.OPEN)
            emit("finding.unsuppressed", row.pk, expired=True)
        return len(rows)


def _set_status(row: Finding, status: Finding.Status) -> None:
    row.status, row.changed_at = status, clock.now()
    row.save(update_fields=["status", "changed_at"])
