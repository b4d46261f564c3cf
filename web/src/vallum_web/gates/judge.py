"""What a gate says of an asset, now or at each of its last scans: reads, and the engine's decision."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from vallum_engine.gate.decide import Answer, decide
from vallum_engine.gate.policy import Policy
from vallum_web.gates import subject as subjects
from vallum_web.gates.models import Evaluation
from vallum_web.gates.record import Listed, Record
from vallum_web.gates.subject import Subject
from vallum_web.scans.models import Scan
from vallum_web.tenancy import clock
from vallum_web.tenancy.models import Org

REPLAYED = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """An answer with what it is about."""

    answer: Answer
    scan: Scan | None
    baseline: Scan | None
    offending: Sequence[Listed] = ()
    not_listed: int = 0

    @property
    def label(self) -> str:
        """The verdict in words."""
        return Evaluation.Verdict(self.answer.verdict.value).label


def judge(org: Org, asset: UUID, policy: Policy, about: Subject) -> Judged:
    """What the policy says now, of the scan in question."""
    now = clock.now()
    (standing,) = subjects.standings(org, [about], now=now)
    (point,) = subjects.points(org, asset, policy, [(about.ended, now)])
    record = Record(org, asset, policy, [point])
    answer = decide(policy, record.at(0), replace(standing, no_baseline=point.baseline.why_not))
    listed = record.offending(0, answer)
    return Judged(
        answer=answer,
        scan=about.scan,
        baseline=point.baseline.scan,
        offending=listed,
        not_listed=record.offending_number(0, answer) - len(listed),
    )


def replay(org: Org, asset: UUID, policy: Policy, size: int = REPLAYED) -> list[Judged]:
    """What the policy would have said at the end of each of the asset's last scans, the newest first."""
    over = [*subjects.ENDED, Scan.Status.FAILED]
    found = list(subjects.deciding(org, asset).filter(status__in=over, finished_at__isnull=False)[:size])
    about = [Subject(scan=scan, ended=_ended(scan, found)) for scan in found]
    standings = subjects.standings(org, about, now=None)
    asked = [(each.ended, scan.finished_at or clock.now()) for each, scan in zip(about, found, strict=True)]
    points = subjects.points(org, asset, policy, asked)
    record = Record(org, asset, policy, points)
    return [
        Judged(
            answer=decide(policy, record.at(number), replace(standing, no_baseline=point.baseline.why_not)),
            scan=each.scan,
            baseline=point.baseline.scan,
        )
        for number, (each, standing, point) in enumerate(zip(about, standings, points, strict=True))
    ]


def _ended(scan: Scan, newest_first: Sequence[Scan]) -> Scan | None:
    """The scan itself, or the last one before it that did not fail, among those looked at."""
    if scan.status in subjects.ENDED:
        return scan
    return next((each for each in newest_first if each.pk < scan.pk and each.status in subjects.ENDED), None)
