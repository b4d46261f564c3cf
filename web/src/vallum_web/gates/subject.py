"""Which scan a gate is asked about, what it is compared with, and how far it can speak."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time
from datetime import date as day_of
from uuid import UUID

from django.db.models import Q, QuerySet, Sum

from vallum_engine.gate.decide import Doubt, Standing
from vallum_engine.gate.policy import Policy, Since
from vallum_web.gates.record import Baseline, Point
from vallum_web.scans.models import Coverage, Scan
from vallum_web.scans.queries import UNLISTED
from vallum_web.scans.services import UNFINISHED
from vallum_web.tenancy.models import Org

ENDED = (Scan.Status.DONE, Scan.Status.INCOMPLETE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What a gate is asked about."""

    scan: Scan | None
    """The one in question; None: the asset was never scanned."""
    ended: Scan | None
    """The one whose findings are asked: the same, or, where that failed, the last before it that did not."""

    @property
    def pending(self) -> bool:
        return self.scan is not None and self.scan.status in UNFINISHED


def subject(org: Org, asset: UUID, scan: UUID | None) -> Subject:
    """Of one scan, or of the newest that decides about the asset. Raises Scan.DoesNotExist for one that is not the asset's."""
    if scan is not None:
        found: Scan = _of_asset(org, asset).get(pk=scan)
        return Subject(scan=found, ended=found if found.status in ENDED and not _elsewhere(found) else None)
    newest = deciding(org, asset).first()
    ended = newest if newest and newest.status in ENDED else deciding(org, asset).filter(status__in=ENDED).first()
    return Subject(scan=newest, ended=ended)


def deciding(org: Org, asset: UUID) -> QuerySet[Scan]:
    """The scans of the branch that the record follows, the newest first."""
    return _of_asset(org, asset).exclude(outcome__has_key="other_branch").order_by("-id")


def standings(org: Org, subjects: Sequence[Subject], *, now: datetime | None) -> list[Standing]:
    """How far each can speak, without its baseline; `now` is None for a look at the past, in which nothing is old."""
    gaps = _gaps(org, [each.ended for each in subjects if each.ended])
    return [_standing(each, gaps, now) for each in subjects]


def _standing(each: Subject, gaps: Mapping[UUID, int], now: datetime | None) -> Standing:
    scan, ended, doubts = each.scan, each.ended, dict[Doubt, str]()
    if scan is None:
        doubts[Doubt.NEVER] = "The asset was never scanned: scan it, or upload a report."
    elif scan.status == Scan.Status.FAILED:
        doubts[Doubt.FAILED] = f"The scan failed: {scan.failure or 'it did not say why.'}"
    elif _elsewhere(scan):
        doubts[Doubt.BRANCH] = (
            f"The scan is of the branch {scan.branch or 'unknown'}, and the record follows another one: "
            "gate its report in the pipeline, with `vallum gate REPORT --baseline`."
        )
    if scan is not None and ended is None and not doubts:
        doubts[Doubt.NEVER] = "No scan of the asset has reached its end."
    if ended is not None and (ended.status == Scan.Status.INCOMPLETE or not ended.complete):
        number = gaps.get(ended.pk, 0)
        listed = f" ({number:,} {'gap' if number == 1 else 'gaps'})" if number else ""
        doubts[Doubt.GAPS] = f"The scan did not look everywhere{listed}: what it did not find may be there."
    age = (now - ended.finished_at).days if now and ended and ended.finished_at else None
    return Standing(doubts=doubts, age_days=age)


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
        return {scan.pk: _named(named, scan) for scan in scans}
    if since.since is Since.DATE:
        midnight = datetime.combine(day_of.fromisoformat(since.value), time(), UTC)
        last = _whole(org, asset).filter(finished_at__lt=midnight).first()
        return {scan.pk: _since(last, scan) for scan in scans}
    return _previous(org, asset, scans)


def _previous(org: Org, asset: UUID, scans: Sequence[Scan]) -> Mapping[UUID, Baseline]:
    """The newest whole scan before each of them."""
    oldest, newest = min(scan.pk for scan in scans), max(scan.pk for scan in scans)
    before = _whole(org, asset).filter(pk__lt=oldest).first()
    between = list(_whole(org, asset).filter(pk__gte=oldest, pk__lt=newest))
    candidates = [*between, *([before] if before else [])]
    why_not = "There is no complete scan before this one to compare with: nobody knows what is new."
    found = {}
    for scan in scans:
        previous = next((whole for whole in candidates if whole.pk < scan.pk), None)
        found[scan.pk] = Baseline(scan=previous, complete=True) if previous else Baseline(why_not=why_not)
    return found


def _named(named: Scan | None, scan: Scan) -> Baseline:
    if named is None or named.status not in ENDED or _elsewhere(named):
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


def _elsewhere(scan: Scan) -> bool:
    """Whether it is of a branch that the record does not follow, so that it changed no finding."""
    return "other_branch" in scan.outcome


def _gaps(org: Org, scans: Iterable[Scan]) -> Mapping[UUID, int]:
    keys = [scan.pk for scan in scans if scan.status == Scan.Status.INCOMPLETE]
    if not keys:
        return {}
    rows = Coverage.objects.of(org).filter(Q(covered=False), scan__in=keys).values_list("scan").annotate(n=Sum("count"))
    return dict(rows)
