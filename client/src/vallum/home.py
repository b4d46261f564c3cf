"""Where Vallum keeps things on this machine, and the proof that nobody else could have put them there."""

import os
import stat
from pathlib import Path

from vallum.errors import Untrusted

_PRIVATE = 0o700
_WRITABLE_BY_OTHERS = stat.S_IWGRP | stat.S_IWOTH


def cache() -> Path:
    """What can be made again: compiled triggers and rules."""
    return _place("cache", "XDG_CACHE_HOME", ".cache")


def data() -> Path:
    """What was downloaded: advisories."""
    return _place("advisories", "XDG_DATA_HOME", ".local/share")


def _place(own: str, variable: str, default: str) -> Path:
    home = os.environ.get("VALLUM_HOME")
    if home:
        return Path(home).absolute() / own
    # The specification says that a relative path in these variables is to be ignored.
    base = os.environ.get(variable, "")
    root = Path(base) if base.startswith("/") else _home() / default
    return root / "vallum" / (own if own != "cache" else "")


def _home() -> Path:
    try:
        return Path.home()
    except RuntimeError as error:
        raise Untrusted("This account has no home folder: set VALLUM_HOME to a folder of its own.") from error


def make_private(folder: Path) -> None:
    """Make the folder, ours alone. Raises Untrusted where it is somebody else's, OSError where it cannot be made."""
    folder.mkdir(mode=_PRIVATE, parents=True, exist_ok=True)
    require_trusted(folder)


def require_trusted(place: Path) -> None:
    """Refuse a file or folder that another person could have written: what lies there is run as native code."""
    met = place.lstat()
    if os.statvfs(place).f_flag & os.ST_RDONLY:
        return  # mounted for us, read-only: only who made the mount could write there
    if met.st_uid not in (os.geteuid(), 0) or stat.S_ISLNK(met.st_mode) or met.st_mode & _WRITABLE_BY_OTHERS:
        raise Untrusted(
            f"{place} belongs to, or can be written by, somebody else: it is not used. "
            "Remove it, or set VALLUM_HOME to a folder of your own."
        )
