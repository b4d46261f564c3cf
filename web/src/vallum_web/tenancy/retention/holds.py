"""Legal holds: an organization's own rows stay, whatever their age, until the hold ends."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db.models import Q

from vallum_web.tenancy import clock
from vallum_web.tenancy.events import emit
from vallum_web.tenancy.retention.models import Hold
from vallum_web.tenancy.scope import Purpose, scope


def hold(org: UUID, reason: str, by: UUID | None, *, until: datetime | None = None, silent: bool = False) -> Hold:
    with scope(org, purpose=Purpose.PRIVACY):  # one that is being deleted can be held too
        made: Hold = Hold.objects.create(org_id=org, reason=reason, made_by=by, until=until, silent=silent)
        if not silent:
            _say_held(made)
        return made


def lift(org: UUID, key: UUID) -> bool:
    """Says whether there was one. The end of one that the organization may not be told of is told with it, later."""
    with scope(org, purpose=Purpose.PRIVACY):
        row = Hold.objects.of(org).select_for_update().filter(pk=key, lifted_at=None).first()
        if row is None:
            return False
        row.lifted_at = clock.now()
        row.save(update_fields=["lifted_at"])
        if not row.silent:
            emit("org.hold_lifted", org, hold=str(key))
        return True


def tell_of_silent(org: UUID, key: UUID) -> bool:
    """When nothing forbids it any more. Says whether there was something to tell."""
    with scope(org, purpose=Purpose.PRIVACY):
        row = Hold.objects.of(org).select_for_update().filter(pk=key, silent=True).first()
        if row is None:
            return False
        row.silent = False
        row.save(update_fields=["silent"])
        _say_held(row, since=row.made_at.isoformat(timespec="seconds"))
        if row.lifted_at:
            emit("org.hold_lifted", org, hold=str(key), lifted=row.lifted_at.isoformat(timespec="seconds"))
        return True


def _say_held(row: Hold, **more: str) -> None:
    emit("org.held", row.org_id, hold=str(row.pk), until=row.until.isoformat() if row.until else "", **more)


def in_force(org: UUID) -> Sequence[Hold]:
    """Inside the organization's scope."""
    lasts = Q(until=None) | Q(until__gt=clock.now())
    return list(Hold.objects.of(org).filter(lasts, lifted_at=None).order_by("made_at"))
