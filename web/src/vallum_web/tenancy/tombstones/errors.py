"""What can go wrong with the ledger."""


class LedgerError(RuntimeError):
    """It cannot be written or read; the message says where and what to do. What was to be recorded must not happen."""


class BrokenLedgerError(LedgerError):
    """What it holds does not hang together: an entry is missing, changed, or signed by nobody known."""


class UnknownKindError(ValueError):
    """No app declares how a tombstone of this kind is replayed (`replaying.py`)."""
