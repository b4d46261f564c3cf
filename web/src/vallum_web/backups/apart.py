"""What lies apart from the main backups, for a few days only: the keyring with the state folder's other secrets, and the ledger."""

import base64
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Final

KEYRING: Final = "keyring"
LEDGER: Final = "tombstones"
"""The newest copy of it, as of the keyring: what a restore must not bring back, whichever backup it is of."""
FILES: Final = ("secret_key", "fingerprint_key", "audit_key", "tombstones_end", "tls/*")


def gather(home: Path) -> dict[str, str]:
    """Those files of a state folder that are there, by name."""
    found = [path for pattern in FILES for path in sorted(home.glob(pattern)) if path.is_file()]
    return {path.relative_to(home).as_posix(): base64.b64encode(path.read_bytes()).decode() for path in found}


def files(data: bytes) -> Iterable[tuple[str, bytes]]:
    """Of what `keyring.gather` wrote."""
    for name, text in json.loads(data)["files"].items():
        yield str(name), base64.b64decode(text)
