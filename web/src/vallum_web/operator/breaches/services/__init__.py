"""Every write of the register: a breach is recorded, what is known of it grows, duties are settled, it is closed, it goes."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import transaction

from vallum_web.operator.breaches import clocks, reach
from vallum_web.operator.breaches.models import Affected, Duty, Incident, Listing, Step
from vallum_web.operator.breaches.services import reminding
from vallum_web.tenancy import clock
from vallum_web.tenancy.keys import uuid7

KEPT_FOR = timedelta(days=5 * 365)
BATCH = 1_000
ENCRYPTED = "What was reached was encrypted, and the keys are safe (Article 34, paragraph 3a)."
FACTS = (
    *("name", "source", "party", "detected_at", "aware_at", "nature", "what", "data", "people", "records"),
    *("consequences", "measures", "safe_keys", "software", "fixed_at"),
)


class NotNowError(ValueError):
    """What cannot be done with a breach as it stands; the message says why."""


def record(facts: Mapping[str, Any], by: UUID) -> Incident:
    """Write a breach down. Its clocks have run since somebody knew; operators are told at once. Raises NotNowError."""
    _demand_order(facts["detected_at"], facts["aware_at"])
    with transaction.atomic():
        row = Incident(id=uuid7(), recorded_at=clock.now())
        _fill(row, facts)
        row.save()
        Duty.objects.bulk_create(Duty(incident=row, what=what) for what in clocks.OF_DATA)
        note(row, f"Recorded: {row.get_source_display().lower()}.", by)
        _follow(row, by)
        reminding.tell(row)
        return row


def change(key: UUID, facts: Mapping[str, Any], by: UUID) -> Incident:
    """Write down what is known now. A clock is set back to an earlier beginning, and never to a later one. Raises NotNowError."""
    _demand_order(facts["detected_at"], facts["aware_at"])
    with transaction.atomic():
        row = held(key)
        if facts["aware_at"] > row.aware_at:
            raise NotNowError("The clocks began when it was known first: they are set to no later moment.")
        before = {name: getattr(row, name) for name in FACTS}
        _fill(row, facts)
        row.save(update_fields=FACTS)
        changed = [name for name in FACTS if before[name] != getattr(row, name)]
        if changed:
            note(row, f"Written down anew: {', '.join(name.replace('_', ' ') for name in changed)}.", by)
        _follow(row, by)
        return row


def _demand_order(detected: Any, aware: Any) -> None:
    if aware > clock.now():
        raise NotNowError("It is known already, or it could not be written down: the moment lies in the future.")
    if detected > aware:
        raise NotNowError("It was noticed before it was known to be a breach, or at the same moment.")


def _fill(row: Incident, facts: Mapping[str, Any]) -> None:
    for name in FACTS:
        if name in facts:
            setattr(row, name, facts[name])


def _follow(row: Incident, by: UUID) -> None:
    """What follows from the facts: duties that software has, and the one that safe keys take away."""
    if row.software:
        duties = [Duty(incident=row, what=what) for what in clocks.OF_SOFTWARE]
        Duty.objects.bulk_create(duties, ignore_conflicts=True)
    if row.safe_keys:
        for duty in row.duties.filter(what="people", state=Duty.State.DUE):
            _settle(duty, Duty.State.NOT, ENCRYPTED, by)


def settle(key: UUID, what: str, by: UUID, *, told: bool, words: str) -> None:
    """Say that somebody was told, or why they need not be. Raises NotNowError."""
    with transaction.atomic():
        row = held(key)
        duty = row.duties.filter(what=what, state=Duty.State.DUE).first()
        if duty is None:
            raise NotNowError("This is settled already, or nobody there is to be told.")
        _settle(duty, Duty.State.DONE if told else Duty.State.NOT, words, by)


def settle_done(row: Incident, what: str, words: str, by: UUID | None) -> None:
    """Inside a transaction that holds the breach; settled already stays as it is."""
    for duty in row.duties.filter(what=what, state=Duty.State.DUE):
        _settle(duty, Duty.State.DONE, words, by)


def _settle(duty: Duty, state: str, words: str, by: UUID | None) -> None:
    duty.state, duty.reason, duty.settled_at, duty.settled_by = state, words, clock.now(), by
    duty.save(update_fields=["state", "reason", "settled_at", "settled_by"])
    note(duty.incident, f"{duty.get_what_display()}: {duty.get_state_display().lower()}. {words}", by)


def freeze(key: UUID, asked: reach.Question, by: UUID) -> Listing:
    """Keep whom a question finds now, with the digest of the list. Raises NotNowError, reach.NoSuchPlaceError."""
    found = reach.resolve(asked)
    with transaction.atomic():
        row = held(key)
        made = Listing.objects.create(
            incident=row,
            asked=_plain(asked),
            orgs=sorted(map(str, found.orgs)),
            people=len(found.people),
            gone=len(found.gone),
            digest=found.digest,
            made_at=clock.now(),
            made_by=by,
        )
        everybody = sorted(found.people | found.gone)
        Affected.objects.bulk_create(
            (Affected(id=uuid7(), listing=made, person=who) for who in everybody), batch_size=BATCH
        )
        note(row, f"List frozen: {made.people} people, {len(found.orgs)} organizations, {made.digest}.", by)
        return made


def _plain(asked: reach.Question) -> dict[str, Any]:
    said = {name: value for name, value in asdict(asked).items() if value not in (None, "", ())}
    return {name: value.isoformat() if name in {"since", "until"} else value for name, value in said.items()}


def publish(key: UUID, words: str, by: UUID) -> None:
    """Tell everybody, on a page for everybody: where people cannot be reached one by one. Raises NotNowError."""
    with transaction.atomic():
        row = held(key)
        row.public, row.published_at = words, row.published_at or clock.now()
        row.save(update_fields=["public", "published_at"])
        note(row, "Published for everybody.", by)


def close(key: UUID, by: UUID, words: str) -> None:
    """Raises NotNowError while somebody is still to be told."""
    with transaction.atomic():
        row = held(key)
        if row.duties.filter(state=Duty.State.DUE).exists():
            raise NotNowError("Somebody is still to be told, or it is to be written down why not.")
        row.state, row.closed_at = Incident.State.CLOSED, clock.now()
        row.save(update_fields=["state", "closed_at"])
        note(row, f"Closed. {words}", by)


def note(row: Incident, words: str, by: UUID | None) -> None:
    Step.objects.create(incident=row, at=clock.now(), by=by, words=words)


def held(key: UUID) -> Incident:
    """An open breach, for a change. Raises NotNowError."""
    row = Incident.objects.select_for_update().filter(pk=key).first()
    if row is None:
        raise NotNowError("There is no such breach any more.")
    if row.state != Incident.State.OPEN:
        raise NotNowError("It is closed.")
    return row


def prune() -> int:
    """Forget breaches that were closed five years ago."""
    old = Incident.objects.filter(closed_at__lt=clock.now() - KEPT_FOR)
    count = old.count()
    old.delete()
    return count
