"""Which mails a person gets, over the API. A token speaks for who made it."""

from datetime import time

from ninja import Schema
from ninja.errors import HttpError
from pydantic import ConfigDict, Field

from vallum_web.accounts.access import TenantRouter, TokenRequest, permits
from vallum_web.accounts.person.mails import zones
from vallum_web.mail import kinds, queries, services
from vallum_web.mail.models import Habits
from vallum_web.tenancy.texts import OneLine

router = TenantRouter(tags=["mails"])


class ChoicesOut(Schema):
    wanted: dict[str, bool]
    """By kind: those that can be switched off."""
    zone: str
    quiet_from: time | None
    """Local in the zone; both or neither."""
    quiet_until: time | None
    always: list[str]
    """Kinds that are about an account, an organization or the law, and always sent."""


class ChoicesIn(Schema):
    model_config = ConfigDict(extra="forbid")

    wanted: dict[str, bool] = Field(default_factory=dict, max_length=50)
    """Kinds that are left out stay as they are."""
    zone: OneLine = Field(default="UTC", max_length=60, examples=["Europe/Paris"])
    quiet_from: time | None = None
    quiet_until: time | None = None


@router.get("", response=ChoicesOut, summary="Which mails one gets, and when")
@permits("mails.choose")
def mail_choices_show(request: TokenRequest) -> ChoicesOut:
    return _shown(request)


@router.put("", response=ChoicesOut, summary="Choose which mails one gets, and when")
@permits("mails.choose")
def mail_choices_set(request: TokenRequest, body: ChoicesIn) -> ChoicesOut:
    if (body.quiet_from is None) != (body.quiet_until is None):
        raise HttpError(422, "Quiet hours have a beginning and an end: give both, or neither.")
    if body.zone not in zones():
        raise HttpError(422, f"{body.zone!r} is no time zone: write one such as Europe/Paris.")
    try:
        services.choose(request.auth.by, body.wanted.items())
    except services.NotChoosableError as error:
        raise HttpError(422, str(error)) from error
    hours = {"quiet_from": _plain(body.quiet_from), "quiet_until": _plain(body.quiet_until)}
    services.sleep(request.auth.by, Habits(zone=body.zone, **hours))
    return _shown(request)


def _plain(at: time | None) -> time | None:
    """A time of the day, whatever zone somebody wrote behind it: it is read in the person's own."""
    return at.replace(tzinfo=None, microsecond=0) if at else None


def _shown(request: TokenRequest) -> ChoicesOut:
    now = queries.chosen(request.auth.by)
    return ChoicesOut(
        wanted=dict(now.wanted),
        zone=now.zone,
        quiet_from=now.quiet_from,
        quiet_until=now.quiet_until,
        always=[kind.id for kind in kinds.all_kinds().values() if kind.essential],
    )
