"""Logs of the children: files they append to, cut by size."""

import os
import shutil
from pathlib import Path

LARGEST = 10 * 1024 * 1024
KEPT = 3


def rotate(log: Path, *, largest: int = LARGEST, kept: int = KEPT) -> bool:
    """Moves a file that grew too large aside, as `.1`, `.2`, …; says whether it did.

    The writers hold the file open and append, so it is copied and emptied rather than renamed: no process in between
    has to live for their lines to be kept. Lines written between the copy and the cut are lost.
    """
    try:
        if log.stat().st_size <= largest:
            return False
    except FileNotFoundError:
        return False
    for number in range(kept - 1, 0, -1):
        older = log.with_name(f"{log.name}.{number}")
        if older.exists():
            older.replace(log.with_name(f"{log.name}.{number + 1}"))
    shutil.copyfile(log, log.with_name(f"{log.name}.1"))
    os.truncate(log, 0)
    return True
