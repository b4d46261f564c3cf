"""Checkpoints in files beside the database: who cuts an audit log there, cuts nothing here.

One file a year, one line of JSON a checkpoint; only ever added to, and on the disk before the database has its row.
"""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Final
from uuid import UUID

from django.conf import settings

from vallum_web.tenancy.audit.attest import Attested

PATTERN: Final = "checkpoints-*.ndjson"


def folder() -> Path:
    return Path(settings.HOME) / "audit"


def append(point: Attested) -> None:
    """Add a line, and return when it is on the disk."""
    place = folder() / f"checkpoints-{point.day.year}.ndjson"
    place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    is_new = not place.exists()
    handle = os.open(place, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        size = os.fstat(handle).st_size
        # What a crash cut off in the middle stays the damaged line it is, and takes no other with it.
        torn = size > 0 and os.pread(handle, 1, size - 1) != b"\n"
        os.write(handle, b"\n" * torn + json.dumps(point.told).encode() + b"\n")
        os.fsync(handle)
    finally:
        os.close(handle)
    if is_new:
        _settle(place.parent)


def read() -> Iterator[Attested]:
    """Of every year; `damaged` counts the lines that cannot be read."""
    for text in _lines():
        if (point := parsed(text)) is not None:
            yield point


def by_org() -> Mapping[UUID, Sequence[Attested]]:
    """All that can be read, by whose it is."""
    found: dict[UUID, list[Attested]] = {}
    for point in read():
        found.setdefault(point.org, []).append(point)
    return found


def damaged() -> int:
    return sum(parsed(text) is None for text in _lines())


def parsed(text: str) -> Attested | None:
    """None for a line that is no checkpoint."""
    try:
        kept = json.loads(text)
        return Attested(
            org=UUID(kept["org"]),
            reason=kept["reason"],
            day=date.fromisoformat(kept["day"]),
            at=datetime.fromisoformat(kept["at"]),
            seq=int(kept["seq"]),
            hash=bytes.fromhex(kept["hash"]),
            key=kept["key"],
            signature=bytes.fromhex(kept["signature"]),
        )
    except (ValueError, KeyError, TypeError):
        return None


def _lines() -> Iterator[str]:
    for place in sorted(folder().glob(PATTERN)):
        with place.open(encoding="utf-8", errors="replace") as file:
            yield from (text for text in file if text.strip())


def _settle(place: Path) -> None:
    """A new name in a folder is on the disk when the folder is."""
    handle = os.open(place, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
