"""The switch of live checks over the API."""

from dataclasses import asdict

from ninja import Schema
from pydantic import ConfigDict

from vallum_web.accounts.access import TenantRouter, TokenRequest, permits
from vallum_web.scans import asking
from vallum_web.scans.issuers import issuers

router = TenantRouter(tags=["live checks"])


class SwitchIn(Schema):
    model_config = ConfigDict(extra="forbid")

    on: bool


class SwitchOut(Schema):
    on: bool


class IssuerOut(Schema):
    host: str
    secrets: list[str]
    questions: list[str]
    """What is asked, and where in the question the secret stands."""


@router.get("", response=SwitchOut, summary="Whether issuers of found secrets are asked if these still work")
@permits("egress.read")
def live_checks_get(request: TokenRequest) -> SwitchOut:
    return SwitchOut(on=asking.wanted(request.auth.org.pk))


@router.put("", response=SwitchOut, summary="Have them asked, or no longer")
@permits("live.switch")
def live_checks_switch(request: TokenRequest, body: SwitchIn) -> SwitchOut:
    asking.switch(request.auth.org, request.auth.by, on=body.on)
    return SwitchOut(on=asking.wanted(request.auth.org.pk))


@router.get("/issuers", response=list[IssuerOut], summary="Who would be asked, about what, and how")
@permits("egress.read")
def issuers_list(request: TokenRequest) -> list[IssuerOut]:  # noqa: ARG001 - the framework gives it by this name
    return [IssuerOut(**asdict(issuer)) for issuer in issuers()]
