"""Writes to the record: digest a scan, decide about a finding, take a decision back."""

from dataclasses import asdict
from datetime import date
from hashlib import blake2b
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.db.models import QuerySet

from vallum_engine.model.report import Report
from vallum_web.assets.services import lock
from vallum_web.findings import merge, staging
from vallum_web.findings.models import Alias, Decision, Finding, Identity, Occurrence
from vallum_web.scans.models import Scan
from vallum_web.tenancy import clock
from vallum_web.tenancy.events import emit
from vallum_web.tenancy.keys import uuid7
from vallum_web.tenancy.models import Org
from vallum_web.tenancy.scope import scope


def digest(scan: Scan, report: Report) -> merge.Outcome:
    """Bring an asset's findings up to date with what one scan saw; all of it or nothing."""
    with scope(scan.org_id):
        lock(scan.asset_id)  # one digest per asset: the merge is only true while nobody else writes
        staging.load(report, fingerprint_key(scan.org_id))
        outcome = merge.apply(
            org=scan.org_id,
            asset=scan.asset_id,
            scan=scan.pk,
            complete=report.coverage.complete,
            foreign="report" in report.target,
        )
        staging.drop()
        emit("scan.digested", scan.pk, **asdict(outcome))
        return outcome


def fingerprint_key(org: UUID) -> bytes:
    """The organization's key for what stands for a secret: half of it in its row, half in this installation.

    A copy of the database alone cannot try guesses, and with the row the key is gone.
    """
    salt = bytes(Org.objects.get(pk=org).salt)
    return blake2b(salt, digest_size=32, key=settings.FINGERPRINT_KEY.encode()[:64], person=b"fingerprint").digest()


def split(org: Org, finding: UUID, identity: UUID, by: UUID) -> Finding:
    """Undo a line of the identity ledger: what came under its fingerprint is a finding of its own again, and stays one.

    Returns that finding. Raises Identity.DoesNotExist, also for a line that is undone already.
    """
    with scope(org.pk, user=by):
        lines = Identity.objects.of(org).select_related("finding").filter(finding=finding, undone_at=None)
        asset = lines.get(pk=identity).finding.asset_id
        lock(asset)
        line = lines.get(pk=identity)  # again: somebody may have been first
        known = line.finding
        own = Finding.objects.get(pk=_apart(org, line))
        Alias.objects.of(org).filter(asset=asset, key=line.fingerprint).delete()
        line.undone_at, line.undone_by = clock.now(), by
        line.save(update_fields=["undone_at", "undone_by"])
        emit("finding.split", known.pk, entry=str(line.pk), into=str(own.pk))
        emit("finding.opened", own.pk, split=str(known.pk))
        return own


def _apart(org: Org, line: Identity) -> UUID:
    """Give what came under the line's fingerprint a row, and the places that are its own."""
    known, now = line.finding, clock.now()
    moved = line.why == Identity.Why.MOVED
    mine = Occurrence.objects.of(org).filter(finding=known)
    mine = mine.filter(first_scan__gte=line.scan_id) if moved else mine.filter(ruleset=line.ruleset, rule=line.rule)
    places = list(mine.order_by("gone_scan_id", "path", "line"))
    if moved:
        known.fingerprint = line.was
        known.status, known.ending, known.resolved_at = Finding.Status.RESOLVED, Finding.Ending.GONE, now
    known.changed_at = now
    known.save(update_fields=["fingerprint", "status", "ending", "resolved_at", "changed_at"])
    own = Finding.objects.get(pk=known.pk)
    own.pk, own.fingerprint, own.ruleset, own.rule = uuid7(), line.fingerprint, line.ruleset, line.rule
    own.status, own.ending, own.resolved_at = Finding.Status.OPEN, Finding.Ending.NONE, None
    own.opened_at = own.changed_at = now
    if places:
        own.path, own.line = places[0].path, places[0].line
    own.save(force_insert=True)
    Occurrence.objects.of(org).filter(pk__in=[place.pk for place in places]).update(finding=own)
    return own.pk


def suppress(org: Org, finding: UUID, by: UUID, *, reason: str, note: str = "", until: date | None = None) -> Decision:
    """Hide a finding for a reason and for a time. Raises Finding.DoesNotExist; a resolved finding keeps its status."""
    with scope(org.pk, user=by):
        row = Finding.objects.of(org).select_for_update().get(pk=finding)
        decision = Decision.objects.create(
            org=org, finding=row, reason=reason, note=note, until=until, by=by, made_at=clock.now()
        )
        if row.status == Finding.Status.OPEN:
            _set_status(row, Finding.Status.SUPPRESSED)
        emit("finding.suppressed", row.pk, reason=reason, decision=str(decision.pk))
        return decision


def lift(org: Org, finding: UUID, by: UUID, *, decision: UUID | None = None) -> Finding:
    """Take back one decision, or all of them: the finding counts again as soon as none is in force."""
    with scope(org.pk, user=by):
        row = Finding.objects.of(org).select_for_update().get(pk=finding)
        wanted = in_force(org.pk).filter(finding=row)
        wanted = wanted.filter(pk=decision) if decision else wanted
        lifted = wanted.update(lifted_at=clock.now(), lifted_by=by)
        if row.status == Finding.Status.SUPPRESSED and not in_force(org.pk).filter(finding=row).exists():
            _set_status(row, Finding.Status.OPEN)
        if lifted:
            emit("finding.unsuppressed", row.pk)
        return row


def in_force(org: UUID) -> QuerySet[Decision]:
    """The decisions that hide something today."""
    rows: QuerySet[Decision] = Decision.objects.of(org).filter(lifted_at=None)
    return rows.exclude(until__lt=clock.now().date())


# Set-based: a hundred thousand may have been hidden until the same day.
_EXPIRE = """
with expired as (
  update findings_finding f set status = 'open', changed_at = %(now)s
  where f.org_id = %(org)s and f.status = 'suppressed' and not exists (
    select from findings_decision d where d.org_id = f.org_id and d.finding_id = f.id and d.lifted_at is null
      and (d.until is null or d.until >= %(today)s))
  returning f.id
)
insert into tenancy_event (id, org_id, kind, at, actor, subject, data, transaction)
select vallum_uuid7(), %(org)s, 'finding.unsuppressed', %(now)s, null, id, '{"expired": true}',
  pg_current_xact_id()::text::bigint from expired
"""


def expire_decisions(org: UUID) -> int:
    """Reopen what was hidden until a day that has passed; run every hour for each organization."""
    now = clock.now()
    with scope(org), connection.cursor() as cursor:
        cursor.execute(_EXPIRE, {"org": org, "now": now, "today": now.date()})
        return int(cursor.rowcount)


def _set_status(row: Finding, status: Finding.Status) -> None:
    row.status, row.changed_at = status, clock.now()
    row.save(update_fields=["status", "changed_at"])
