"""Write an entry before what it tells of is true, and confirm it after."""

from collections.abc import Iterable
from datetime import timedelta
from functools import partial
from typing import Final
from uuid import UUID

from django.db import connection, transaction

from vallum_web.tenancy import clock
from vallum_web.tenancy.tombstones import handlers, ledger
from vallum_web.tenancy.tombstones.entry import Entry, Phase

# A transaction that has not ended by then has died.
_DEAD: Final = timedelta(hours=1)
_LOOKED_AT: Final = timedelta(days=3)


def record(kind: str, id: UUID, *, reason: str, org: UUID | None = None, value: str = "") -> None:  # noqa: A002 - the ledger's own word
    """Inside the transaction that makes it true; what cannot be recorded does not happen.

    `value` is what a change came to (a role); like `kind` and `reason` a word of ours, never a person's. Raises LedgerError,
    UnknownKindError.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("A tombstone is recorded inside the transaction that makes it true.")
    handlers.named(kind)
    intent = ledger.append(
        Entry(seq=0, phase=Phase.INTENT, at=clock.now(), kind=kind, id=id, org=org, reason=reason, value=value)
    )
    # What is committed stays so whether or not the disk takes a second entry: `settle` looks again.
    transaction.on_commit(partial(_add, Phase.DONE, intent), robust=True)


def settle() -> int:
    """Say of intents whose transaction died whether they came true. How many there were."""
    now = clock.now()
    recent = list(ledger.entries(now - _LOOKED_AT))
    open_ones = [intent for intent in unsettled(recent) if intent.at < now - _DEAD]
    for intent in open_ones:
        _add(Phase.DONE if handlers.named(intent.kind).holds(intent) else Phase.UNDONE, intent)
    return len(open_ones)


def unsettled(found: Iterable[Entry]) -> list[Entry]:
    intents: dict[int, Entry] = {}
    for entry in found:
        if entry.phase is Phase.INTENT:
            intents[entry.seq] = entry
        else:
            intents.pop(entry.of, None)
    return list(intents.values())


def _add(phase: Phase, intent: Entry) -> None:
    ledger.append(Entry(seq=0, phase=phase, at=clock.now(), kind=intent.kind, of=intent.seq))
