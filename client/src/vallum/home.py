"""Where Vallum keeps things on this machine, and the proof that nobody else could have put them there."""

import os
import stat

from vallum.errors import Untrusted

_PRIVATE = 0o700
_WRITABLE_BY_OTHERS = stat.S_IWGRP | stat.S_IWOTH


def cache() -> str:
    """What can be made again: compiled triggers and rules."""
    return _place("cache", "XDG_CACHE_HOME", ".cache")


def data() -> str:
    """What was downloaded: advisories."""
    return _place("advisories", "XDG_DATA_HOME", ".local/share")


def _place(own: str, variable: str, default: str) -> str:
    home = os.environ.get("VALLUM_HOME")
    if home:
        return os.path.join(os.getcwd(), home, own)
    # The specification says that a relative path in these variables is to be ignored.
    base = os.environ.get(variable, "")
    root = base if base.startswith("/") else f"{_home()}/{default}"
    return f"{root}/vallum/{own}" if own != "cache" else f"{root}/vallum"


def _home() -> str:
    found = os.path.expanduser("~")
    if found.startswith("~"):
        raise Untrusted("This account has no home folder: set VALLUM_HOME to a folder of its own.")
    return found


def make_private(folder: str) -> None:
    """Make the folder, ours alone. Raises Untrusted where it is somebody else's, OSError where it cannot be made."""
    os.makedirs(folder, _PRIVATE, exist_ok=True)
    require_trusted(folder)


def require_trusted(place: str) -> None:
    """Refuse a file or folder that another person could have written: what lies there is run as native code."""
    met = os.lstat(place)
    if os.statvfs(place).f_flag & os.ST_RDONLY:
        return  # mounted for us, read-only: only who made the mount could write there
    if met.st_uid not in (os.geteuid(), 0) or stat.S_ISLNK(met.st_mode) or met.st_mode & _WRITABLE_BY_OTHERS:
        raise Untrusted(
            f"{place} belongs to, or can be written by, somebody else: it is not used. "
            "Remove it, or set VALLUM_HOME to a folder of your own."
        )
