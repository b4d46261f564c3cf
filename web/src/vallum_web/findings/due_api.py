"""By when findings should have ended, over the API: the organization's rules, and what others would make overdue."""

from typing import Annotated, Literal

from ninja import Schema
from pydantic import ConfigDict, Field

from vallum_engine.model.finding import Severity
from vallum_web.accounts.access import TenantRouter, TokenRequest, permits
from vallum_web.assets.worth import Importance
from vallum_web.findings import due, due_queries, services

router = TenantRouter(tags=["findings"])
_Severity = Literal["critical", "high", "medium", "low", "info"]
_Importance = Literal["critical", "high", "normal", "low"]
Days = Annotated[int, Field(ge=1, le=due.MOST_DAYS)]


class DueRules(Schema):
    """Days by severity, and in it by the importance of the asset; null: no date. What is left out stays as it is."""

    model_config = ConfigDict(extra="forbid")

    days: dict[_Severity, dict[_Importance, Days | None]] = Field(examples=[{"critical": {"critical": 3, "normal": 7}}])


class OverdueOut(Schema):
    severity: str
    open: int
    now: int
    """Overdue today."""
    then: int
    """Overdue today if these rules held, and `soon` within seven days."""
    soon: int


@router.get("", response=DueRules, summary="By when findings should have ended: the whole table")
@permits("findings.read")
def due_rules_get(request: TokenRequest) -> DueRules:
    return _out(due_queries.due_rules(request.auth.org))


@router.patch("", response=DueRules, summary="Say by when findings should have ended; dates follow as a job")
@permits("due.change")
def due_rules_change(request: TokenRequest, body: DueRules) -> DueRules:
    services.set_due_rules(request.auth.org, request.auth.by, _wanted(request, body))
    return _out(due_queries.due_rules(request.auth.org))


@router.post("/trial", response=list[OverdueOut], summary="What other rules would make overdue; nothing is changed")
@permits("due.change")
def due_rules_try(request: TokenRequest, body: DueRules) -> list[OverdueOut]:
    found = due_queries.overdue_under(request.auth.org, _wanted(request, body))
    return [OverdueOut.from_orm(line) for line in found]


def _wanted(request: TokenRequest, body: DueRules) -> due.Table:
    said = {
        (Severity(severity).rank, Importance[importance.upper()].value): days
        for severity, line in body.days.items()
        for importance, days in line.items()
    }
    return due_queries.due_rules(request.auth.org) | said


def _out(rules: due.Table) -> DueRules:
    days: dict[str, dict[str, int | None]] = {
        severity.value: {rank.word: rules[severity.rank, rank.value] for rank in Importance} for severity in Severity
    }
    return DueRules.model_validate({"days": days})
