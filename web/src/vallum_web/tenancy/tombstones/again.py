"""After a restore, before anybody is let in: make true again what happened since the backup."""

import logging
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from vallum_web.tenancy.tombstones import handlers, ledger
from vallum_web.tenancy.tombstones.entry import Entry, Phase
from vallum_web.tenancy.tombstones.errors import BrokenLedgerError

log = logging.getLogger(__name__)
# A backup is of the moment at which it began, and clocks differ: replaying a little more than needed is harmless.
_SLACK: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """How many of each kind were made true again, and what could not be: then nobody is let in."""

    done: Mapping[str, int]
    failed: tuple[str, ...]


def replay(since: datetime) -> Replayed:
    """Replay all that was recorded since the backup of this moment. Twice is the same as once.

    One that fails does not keep the others from being tried. Raises LedgerError, BrokenLedgerError: an unreadable ledger
    replays nothing.
    """
    held = ledger.standing()
    if held.problem:
        raise BrokenLedgerError(held.problem)
    done: Counter[str] = Counter()
    failed: list[str] = []
    handlers.restored()
    for entry in _wanted(since - _SLACK):
        try:
            handlers.named(entry.kind).again(entry)
        except Exception as error:  # any app may have declared it; the others are replayed all the same
            log.exception("Tombstone %s (%s) could not be replayed", entry.seq, entry.kind)
            failed.append(f"tombstone {entry.seq} ({entry.kind}): {error}")
        else:
            done[entry.kind] += 1
    return Replayed(done=dict(sorted(done.items())), failed=tuple(failed))


@dataclass(frozen=True, slots=True, kw_only=True)
class LookedUp:
    """Of those whom the ledger says to be erased: how many were looked for, and how many are there."""

    erased: int
    there: int


def look_up() -> LookedUp:
    """Look for everybody and everything whose erasure the ledger holds. Raises LedgerError."""
    erased = {entry.subject: entry for entry in _wanted(None) if handlers.named(entry.kind).there}
    found = [entry for entry in erased.values() if (there := handlers.named(entry.kind).there) and there(entry)]
    return LookedUp(erased=len(erased), there=len(found))


def _wanted(since: datetime | None) -> list[Entry]:
    """In order, but for what was undone; with the erasures at the end."""
    intents: dict[int, Entry] = {}
    for entry in ledger.entries(since):
        if entry.phase is Phase.INTENT:
            intents[entry.seq] = entry
        elif entry.phase is Phase.UNDONE:
            intents.pop(entry.of, None)
    return sorted(intents.values(), key=lambda entry: (handlers.named(entry.kind).last, entry.seq))
