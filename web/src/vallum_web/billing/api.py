"""The plan over the API: what holds, and how far it is used."""

from datetime import datetime

from ninja import Schema
from pydantic import Field

from vallum_web.accounts.access import TenantRouter, TokenRequest, permits
from vallum_web.billing import queries
from vallum_web.tenancy import entitlements
from vallum_web.tenancy.plans import What

router = TenantRouter(tags=["plan"])


class MeterOut(Schema):
    what: What
    used: int
    most: int | None = Field(description="null: any number.")


class PlanOut(Schema):
    plan: str
    source: str = Field(description="`settings`, `grant`, `trial` or `subscription`; empty where nothing is given.")
    until: datetime | None = Field(description="null: no end.")
    read_only: bool = Field(description="Until what is owed is paid: changes are answered 402 with `payment_due`.")
    findings_days: int = Field(description="For how many days findings are kept at most that no scan sees any more.")
    meters: list[MeterOut]


@router.get("", response=PlanOut, summary="The plan, and how far it is used")
@permits("plan.read")
def plan_get(request: TokenRequest) -> PlanOut:
    org = request.auth.org
    entitled = entitlements.of(org)
    return PlanOut(
        plan=entitled.plan.id,
        source=entitled.source,
        until=entitled.until,
        read_only=entitled.read_only,
        findings_days=entitled.window.most,
        meters=[MeterOut(what=row.what, used=row.used, most=row.most) for row in queries.meters(org, entitled)],
    )
