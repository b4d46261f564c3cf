"""Where the receipt goes, under a key of the deletion's own: destroyed when it is sent, so no backup can tell it for long."""

import json
from collections.abc import Sequence
from uuid import UUID

from vallum_web.tenancy import keyring
from vallum_web.tenancy.keyring.errors import ForgottenError

_PLACE = "privacy_erasure.Deletion.sealed"


def close(deletion: UUID, addresses: Sequence[str]) -> str:
    return keyring.seal_for(deletion, f"{_PLACE}:{deletion}", json.dumps(list(addresses)))


def opened(deletion: UUID, sealed: str) -> list[str]:
    """Nothing once the key is destroyed."""
    try:
        return list(json.loads(keyring.unseal_for(deletion, f"{_PLACE}:{deletion}", sealed))) if sealed else []
    except ForgottenError:
        return []


def forget(deletion: UUID) -> None:
    keyring.forget_subject(deletion)
