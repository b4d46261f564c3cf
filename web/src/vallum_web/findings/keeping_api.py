"""For how long findings are kept, over the API: what holds, what goes when, and another time once what it costs was seen."""

from datetime import date
from typing import Annotated

from ninja import Schema
from ninja.errors import HttpError
from pydantic import ConfigDict, Field

from vallum_web.accounts.access import TenantRouter, TokenRequest, permits
from vallum_web.findings import keeping_queries
from vallum_web.findings.services import expiring
from vallum_web.tenancy.retention import windows

router = TenantRouter(tags=["findings"])
CONFLICT, UNPROCESSABLE = 409, 422


class GoingOut(Schema):
    day: date
    findings: int


class RetentionOut(Schema):
    days: int = Field(description="After the last scan that saw a finding; then it goes.")
    least: int
    most: int = Field(description="Days that the plan allows.")
    going: list[GoingOut] = Field(
        description="What goes on which of the next 30 days (UTC) unless a scan sees it before."
    )


class RetentionIn(Schema):
    model_config = ConfigDict(extra="forbid")

    days: Annotated[int, Field(ge=1, le=3650)]
    seen: Annotated[int, Field(ge=0)] = Field(
        default=0, description="How many findings may go at once: where it would be more, nothing is changed (409)."
    )


@router.get("", response=RetentionOut, summary="For how long findings are kept, and what goes when")
@permits("findings.read")
def retention_get(request: TokenRequest) -> RetentionOut:
    return _out(request)


@router.patch("", response=RetentionOut, summary="Keep findings for another time; what is over goes within the hour")
@permits("keeping.change")
def retention_change(request: TokenRequest, body: RetentionIn) -> RetentionOut:
    due, before = keeping_queries.over(request.auth.org, body.days)
    if due > body.seen:
        raise HttpError(CONFLICT, f"Up to {due} findings would go at once: send `seen` with that number if they may.")
    try:
        windows.choose(request.auth.org, request.auth.by, body.days)
    except windows.OutOfBoundsError as error:
        raise HttpError(UNPROCESSABLE, f"days: {error}") from error
    if due:
        expiring.confirm(request.auth.org, before)
    return _out(request)


def _out(request: TokenRequest) -> RetentionOut:
    kept = keeping_queries.keeping(request.auth.org)
    going = [GoingOut(day=line.day, findings=line.findings) for line in kept.going]
    return RetentionOut(days=kept.days, least=kept.window.least, most=kept.window.most, going=going)
