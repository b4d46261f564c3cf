"""For good: step by step, each in a transaction that also writes down that it is over. Killed anywhere, the next run goes on.

What cannot be in a transaction (keys, files, outside parties) is such that twice is the same as once, and is written down after.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from uuid import UUID

from vallum_web.privacy.erasure import orgs, persons, receipts, sealing, services
from vallum_web.privacy.erasure.models import Deletion
from vallum_web.tenancy import clock, erasing, tombstones
from vallum_web.tenancy.retention import holds
from vallum_web.tenancy.scope import Purpose, looking_back, meant_for, scope

State = Deletion.State
GATHER = "gather"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """`run` deletes and tells how much, or in words what became of it. `more` says whether to run it again: a batch at a time."""

    name: str
    run: Callable[[Deletion], int | str]
    batched: bool = False
    outside: bool = False
    """It asks somebody over the network: no transaction is open meanwhile."""


def purge(key: UUID, *, now: bool = False) -> Deletion | None:
    """Delete what this deletion is of, for good. `now`: whatever day it is. None where there is nothing to do."""
    deletion = _begin(key, now=now)
    if deletion is None:
        return None
    for step in _steps(deletion):
        _take(deletion, step)
    return deletion


def _begin(key: UUID, *, now: bool) -> Deletion | None:
    with looking_back(Purpose.PURGE):
        held = Deletion.objects.select_for_update().filter(pk=key).first()
        if held is None or held.state not in {State.PENDING, State.PURGING}:
            return None
        if held.state == State.PENDING:
            if (held.purge_at > clock.now() and not now) or is_held(held):
                return None
            held.state = State.PURGING
            held.save(update_fields=["state"])
            # On the disk before anything is deleted: a backup that is restored tomorrow loses it again.
            org = held.subject if held.whose == Deletion.Whose.ORG else None
            tombstones.record(held.whose, held.subject, reason="erased", org=org)
        return held


def _steps(deletion: Deletion) -> Iterator[Step]:
    yield Step(name=GATHER, run=_gather)
    if deletion.whose == Deletion.Whose.PERSON:
        yield from (Step(name=name, run=run) for name, run in persons.steps(deletion.subject))
    else:
        yield from (Step(name=name, run=run, batched=batched) for name, run, batched in orgs.steps(deletion.subject))
    for part in erasing.parts(erasing.Whose(deletion.whose)):
        if part.erase is not None:
            yield Step(name=f"party {part.name}", run=_told(part), outside=True)
    yield Step(name="receipt", run=receipts.write)
    yield Step(name="end", run=receipts.finish)


def _take(deletion: Deletion, step: Step) -> None:
    """Do a step, unless it is done. A batch is a transaction, so that no lock is held for minutes."""
    while step.name not in deletion.done:
        told = step.run(deletion) if step.outside else None
        with looking_back(Purpose.PURGE):
            # Held until the end: of two runs at once the second finds what the first has done.
            held = Deletion.objects.select_for_update().get(pk=deletion.pk)
            if step.name not in held.done:
                _note(held, step, step.run(held) if told is None else told)
                held.save()
            deletion.done, deletion.facts, deletion.state = held.done, held.facts, held.state


def _note(held: Deletion, step: Step, told: int | str) -> None:
    counted = f"{step.name}…"
    if isinstance(told, str):
        held.done[step.name] = told
    elif step.batched and told:
        held.done[counted] = held.done.get(counted, 0) + told
    else:
        held.done[step.name] = held.done.pop(counted, 0) + told


def _gather(deletion: Deletion) -> int:
    """Note what will be needed when no row knows it any more."""
    found = erasing.parts(erasing.Whose(deletion.whose))
    deletion.facts = {part.name: dict(part.gather(deletion.subject)) for part in found}
    steps = persons if deletion.whose == Deletion.Whose.PERSON else orgs
    deletion.sealed = sealing.close(deletion.pk, [] if deletion.silent else steps.addresses(deletion.subject))
    return 0


def _told(part: erasing.Part) -> Callable[[Deletion], str]:
    def run(deletion: Deletion) -> str:
        if part.erase is None:
            return "nothing to do"
        with meant_for(Purpose.PURGE):
            return part.erase(deletion.subject, deletion.facts.get(part.name, {}))

    return run


def is_held(deletion: Deletion) -> bool:
    """A legal hold keeps an organization's rows, or a person's, hidden as they are, until it ends."""
    if deletion.whose != Deletion.Whose.ORG:
        return services.preserved(deletion.subject)
    with scope(deletion.subject, purpose=Purpose.PURGE):
        return bool(holds.in_force(deletion.subject))
