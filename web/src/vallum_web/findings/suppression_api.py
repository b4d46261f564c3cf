"""Suppression rules over the API: tried, made, listed, lifted."""

from datetime import date, datetime
from typing import Any, Literal, cast
from uuid import UUID

from django.http import Http404
from ninja import Schema, Status
from ninja.errors import HttpError
from pydantic import ConfigDict, Field

from vallum_engine.model.finding import Kind, Severity
from vallum_web.accounts.access import TenantRouter, TokenRequest, permits
from vallum_web.findings import services, suppression_queries
from vallum_web.findings.api import FindingOut, SuppressIn, finding_out
from vallum_web.findings.bulk_api import BulkOut
from vallum_web.findings.models import SuppressionRule
from vallum_web.findings.pattern import LONGEST, Pattern, PatternError
from vallum_web.findings.suppression_queries import Line
from vallum_web.findings.trying import TooManyToTryError
from vallum_web.tenancy.texts import Storable

router = TenantRouter(tags=["suppression rules"], holds=SuppressionRule)

SeverityWord = Literal["critical", "high", "medium", "low", "info"]


class PatternIn(Schema):
    """All that is said has to be so of a finding; at least one of kind, rule, path, package, cve and asset is said."""

    model_config = ConfigDict(extra="forbid")

    kind: Kind | None = None
    rule: Storable = Field(default="", max_length=LONGEST["rule"])
    """The detector's rule by its id, exactly or with `*` for any text."""
    path: Storable = Field(default="", max_length=LONGEST["path"])
    """`*` stays within a folder, `**` goes through all. Every place of a finding has to fit."""
    package: Storable = Field(default="", max_length=LONGEST["package"])
    """Its name, exactly or with `*`, without a version."""
    cve: Storable = Field(default="", max_length=30)
    asset: UUID | None = None
    severity: SeverityWord = "high"
    """The worst that is hidden: what is critical only where this says so."""
    exploited: bool = False
    """Whether what is known to be exploited is hidden too."""


class RuleIn(PatternIn, SuppressIn):
    pass


class RuleOut(Schema):
    id: UUID
    hides: str
    """The pattern in words."""
    kind: str
    rule: str
    path: str
    package: str
    cve: str
    asset: UUID | None
    severity: str
    exploited: bool
    reason: str
    justification: str
    note: str
    until: date | None
    by: UUID
    made_at: datetime
    lifted_at: datetime | None
    in_force: bool
    findings: int
    """How many it hides; none above 10,001 is counted further."""
    run: BulkOut | None
    """The action that brought findings under it, or out from under it, last."""


class RuleList(Schema):
    items: list[RuleOut]


class OverlapOut(Schema):
    id: UUID
    hides: str
    findings: int


class PreviewOut(Schema):
    open: int
    """How many open findings it would hide."""
    severities: dict[str, int]
    risk: int
    """Their risk, added up: the real score keeps it."""
    real: int
    """The real score: the risk of all that is open or suppressed."""
    suppressed: int
    """What fits and is hidden already."""
    recent: int
    """What fits of the findings opened in the last 90 days."""
    fixed: int
    """Of these, those that somebody has fixed since: a sign that hiding would have been wrong."""
    worst: list[FindingOut]
    fixed_worst: list[FindingOut]
    overlaps: list[OverlapOut]
    """Rules in force that hide some of the same."""


@router.get("", response=RuleList, summary="Suppression rules: those in force, then those that have ended last")
@permits("findings.read")
def suppressions_list(request: TokenRequest) -> RuleList:
    return RuleList(items=[_out(line) for line in suppression_queries.rules(request.auth.org)])


@router.post("", response={202: RuleOut}, summary="Hide what fits a pattern from now on; a job hides what is there")
@permits("suppressions.change")
def suppression_make(request: TokenRequest, body: RuleIn) -> Status[RuleOut]:
    why = services.Why(reason=body.reason, justification=body.justification or "", note=body.note, until=body.until)
    try:
        made, _ = services.make_rule(request.auth.org, request.auth.by, _pattern(body), **why)
    except services.RuleRefusedError as error:
        raise HttpError(422, str(error)) from error
    return Status(202, _out(suppression_queries.rule(request.auth.org, made.pk)))


@router.post(
    "/preview", response=PreviewOut, summary="What a rule would hide, and would have hidden; nothing is written"
)
@permits("findings.read")
def suppression_preview(request: TokenRequest, body: PatternIn) -> PreviewOut:
    try:
        tried = suppression_queries.preview(request.auth.org, _pattern(body))
    except TooManyToTryError:
        raise HttpError(422, "The record is too large to try this while you wait: name a rule or an asset.") from None
    numbers = {
        name: getattr(tried, name) for name in ("open", "severities", "risk", "real", "suppressed", "recent", "fixed")
    }
    return PreviewOut(
        **numbers,
        worst=[finding_out(row) for row in tried.worst],
        fixed_worst=[finding_out(row) for row in tried.fixed_worst],
        overlaps=[OverlapOut(id=each.rule, hides=each.words, findings=each.findings) for each in tried.overlaps],
    )


@router.get("/{suppression_id}", response=RuleOut, summary="One suppression rule, and how far its action is")
@permits("findings.read")
def suppression_get(request: TokenRequest, suppression_id: UUID) -> RuleOut:
    try:
        return _out(suppression_queries.rule(request.auth.org, suppression_id))
    except SuppressionRule.DoesNotExist:
        raise Http404 from None


@router.post("/{suppression_id}/lift", response={202: RuleOut}, summary="Let what a rule alone hides count again")
@permits("suppressions.change")
def suppression_lift(request: TokenRequest, suppression_id: UUID) -> Status[RuleOut]:
    try:
        services.lift_rule(request.auth.org, suppression_id, request.auth.by)
    except SuppressionRule.DoesNotExist:
        raise Http404 from None
    return Status(202, _out(suppression_queries.rule(request.auth.org, suppression_id)))


def _pattern(body: PatternIn) -> Pattern:
    said: dict[str, Any] = body.model_dump(include=set(PatternIn.model_fields))
    said["kind"] = said["kind"] or ""
    said["severity"] = Severity(cast("str", said["severity"])).rank
    try:
        return Pattern.read(**said)
    except PatternError as error:
        raise HttpError(422, str(error)) from error


def _out(line: Line) -> RuleOut:
    row = line.rule
    names = ("kind", "rule", "path", "package", "cve", "exploited", "reason", "justification", "note", "until", "by")
    return RuleOut(
        id=row.pk,
        hides=line.words,
        asset=row.asset_id,
        severity=row.get_severity_display(),
        made_at=row.made_at,
        lifted_at=row.lifted_at,
        in_force=line.in_force,
        findings=line.hides,
        run=BulkOut.from_orm(line.run) if line.run else None,
        **{name: getattr(row, name) for name in names},
    )
