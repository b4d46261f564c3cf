"""The life of a scan: requested, begun, followed, finished or failed."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any
from uuid import UUID

from django.db import IntegrityError

from vallum_engine.model.report import Coverage as Covered
from vallum_engine.model.report import Report
from vallum_web.assets.models import Asset
from vallum_web.scans.models import Coverage, Scan
from vallum_web.tenancy import clock
from vallum_web.tenancy.events import emit
from vallum_web.tenancy.jobs import SLOW, enqueue
from vallum_web.tenancy.models import Org
from vallum_web.tenancy.scope import scope

MAX_ATTEMPTS = 3
MAX_GAPS = 2000
MAX_REASONS = 200
MOST_TEXT = 2000
UNFINISHED = (Scan.Status.QUEUED, Scan.Status.RUNNING)
RUN = "ingest.run_scan"


def request(org: Org | UUID, asset: UUID, by: UUID | None) -> Scan:
    """Queue a scan; while one of the asset is waiting or running, that one is the answer."""
    org_id = org.pk if isinstance(org, Org) else org
    with scope(org_id, user=by):
        return _waiting(org_id, asset) or _queued(org_id, asset, by)


def _waiting(org: UUID, asset: UUID) -> Scan | None:
    return Scan.objects.of(org).filter(asset=asset, status__in=UNFINISHED, origin=Scan.Origin.REQUESTED).first()


def _queued(org: UUID, asset: UUID, by: UUID | None) -> Scan:
    try:
        with scope(org):
            scan = Scan.objects.create(org_id=org, asset_id=asset, by=by, requested_at=clock.now())
            emit("scan.requested", scan.pk, asset=str(asset))
            again(scan)
            return scan
    except IntegrityError:
        # Somebody asked in the same moment; should theirs be over by now, it is still the answer.
        return _waiting(org, asset) or Scan.objects.of(org).filter(asset=asset).latest("id")


def again(scan: Scan) -> None:
    """Put a scan's job in the queue, in the caller's transaction."""
    enqueue(RUN, org=scan.org_id, queue=SLOW, lock=f"asset:{scan.asset_id}", scan=scan.pk)


def uploaded(asset: Asset, by: UUID | None) -> Scan:
    """A scan that ran elsewhere and whose report has just arrived."""
    with scope(asset.org_id, user=by):
        scan = Scan.objects.create(
            org_id=asset.org_id,
            asset=asset,
            by=by,
            origin=Scan.Origin.UPLOADED,
            isolation=Scan.Isolation.ELSEWHERE,
            requested_at=clock.now(),
        )
        emit("scan.uploaded", scan.pk, asset=str(asset.pk))
        return scan


def begin(org: UUID, key: UUID) -> Scan | None:
    """Mark a scan as running and count the attempt. None when it is over, or when it has been tried too often."""
    with scope(org):
        scan = Scan.objects.of(org).select_for_update().filter(pk=key, status__in=UNFINISHED).first()
        if scan is None:
            return None
        if scan.attempts >= MAX_ATTEMPTS:
            _fail(
                scan,
                f"Broken off {scan.attempts} times, by a crash of the worker or of the machine. Scan again; if that fails too, "
                "read logs/worker.log in the state folder.",
            )
            return None
        scan.status, scan.attempts, scan.phase = Scan.Status.RUNNING, scan.attempts + 1, "starting"
        scan.started_at, scan.progress = clock.now(), {}
        scan.save(update_fields=["status", "attempts", "phase", "started_at", "progress"])
        return scan


def follow(
    scan: Scan, phase: str, *, progress: Mapping[str, int] | None = None, facts: Mapping[str, str] | None = None
) -> None:
    """Write down how far a running scan is, and what became known of it (`branch`, `commit`, `isolation`).

    An attempt that another one overtook writes nothing.
    """
    with scope(scan.org_id):
        values: dict[str, Any] = {"phase": phase, **(facts or {})}
        if progress is not None:
            values["progress"] = dict(progress)
        running = Scan.objects.of(scan.org_id).filter(pk=scan.pk, status=Scan.Status.RUNNING)
        running.filter(attempts=scan.attempts).update(**values)


def fail(scan: Scan, reason: str) -> None:
    """End a scan that said nothing: it changes no finding. An attempt that another one overtook ends nothing."""
    with scope(scan.org_id):
        row = Scan.objects.of(scan.org_id).select_for_update().filter(pk=scan.pk, status__in=UNFINISHED).first()
        if row and row.attempts == scan.attempts:
            _fail(row, reason)


def _fail(scan: Scan, reason: str) -> None:
    reason = _safe(reason)  # it may quote what git or a scanner said
    scan.status, scan.failure, scan.finished_at, scan.phase = Scan.Status.FAILED, reason, clock.now(), ""
    scan.save(update_fields=["status", "failure", "finished_at", "phase"])
    emit("scan.failed", scan.pk, reason=reason)


def finish(scan: Scan, report: Report, *, engine: str, outcome: Mapping[str, int]) -> None:
    """Write a scan's account, in the transaction that digested its findings."""
    with scope(scan.org_id):
        row = Scan.objects.of(scan.org_id).select_for_update().get(pk=scan.pk)
        row.status = Scan.Status.INCOMPLETE if report.incomplete else Scan.Status.DONE
        row.finished_at, row.phase, row.engine, row.failure = clock.now(), "", engine, ""
        row.complete, row.stats, row.outcome = report.coverage.complete, asdict(report.stats), dict(outcome)
        row.errors = [
            {name: _safe(text) for name, text in asdict(problem).items()} for problem in report.errors[:MAX_GAPS]
        ]
        row.branch = row.branch or _safe(report.target.get("branch", ""))[:200]
        row.commit = row.commit or _safe(report.target.get("commit", ""))[:64]
        row.save()
        Coverage.objects.of(scan.org_id).filter(scan=row).delete()
        Coverage.objects.bulk_create(account(row, report.coverage), batch_size=1000)
        emit("scan.finished", row.pk, status=row.status)


def account(scan: Scan, covered: Covered) -> Sequence[Coverage]:
    """The rows that say where a scan looked: rule sets, gaps one by one, and what was left out on purpose by reason."""

    def row(**values: Any) -> Coverage:
        return Coverage(org_id=scan.org_id, scan=scan, **values)

    rows = [
        row(ruleset=r.name, version=r.version, verdict=Coverage.Verdict.RAN, covered=True) for r in covered.rulesets
    ]
    gaps = covered.gaps
    rows += [
        row(ruleset=gap.ruleset, verdict=gap.verdict.value, path=_safe(gap.path), why=_safe(gap.why), covered=False)
        for gap in gaps[:MAX_GAPS]
    ]
    if len(gaps) > MAX_GAPS:
        why = f"{len(gaps) - MAX_GAPS:,} further gaps are not listed because a scan lists {MAX_GAPS:,} at most"
        rows.append(row(verdict=Coverage.Verdict.SKIPPED, why=why, covered=False, count=len(gaps) - MAX_GAPS))
    chosen = [e for e in covered.exclusions if e.covered]
    examples = {e.why: e.path for e in reversed(chosen)}
    reasons = Counter(e.why for e in chosen).most_common()
    rows += [
        row(verdict=Coverage.Verdict.SKIPPED, path=_safe(examples[why]), why=_safe(why), covered=True, count=count)
        for why, count in sorted(reasons[:MAX_REASONS])
    ]
    if rest := sum(count for _, count in reasons[MAX_REASONS:]):
        why = f"other reasons: a scan lists {MAX_REASONS} at most"
        rows.append(row(verdict=Coverage.Verdict.SKIPPED, why=why, covered=True, count=rest))
    return rows


def _safe(text: str) -> str:
    """What PostgreSQL's text and jsonb can hold, and a page can show."""
    return text[:MOST_TEXT].replace("\x00", "\\x00").encode("utf-8", "backslashreplace").decode()
