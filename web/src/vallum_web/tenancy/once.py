"""Files of the state folder: whole or absent, and readable by their owner alone. Most are made once and then kept."""

import os
import secrets
from pathlib import Path


def written_once(path: Path, text: str, *, mode: int = 0o600) -> str:
    """What `path` holds: `text`, if nobody was faster. A crash leaves no half of it, and no reader sees one."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        # Unlike a rename, a link never replaces: of two that ask at once, one's text counts for both.
        os.link(fresh, path)
    except FileExistsError:
        return path.read_text("utf-8")
    finally:
        fresh.unlink(missing_ok=True)
    return text


def replaced(path: Path, text: str, *, mode: int = 0o600) -> None:
    """Write the file anew: a crash leaves the former or this one, whole."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        fresh.rename(path)
    finally:
        fresh.unlink(missing_ok=True)
