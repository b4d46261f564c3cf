"""Which events are owed to the chain, and by whom they were done: noted when they are emitted, while it is known."""

from collections.abc import Sequence
from uuid import UUID

from vallum_web.tenancy import scope
from vallum_web.tenancy.audit import chain, identity
from vallum_web.tenancy.audit.kinds import BY_STAFF, audited
from vallum_web.tenancy.audit.models import Entry
from vallum_web.tenancy.audit.record import Owed
from vallum_web.tenancy.models import Event
from vallum_web.tenancy.origin import Origin, current_origin


def gather(events: Sequence[Event]) -> None:
    """Owe an entry for each of these that is audited; the end of the scope pays. Raises NotRecordedError."""
    origin = current_origin()
    via = origin.token if origin else None
    chosen = [event for event in events if audited(event.kind, acted=bool(event.actor or via))]
    if not chosen:
        return
    # Sealed once for all acts of a person in one transaction.
    sealed = {act.sealed_for: act.sealed for act in scope.owed()}
    for event in chosen:
        whose = event.actor or via
        if whose not in sealed:
            sealed[whose] = _sealed(event, whose, origin)
        scope.owe(
            Owed(
                event=event.pk,
                at=event.at,
                kind=event.kind,
                subject=event.subject,
                facts=chain.written(event.data),
                actor=event.actor,
                actor_kind=_actor_kind(event, via).value,
                via=via,
                sealed=sealed[whose],
            )
        )


def _actor_kind(event: Event, via: UUID | None) -> Entry.Actor:
    if via is not None:
        return Entry.Actor.TOKEN
    if event.kind in BY_STAFF:
        return Entry.Actor.STAFF
    return Entry.Actor.PERSON if event.actor else Entry.Actor.SYSTEM


def _sealed(event: Event, whose: UUID | None, origin: Origin | None) -> str:
    """Nothing for what nobody did: there is no key that would end with anybody."""
    if whose is None:
        return ""
    return identity.seal(event.org_id, whose, identity.present(event.actor, origin))
