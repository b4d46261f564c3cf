"""Where operating systems keep what is installed: by the end of a path, because the names (`status`, `Packages`) say little."""

from collections.abc import Mapping

TAILS: Mapping[str, str] = {
    "lib/apk/db/installed": "apk",
    "opt/lib/opkg/status": "opkg",
    "usr/lib/apk/db/installed": "apk",
    "usr/lib/opkg/status": "opkg",
    "usr/lib/sysimage/rpm/Packages": "rpmdb",
    "usr/lib/sysimage/rpm/Packages.db": "rpmdb",
    "usr/lib/sysimage/rpm/rpmdb.sqlite": "rpmdb",
    "var/lib/dpkg/status": "dpkg",
    "var/lib/opkg/status": "opkg",
    "var/lib/rpm/Packages": "rpmdb",
    "var/lib/rpm/Packages.db": "rpmdb",
    "var/lib/rpm/rpmdb.sqlite": "rpmdb",
}
FOLDERS: Mapping[str, str] = {"var/lib/dpkg/status.d": "dpkg"}
"""Folders with one file for each package."""

_NAMES = frozenset(tail.rpartition("/")[2] for tail in TAILS)
_LONGEST_FIRST = sorted(TAILS, key=len, reverse=True)


def tail_of(path: str) -> str:
    """The part of the path below the root of its system; empty for what is no package database."""
    folder, _, name = path.rpartition("/")
    if folder.endswith("/status.d") and not name.endswith(".md5sums"):
        return next((f"{tail}/{name}" for tail in FOLDERS if _ends(folder, tail)), "")
    if name not in _NAMES:
        return ""
    return next((tail for tail in _LONGEST_FIRST if _ends(path, tail)), "")


def format_of(path: str) -> str:
    tail = tail_of(path)
    return tail and (TAILS.get(tail) or FOLDERS[tail.rpartition("/")[0]])


def root_of(path: str) -> str:
    """The root of the system that a database is of: empty, or ending in `/`."""
    return path[: len(path) - len(tail_of(path))]


def _ends(path: str, tail: str) -> bool:
    return path.endswith(tail) and path[: -len(tail)][-1:] in ("", "/")
