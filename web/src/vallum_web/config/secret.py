"""Keys of this installation: made once, kept under the home folder, readable by its owner alone."""

import os
import secrets
from pathlib import Path

from vallum_web.tenancy.once import written_once


class EmptyKeyError(RuntimeError):
    """A key without a character would sign and digest like no key at all."""


def key(home: Path, name: str) -> str:
    """The environment's `VALLUM_<NAME>`, else the one kept in `home` under `name`, made at first use."""
    given = os.environ.get(f"VALLUM_{name.upper()}", "").strip()
    if given:
        return given
    path = home / name
    try:
        kept = path.read_text("utf-8")
    except FileNotFoundError:
        kept = written_once(path, secrets.token_urlsafe(48))
    if not kept.strip():
        raise EmptyKeyError(
            f"{path} is empty, so there is no key in it. Restore it from a backup; only where none exists, delete it: a new "
            "one is then made, everybody has to sign in again, and known secrets look new after the next scan."
        )
    return kept.strip()
