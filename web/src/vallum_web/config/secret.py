"""Keys of this installation: made once, kept under the home folder, readable by its owner alone."""

import os
import secrets
from pathlib import Path


def key(home: Path, name: str) -> str:
    """The environment's `VALLUM_<NAME>`, else the one kept in `home` under `name`, made at first use."""
    given = os.environ.get(f"VALLUM_{name.upper()}", "")
    if given:
        return given
    path = home / name
    try:
        return path.read_text().strip()
    except FileNotFoundError:
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text().strip()
    made = secrets.token_urlsafe(48)
    with os.fdopen(handle, "w") as file:
        file.write(made)
    return made
