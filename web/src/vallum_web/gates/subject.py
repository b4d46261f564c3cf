"""Which scan a gate is asked about, what it is compared with, and how far it can speak."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time
from datetime import date as day_of
from uuid import UUID

from django.db.models import QuerySet, Sum

from vallum_engine.gate.decide import Doubt, Standing
from vallum_engine.gate.policy import Policy, Since
from vallum_web.gates.record import Baseline, Point
from vallum_web.scans import words
from vallum_web.scans.models import Coverage, Scan
from vallum_web.scans.queries import ENDED, UNFINISHED, UNLISTED
from vallum_web.tenancy.models import Org

OVER = (*ENDED, Scan.Status.FAILED)
MOST_BASELINES = 500
"""Whole scans that are looked through for one to compare with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What a gate is asked about: a scan, and the newest one of each other tool at that time."""

    scan: Scan | None
    """None: the asset was never scanned."""
    others: Sequence[Scan] = ()
    pending: Scan | None = None
    """A scan that waits or runs: until it is over, nothing is to be said."""

    @property
    def known(self) -> Scan | None:
        """The scan as of which the record is asked; a scan of a branch that it does not follow is none."""
        return None if self.scan is None or elsewhere(self.scan) else self.scan

    @property
    def ended(self) -> Scan | None:
        """The newest one that reached its end."""
        every = [scan for scan in (self.known, *self.others) if scan and scan.status in ENDED]
        return max(every, key=lambda scan: scan.pk, default=None)


def subject(org: Org, asset: UUID, scan: UUID | None) -> Subject:
    """Of one scan, or of the newest that decides about the asset. Raises Scan.DoesNotExist for one that is not the asset's."""
    if scan is not None:
        found: Scan = _of_asset(org, asset).get(pk=scan)
        pending = found if found.status in UNFINISHED else None
    else:
        # What arrives later may be over sooner: a report that repeats the last one is not even read.
        pending = deciding(org, asset).filter(status__in=UNFINISHED).first()
        newest = deciding(org, asset).first()
        if newest is None:
            return Subject(scan=None)
        found = newest
    return Subject(scan=found, others=_others(org, asset, [found])[found.pk], pending=pending)


def history(org: Org, asset: UUID, size: int) -> list[Subject]:
    """The last scans that are over, the newest first."""
    found = list(deciding(org, asset).filter(status__in=OVER, finished_at__isnull=False)[:size])
    others = _others(org, asset, found)
    return [Subject(scan=scan, others=others[scan.pk]) for scan in found]


def deciding(org: Org, asset: UUID) -> QuerySet[Scan]:
    """The scans of the branch that the record follows, the newest first."""
    return _of_asset(org, asset).exclude(outcome__has_key="other_branch").order_by("-id")


def elsewhere(scan: Scan) -> bool:
    """Whether it is of a branch that the record does not follow, so that it changed no finding."""
    return "other_branch" in scan.outcome


def _others(org: Org, asset: UUID, scans: Sequence[Scan]) -> Mapping[UUID, Sequence[Scan]]:
    """The newest scan of each tool but its own, at the time of each of these."""
    if not scans:
        return {}
    oldest, newest = min(scan.pk for scan in scans), max(scan.pk for scan in scans)
    over = deciding(org, asset).filter(status__in=OVER)
    before = over.filter(pk__lt=oldest).order_by("tool", "origin", "-id").distinct("tool", "origin")
    window = over.filter(pk__gte=oldest, pk__lte=newest)
    timeline = {scan.pk: scan for scan in (*before, *window, *scans)}
    wanted = {scan.pk for scan in scans}
    standing: dict[str, Scan] = {}
    found: dict[UUID, Sequence[Scan]] = {}
    for key, scan in sorted(timeline.items()):
        source = _source(scan)
        if key in wanted:
            found[key] = [other for name, other in sorted(standing.items()) if name != source]
        if scan.status not in OVER or elsewhere(scan):
            continue
        standing[source] = scan
        if scan.origin == Scan.Origin.IMPORTED and source != _UNKNOWN:
            standing.pop(_UNKNOWN, None)  # what could not be recognised was made good
    return found


_UNKNOWN = "?"


def _source(scan: Scan) -> str:
    """Which tool's scan it is: empty is our own; a report that could not be read may be any other one's."""
    return _UNKNOWN if scan.origin == Scan.Origin.IMPORTED and not scan.tool else scan.tool


def standings(org: Org, subjects: Sequence[Subject], *, now: datetime | None) -> list[Standing]:
    """How far each can speak, without its baseline; `now` is None for a look at the past, in which nothing is old."""
    gaps = _gaps(org, {scan.pk for each in subjects for scan in (each.scan, *each.others) if scan and _has_gaps(scan)})
    return [_standing(each, gaps, now) for each in subjects]


def _standing(each: Subject, gaps: Mapping[UUID, int], now: datetime | None) -> Standing:
    scan, ended, doubts = each.scan, each.ended, dict[Doubt, str]()
    if scan is None or (ended is None and scan.status != Scan.Status.FAILED and not elsewhere(scan)):
        doubts[Doubt.NEVER] = "The asset was never scanned to an end: scan it, or upload a report."
    elif elsewhere(scan):
        doubts[Doubt.BRANCH] = (
            f"The scan is of the branch {scan.branch or 'unknown'}, and the record follows another one: "
            "gate its report in the pipeline, with `vallum gate REPORT --baseline`."
        )
    looked = [scan for scan in (each.known, *each.others) if scan]
    if failed := [scan for scan in looked if scan.status == Scan.Status.FAILED]:
        doubts[Doubt.FAILED] = " ".join(
            f"{_named(scan)} failed: {scan.failure or 'it did not say why.'}" for scan in failed
        )
    if short := [scan for scan in looked if _has_gaps(scan)]:
        said = " ".join(f"{_named(scan)} {_fell_short(scan, gaps.get(scan.pk, 0))}." for scan in short)
        doubts[Doubt.GAPS] = f"{said} What was not found may be there."
    age = (now - ended.finished_at).days if now and ended and ended.finished_at else None
    return Standing(doubts=doubts, age_days=age)


def _named(scan: Scan) -> str:
    return f"The last report of {words.tools(scan)}" if scan.tool else "The scan"


def _fell_short(scan: Scan, gaps: int) -> str:
    listed = f" ({gaps:,} {'gap' if gaps == 1 else 'gaps'})" if gaps else ""
    return f"{'was not read whole' if scan.tool else 'did not look everywhere'}{listed}"


def _has_gaps(scan: Scan) -> bool:
    """A part of another tool's report is as complete as it wants to be: all that was known beside it still counts."""
    return scan.status == Scan.Status.INCOMPLETE


def _gaps(org: Org, scans: Collection[UUID]) -> Mapping[UUID, int]:
    if not scans:
        return {}
    rows = Coverage.objects.of(org).filter(covered=False, scan__in=scans).values_list("scan").annotate(n=Sum("count"))
    return dict(rows)


def points(org: Org, asset: UUID, policy: Policy, asked: Sequence[tuple[Scan | None, datetime]]) -> list[Point]:
    """Each scan with the moment from which suppressions are seen, and what it is compared with."""
    baselines = _baselines(org, asset, policy, [scan for scan, _ in asked if scan])
    none = Baseline()
    return [
        Point(scan=scan, moment=moment, baseline=baselines.get(scan.pk, none) if scan else none)
        for scan, moment in asked
    ]


def _baselines(org: Org, asset: UUID, policy: Policy, scans: Sequence[Scan]) -> Mapping[UUID, Baseline]:
    since = policy.new_since
    if since is None or not scans:
        return {}
    if since.since is Since.SCAN:
        named = _of_asset(org, asset).filter(pk=since.value).first()
        return {scan.pk: _named_one(named, scan) for scan in scans}
    if since.since is Since.DATE:
        midnight = datetime.combine(day_of.fromisoformat(since.value), time(), UTC)
        last = _whole(org, asset).filter(finished_at__lt=midnight).first()
        return {scan.pk: _since(last, scan) for scan in scans}
    candidates = list(_whole(org, asset).filter(pk__lt=max(scan.pk for scan in scans))[:MOST_BASELINES])
    return {scan.pk: _previous(candidates, scan) for scan in scans}


def _previous(candidates: Iterable[Scan], scan: Scan) -> Baseline:
    """The newest whole scan before, by the same tool.

    Another try at the same commit, or the same report once more, is no step forward: what failed there has to fail here.
    """
    for before in candidates:
        again = (before.commit and before.commit == scan.commit) or (before.repeats or before.pk) == scan.repeats
        if before.pk < scan.pk and before.tool == scan.tool and not again:
            return Baseline(scan=before, complete=True)
    return Baseline(why_not="There is no complete scan before this one to compare with: nobody knows what is new.")


def _named_one(named: Scan | None, scan: Scan) -> Baseline:
    if named is None or named.status not in ENDED or elsewhere(named):
        return Baseline(why_not="The scan to compare with is none of this asset's that reached its end.")
    if named.pk > scan.pk:
        return Baseline(why_not="The scan to compare with is later than this one.")
    complete = named.status == Scan.Status.DONE and named.complete
    why_not = "" if complete else "The scan to compare with did not look everywhere."
    return Baseline(scan=named, complete=complete, why_not=why_not)


def _since(last: Scan | None, scan: Scan) -> Baseline:
    """What was there at the end of the day before; where nobody had looked by then, nothing was known, and all is new."""
    if last is None or last.pk > scan.pk:
        return Baseline(beginning=True)
    return Baseline(scan=last, complete=True)


def _whole(org: Org, asset: UUID) -> QuerySet[Scan]:
    return deciding(org, asset).filter(status=Scan.Status.DONE, complete=True)


def _of_asset(org: Org, asset: UUID) -> QuerySet[Scan]:
    rows: QuerySet[Scan] = Scan.objects.of(org).filter(asset=asset).defer(*UNLISTED)
    return rows
