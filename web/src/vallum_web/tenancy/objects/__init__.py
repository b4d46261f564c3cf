"""Storage of objects by name, outside of this machine: what backups and the ledger of tombstones have in common."""
