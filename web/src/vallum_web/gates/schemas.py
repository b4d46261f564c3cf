"""The shapes of gates over the API. What a policy may hold is said once more, in words, by the engine that reads it."""

from datetime import datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from ninja import Schema
from pydantic import ConfigDict, Field

from vallum_engine.gate.policy import MOST_COUNT, MOST_DAYS, BadPolicy
from vallum_engine.gate.policy import parse as parse_policy
from vallum_web.gates import links, queries, reach
from vallum_web.gates.judge import Judged
from vallum_web.gates.models import Evaluation, Gate
from vallum_web.gates.services import Wanted
from vallum_web.tenancy.parameters import After
from vallum_web.tenancy.texts import OneLine

SeverityWord = Literal["critical", "high", "medium", "low", "info"]
KindWord = Literal["secret", "vulnerability", "weakness", "misconfiguration", "licence", "malware"]


class Strict(Schema):
    model_config = ConfigDict(extra="forbid")


class SinceSchema(Strict):
    since: Literal["previous", "scan", "date"]
    value: str = Field(default="", max_length=40)
    """Of `scan` its id, of `date` a day such as 2026-01-31."""


class PolicySchema(Strict):
    """docs/gates.md says what each condition means; what is left out has its default."""

    version: Literal[1]
    max_severity: SeverityWord | None = None
    no_secret: bool = False
    no_exploited: bool = False
    max_count: Annotated[int, Field(ge=0, le=MOST_COUNT, strict=True)] | None = None
    kinds: list[KindWord] = Field(default=[], max_length=6)
    min_confidence: Literal["high", "medium", "low"] = "low"
    min_risk: int = Field(default=0, ge=0, le=100, strict=True)
    fixable_only: bool = False
    new_since: SinceSchema | None = None
    min_days: int = Field(default=0, ge=0, le=MOST_DAYS, strict=True)
    count_suppressed: bool = False
    max_age_days: Annotated[int, Field(ge=0, le=MOST_DAYS, strict=True)] | None = 7
    when_unsure: Literal["cannot_say", "fail"] = "cannot_say"


class ScopeSchema(Strict):
    """Of the last three only the one that `over` names."""

    over: Literal["all", "assets", "team", "importance"] = "all"
    assets: list[UUID] | None = Field(default=None, max_length=reach.MOST_ASSETS)
    team: UUID | None = None
    importance: Literal["low", "normal", "high", "critical"] | None = None

    def data(self) -> dict[str, Any]:
        return {name: value for name, value in self.dict().items() if value is not None}


class GateIn(Strict):
    name: OneLine = Field(min_length=1, max_length=80)
    policy: PolicySchema
    scope: ScopeSchema = ScopeSchema()


class GateOut(Schema):
    id: UUID
    name: str
    policy: dict[str, Any]
    scope: dict[str, Any]
    sentences: list[str]
    """The policy in words."""
    revision: int
    made_at: datetime
    changed_at: datetime

    @classmethod
    def of(cls, line: queries.Line) -> Self:
        gate = line.gate
        return cls(
            id=gate.pk,
            name=gate.name,
            policy=gate.policy,
            scope=gate.scope,
            sentences=[*line.sentences, f"{line.where}."],
            revision=gate.revision,
            made_at=gate.made_at,
            changed_at=gate.changed_at,
        )


class GatePage(Schema):
    items: list[GateOut]
    after: str
    """Give it as `after` for the next page; empty on the last."""


class GateName(Schema):
    id: UUID
    name: str
    revision: int


class ReasonOut(Schema):
    code: str
    text: str
    count: int
    url: str
    """What it is about, on this site."""


class OffenderOut(Schema):
    id: UUID
    severity: str
    kind: str
    title: str
    path: str
    line: int
    url: str


class EvaluationLine(Schema):
    id: UUID
    gate: GateName
    asset_id: UUID
    scan: UUID | None
    baseline: UUID | None
    """The scan that it was compared with."""
    verdict: str
    reasons: list[ReasonOut]
    counts: dict[str, int]
    at: datetime
    by: UUID | None
    token: UUID | None

    @classmethod
    def values(cls, org: str, row: Evaluation, gate: Gate) -> dict[str, Any]:
        policy = queries.policy(gate)
        reasons = [
            ReasonOut(
                **each,
                url=links.reason(org, each["code"], asset=row.asset_id, scan=row.scan_id, policy=policy),
            )
            for each in row.reasons
        ]
        return {
            "id": row.pk,
            "gate": GateName(id=gate.pk, name=gate.name, revision=row.revision),
            "asset_id": row.asset_id,
            "scan": row.scan_id,
            "baseline": row.baseline_id,
            "verdict": row.verdict,
            "reasons": reasons,
            "counts": row.counts,
            "at": row.at,
            "by": row.by,
            "token": row.token,
        }


class EvaluationOut(EvaluationLine):
    offending: list[OffenderOut]
    """The worst of what breaks the gate, or may; kept with no answer, for it is in the record."""
    not_listed: int

    @classmethod
    def of(cls, org: str, row: Evaluation, gate: Gate, said: Judged) -> Self:
        listed = [
            OffenderOut(
                id=each.id,
                severity=each.severity,
                kind=each.kind,
                title=each.title,
                path=each.path,
                line=each.line,
                url=links.finding(org, each.id),
            )
            for each in said.offending
        ]
        return cls(**cls.values(org, row, gate), offending=listed, not_listed=said.not_listed)


class EvaluationPage(Schema):
    items: list[EvaluationLine]
    after: str


class Question(Strict):
    asset: OneLine = Field(min_length=1, max_length=200)
    """Its id, or its name."""
    scan: UUID | None = None
    """None: the newest that decides about the asset."""


class WideQuestion(Question):
    gate: OneLine = Field(default="", max_length=80)
    """Its name; empty: every gate that holds for the asset."""


class Pending(Schema):
    """The scan in question waits or runs: ask again."""

    pending: bool
    scan: UUID
    status: str


class Answers(Schema):
    verdict: str
    """The worst; `cannot_say` where no gate holds."""
    scan: UUID | None
    evaluations: list[EvaluationOut]


class EvaluationsWanted(After):
    asset: UUID | None = Field(None, description="One asset's id.", examples=["01890a5d-ac96-774b-bcce-b302099a8057"])


def wanted(body: GateIn) -> Wanted:
    """Raises BadPolicy."""
    if not body.name:
        raise BadPolicy("name: a gate needs one.")
    from_engine = parse_policy(body.policy.dict())
    return Wanted(name=body.name, policy=from_engine, scope=reach.parse(body.scope.data()))
