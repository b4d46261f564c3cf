"""The life of a scan: requested, begun, followed, finished or failed."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any
from uuid import UUID

from django.db import IntegrityError

from vallum_engine.model.report import Coverage as Covered
from vallum_engine.model.report import Problem, Report
from vallum_web.assets.models import Asset
from vallum_web.scans.models import Coverage, Latest, Rejected, Scan
from vallum_web.scans.queries import ENDED, UNFINISHED, waiting
from vallum_web.tenancy import clock
from vallum_web.tenancy.events import emit
from vallum_web.tenancy.jobs import SLOW, enqueue
from vallum_web.tenancy.keys import uuid7
from vallum_web.tenancy.models import Org
from vallum_web.tenancy.scope import scope

MAX_ATTEMPTS = 3
MAX_GAPS = 2000
MAX_REASONS = 200
MAX_REJECTED = 10_000
MOST_TEXT = 2000
RUN = "ingest.run_scan"


def request(org: Org | UUID, asset: UUID, by: UUID | None) -> Scan:
    """Queue a scan; while one of the asset is waiting or running, that one is the answer."""
    org_id = org.pk if isinstance(org, Org) else org
    with scope(org_id, user=by):
        return waiting(org_id, asset) or _queued(org_id, asset, by)


def _queued(org: UUID, asset: UUID, by: UUID | None) -> Scan:
    try:
        with scope(org):
            scan = Scan.objects.create(org_id=org, asset_id=asset, by=by, requested_at=clock.now())
            emit("scan.requested", scan.pk, asset=str(asset))
            again(scan)
            return scan
    except IntegrityError:
        # Somebody asked in the same moment; should theirs be over by now, it is still the answer.
        return waiting(org, asset) or Scan.objects.of(org).filter(asset=asset).latest("id")


def again(scan: Scan) -> None:
    """Put a scan's job in the queue, in the caller's transaction."""
    enqueue(RUN, org=scan.org_id, queue=SLOW, lock=f"asset:{scan.asset_id}", scan=scan.pk)


def uploaded(asset: Asset, by: UUID | None) -> Scan:
    """A scan that ran elsewhere and whose report has just arrived."""
    return _arrived(asset, by, origin=Scan.Origin.UPLOADED, isolation=Scan.Isolation.ELSEWHERE)


def imported(asset: Asset, by: UUID | None, *, tool: str) -> Scan:
    """A scan by another tool, whose report has just arrived. `tool` is empty where it is still to be recognised."""
    return _arrived(asset, by, origin=Scan.Origin.IMPORTED, tool=tool)


def repeated(before: Scan, by: UUID | None) -> Scan:
    """Another scan of which the report says, byte for byte, what `before` said: it has its account, and changes nothing."""
    with scope(before.org_id, user=by):
        now, nothing = clock.now(), {"new": 0, "reopened": 0, "resolved": 0, "changed": 0}
        values = {
            name: getattr(before, name) for name in ("engine", "complete", "stats", "status", "isolation", "errors")
        }
        values |= {"outcome": before.outcome | nothing, "repeats": before.repeats or before.pk}
        values |= {"started_at": now, "finished_at": now}
        scan = _arrived(before.asset, by, origin=before.origin, tool=before.tool, **values)
        rows = list(Coverage.objects.of(before.org_id).filter(scan=before))
        for row in rows:
            row.pk, row.scan = uuid7(), scan
        Coverage.objects.bulk_create(rows, batch_size=1000)
        _sum_up(scan)
        emit("scan.finished", scan.pk, status=scan.status)
        return scan


def _arrived(asset: Asset, by: UUID | None, **values: Any) -> Scan:
    with scope(asset.org_id, user=by):
        scan = Scan.objects.create(org_id=asset.org_id, asset=asset, by=by, requested_at=clock.now(), **values)
        emit("scan.uploaded", scan.pk, asset=str(asset.pk), origin=scan.origin)
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
        row, rejected = Scan.objects.of(scan.org_id).select_for_update().get(pk=scan.pk), rejects(report)
        row.status = Scan.Status.INCOMPLETE if _incomplete(report) else Scan.Status.DONE
        row.finished_at, row.phase, row.engine, row.failure = clock.now(), "", engine, ""
        row.complete, row.stats, row.outcome = report.coverage.complete, _stats(report), dict(outcome)
        others = report.errors[len(rejected) :]
        row.errors = [{name: _safe(text) for name, text in asdict(problem).items()} for problem in others[:MAX_GAPS]]
        row.tool = tool(report) or row.tool
        row.branch = row.branch or _safe(report.target.get("branch", ""))[:200]
        row.commit = row.commit or _safe(report.target.get("commit", ""))[:64]
        row.save()
        Coverage.objects.of(scan.org_id).filter(scan=row).delete()
        Coverage.objects.bulk_create(account(row, report.coverage), batch_size=1000)
        Rejected.objects.of(scan.org_id).filter(scan=row).delete()
        Rejected.objects.bulk_create(listed(row, rejected), batch_size=1000)
        _sum_up(row)
        emit("scan.finished", row.pk, status=row.status)


def _sum_up(scan: Scan) -> None:
    """Write what the asset's scans with an end say together, now that this one has reached its own."""
    org, asset = scan.org_id, scan.asset_id
    first = Latest(org_id=org, asset_id=asset, scan=scan, gaps=False, rulesets=0, ran=0)
    Latest.objects.bulk_create([first], ignore_conflicts=True)
    # Of two that end at once the second waits here, and then sees both.
    row = Latest.objects.of(org).select_for_update().get(asset=asset)
    ended = Scan.objects.of(org).filter(asset=asset, status__in=ENDED)
    of_tools = list(ended.order_by("tool", "-id").distinct("tool").only("status", "stats"))
    newest = max(of_tools, key=lambda each: each.pk)
    row.scan, row.gaps = newest, any(each.status == Scan.Status.INCOMPLETE for each in of_tools)
    row.whole = ended.filter(complete=True).order_by("-id").values_list("pk", flat=True).first()
    row.rulesets, row.ran = newest.stats.get("rulesets", 0), newest.stats.get("ran", 0)
    row.save(update_fields=["scan", "whole", "gaps", "rulesets", "ran"])


def _stats(report: Report) -> dict[str, Any]:
    """The report's own figures, and how many of its rule sets ran: one that looked at nothing of the tree did not."""
    idle = {gap.ruleset for gap in report.coverage.gaps if gap.ruleset and not gap.path}
    names = [ruleset.name for ruleset in report.coverage.rulesets]
    ran = [name for name in names if not any(f"{name}/".startswith(f"{wider}/") for wider in idle)]
    return {**asdict(report.stats), "rulesets": len(names), "ran": len(ran)}


def tool(report: Report) -> str:
    """The ids of the formats that a report of other tools was read as; empty for one of our own scanner."""
    return _safe(report.target.get("report", ""))[:120]


def rejects(report: Report) -> Sequence[Problem]:
    """The records of other tools' reports that were not imported: they come first among the errors."""
    return report.errors[: report.stats.rejected] if "report" in report.target else ()


def _incomplete(report: Report) -> bool:
    """A part of another tool's report is as complete as it wants to be: it speaks for what it lists, and for no more."""
    return bool(report.errors) if tool(report) else report.incomplete


def listed(scan: Scan, rejected: Sequence[Problem]) -> Sequence[Rejected]:
    """The rows of the rejected records, and past the limit one that counts the rest."""
    rows = [
        Rejected(org_id=scan.org_id, scan=scan, number=number, at=_safe(record.path), why=_safe(record.what))
        for number, record in enumerate(rejected[:MAX_REJECTED], 1)
    ]
    if rest := len(rejected) - len(rows):
        why = f"{rest:,} more records were not imported: they are not stored one by one because a scan lists {MAX_REJECTED:,} at most"
        rows.append(Rejected(org_id=scan.org_id, scan=scan, number=MAX_REJECTED + 1, why=why, count=rest))
    return rows


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
