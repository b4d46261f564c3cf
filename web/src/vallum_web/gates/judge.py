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
    (point,) = subjects.points(org, asset, policy, [(about.known, now)])
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
    about = subjects.history(org, asset, size)
    standings = subjects.standings(org, about, now=None)
    now = clock.now()
    asked = [(each.known, each.scan.finished_at or now if each.scan else now) for each in about]
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
