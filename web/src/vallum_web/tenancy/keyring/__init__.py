"""Sealing what must stay secret, under keys that lie apart from the database.

Each organization and each person has data keys of their own. What is sealed opens only under its owner's key and at the
place it was sealed for: a text moved to another row, organization or field is refused.
"""

from vallum_web.tenancy.keyring.errors import KeyringError
from vallum_web.tenancy.keyring.field import SealedField, place
from vallum_web.tenancy.keyring.seals import (
    forget_org,
    forget_subject,
    seal,
    seal_for,
    unseal,
    unseal_all_for,
    unseal_for,
)

__all__ = [
    "KeyringError",
    "SealedField",
    "forget_org",
    "forget_subject",
    "place",
    "seal",
    "seal_for",
    "unseal",
    "unseal_all_for",
    "unseal_for",
]
