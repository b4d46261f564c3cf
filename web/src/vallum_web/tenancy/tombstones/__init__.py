"""What a restored backup must not bring back: erased people and organizations, ended memberships and roles, dead credentials.

Whoever takes something back records it inside the transaction that does so. The entry is on the disk, outside the
database, before that commits, and confirmed after it. Once a backup is restored, `replay` makes all of it true again.
"""

from vallum_web.tenancy.tombstones.again import LookedUp, Replayed, look_up, replay
from vallum_web.tenancy.tombstones.errors import BrokenLedgerError, LedgerError, UnknownKindError
from vallum_web.tenancy.tombstones.ledger import Standing, as_folder, extent, prune, standing
from vallum_web.tenancy.tombstones.writing import record, settle

__all__ = [
    "BrokenLedgerError",
    "LedgerError",
    "LookedUp",
    "Replayed",
    "Standing",
    "UnknownKindError",
    "as_folder",
    "extent",
    "look_up",
    "prune",
    "record",
    "replay",
    "settle",
    "standing",
]
