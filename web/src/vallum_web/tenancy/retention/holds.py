"""Legal holds: an organization's own rows stay, whatever their age, until the hold ends."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db.models import Q

from vallum_web.tenancy import clock
from vallum_web.tenancy.events import emit
from vallum_web.tenancy.retention.models import Hold
from vallum_web.tenancy.scope import scope


def hold(org: UUID, reason: str, by: UUID | None, *, until: datetime | None = None, silent: bool = False) -> Hold:
    with scope(org):
        made: Hold = Hold.objects.create(org_id=org, reason=reason, made_by=by, until=until, silent=silent)
        if not silent:
            emit("org.held", org, hold=str(made.pk), until=until.isoformat() if until else "")
        return made


def lift(org: UUID, key: UUID) -> bool:
    """Says whether there was one. A hold that nobody was told of is told of now."""
    with scope(org):
        done = bool(Hold.objects.of(org).filter(pk=key, lifted_at=None).update(lifted_at=clock.now()))
        if done:
            emit("org.hold_lifted", org, hold=str(key))
        return done


def in_force(org: UUID) -> Sequence[Hold]:
    """Inside the organization's scope."""
    lasts = Q(until=None) | Q(until__gt=clock.now())
    return list(Hold.objects.of(org).filter(lasts, lifted_at=None).order_by("made_at"))
