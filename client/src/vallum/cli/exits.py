"""Exit codes: part of the interface."""

from enum import IntEnum


class Exit(IntEnum):
    """Pipelines branch on these."""

    CLEAN = 0
    FINDINGS = 1
    USAGE = 2
    INCOMPLETE = 3
    """Something could not be scanned, or not be done: wins over 1, because absence of findings then proves nothing."""
    INTERRUPTED = 130
