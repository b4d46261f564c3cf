"""The chain: add to it, read it, verify it, and let go of what no backup can contradict any more."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from django.conf import settings

from vallum_web.tenancy import clock, signing
from vallum_web.tenancy.once import replaced
from vallum_web.tenancy.tombstones import bucket, shelf
from vallum_web.tenancy.tombstones.entry import BEGINNING, Entry, Phase, file_name
from vallum_web.tenancy.tombstones.errors import BrokenLedgerError, LedgerError
from vallum_web.tenancy.tombstones.shelf import Shelf

KEPT_FOR: Final = timedelta(days=90 + 30)
"""As long as a backup may hold what was erased, and a month."""
_ATTEMPTS: Final = 1000

_lock = threading.Lock()
# Where each ledger ended when this process last looked: others write too, so it is only where to begin looking.
_ends: dict[str, tuple[int, str]] = {}


def append(entry: Entry) -> Entry:
    """Number, chain, sign and keep an entry; it is on the disk when this returns. Raises LedgerError."""
    with shelf.present() as place, _lock:
        for _ in range(_ATTEMPTS):
            seq, digest = _end(place)
            made = replace(entry, seq=seq + 1, previous=digest).signed()
            if place.put(made.seq, made.written()):
                _ends[place.name] = (made.seq, made.digest)
                _witness(place, made)
                return made
        raise LedgerError(f"The ledger of tombstones {place.name} is written to by too many at once: try again.")


def entries(since: datetime | None = None) -> Iterator[Entry]:
    """In their order; those of this moment and later. Raises BrokenLedgerError."""
    with shelf.present() as place:
        for seq in place.numbers():
            entry = _read(place, seq)
            if since is None or entry.at >= since:
                yield entry


@contextmanager
def as_folder() -> Iterator[Path]:
    """The ledger as files, for a copy of it: where it is a bucket, they are fetched and gone after the block."""
    if not bucket.is_meant(settings.TOMBSTONES):
        yield Path(settings.TOMBSTONES)
        return
    with TemporaryDirectory(dir=settings.HOME, prefix="tombstones-") as made, shelf.present() as place:
        for seq in place.numbers():
            if data := place.get(seq):
                file = Path(made) / file_name(seq)
                file.parent.mkdir(exist_ok=True)
                file.write_bytes(data)
        yield Path(made)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What can be said of the ledger. `problem` is empty where it holds."""

    place: str
    entries: int
    weak: bool
    problem: str = ""


def standing() -> Standing:
    """Read all of it. Raises LedgerError where it cannot be read at all."""
    with shelf.present() as place:
        numbers, problem = place.numbers(), ""
        try:
            _verify(place, numbers)
        except BrokenLedgerError as error:
            problem = str(error)
        return Standing(place=place.name, entries=len(numbers), weak=place.is_weak(), problem=problem)


def extent() -> Standing:
    """As `standing`, without reading an entry. Raises LedgerError."""
    with shelf.present() as place:
        return Standing(place=place.name, entries=len(place.numbers()), weak=place.is_weak())


def prune() -> int:
    """Remove entries older than any backup may be, saying so in the ledger first."""
    last, old = clock.now() - KEPT_FOR, []
    with shelf.present() as place:
        for seq in place.numbers():
            if _read(place, seq).at >= last:
                break
            old.append(seq)
        if old:
            append(Entry(seq=0, phase=Phase.PRUNED, at=clock.now(), of=old[-1]))
        for seq in old:
            place.remove(seq)
    return len(old)


def _end(place: Shelf) -> tuple[int, str]:
    known = _ends.get(place.name)
    if known is None or place.get(known[0]) is None:
        numbers = place.numbers()
        known = (numbers[-1], _read(place, numbers[-1]).digest) if numbers else (0, BEGINNING)
    seq, digest = known
    while (data := place.get(seq + 1)) is not None:
        seq, digest = seq + 1, Entry.read(data).digest
    return seq, digest


def _read(place: Shelf, seq: int) -> Entry:
    data = place.get(seq)
    if data is None:
        raise BrokenLedgerError(f"Tombstone {seq} is missing.")
    entry = Entry.read(data)
    if entry.seq != seq:
        raise BrokenLedgerError(f"In the place of tombstone {seq} lies {entry.seq}.")
    return entry


def _verify(place: Shelf, numbers: list[int]) -> None:
    known, previous, pruned = signing.known_keys(), "", 0
    for expected, seq in enumerate(numbers, numbers[0] if numbers else 0):
        if seq != expected:
            raise BrokenLedgerError(f"Tombstone {expected} is missing.")
        entry = _read(place, seq)
        if previous and entry.previous != previous:
            raise BrokenLedgerError(f"Tombstone {seq} does not follow the one before it: one of them was changed.")
        if not entry.is_genuine(known):
            raise BrokenLedgerError(f"Tombstone {seq} is not signed by this installation.")
        pruned = entry.of if entry.phase is Phase.PRUNED else pruned
        previous = entry.digest
    if numbers and numbers[0] > pruned + 1:
        raise BrokenLedgerError(f"Tombstones {pruned + 1} to {numbers[0] - 1} are missing.")
    _missed(place, numbers)


def _missed(place: Shelf, numbers: list[int]) -> None:
    """What was cut off at the end is missed by the state folder, which knows how far the ledger once went."""
    try:
        kept = json.loads(_witness_file().read_text("utf-8"))
        seq, digest = int(kept["seq"]), str(kept["digest"])
        if kept.get("place", _where(place)) != _where(place):
            return  # the operator has moved it since
    except (OSError, ValueError, KeyError, TypeError):
        return
    if not numbers or seq > numbers[-1]:
        raise BrokenLedgerError(f"The ledger ends before tombstone {seq}, which it held: its end was cut off.")
    if seq >= numbers[0] and _read(place, seq).digest != digest:
        raise BrokenLedgerError(f"Tombstone {seq} is not the one that was written.")


def _witness(place: Shelf, entry: Entry) -> None:
    replaced(_witness_file(), json.dumps({"seq": entry.seq, "digest": entry.digest, "place": _where(place)}))


def _where(place: Shelf) -> str:
    """Empty for the state folder's own, which is another folder after a restore."""
    return "" if place.name == str(Path(settings.HOME) / "tombstones") else place.name


def _witness_file() -> Path:
    return Path(settings.HOME) / "tombstones_end"
