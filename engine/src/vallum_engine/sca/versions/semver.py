"""Semantic versioning 2.0.0: the order of crates.io, and the core of npm's and Go's.

Short forms (`1`, `1.2`) count as filled up with zeros, because advisories write bounds so. Build metadata has no part
in the order.
"""

import re

from vallum_engine.sca.versions.numbers import WRITTEN, number

_VERSION = re.compile(
    r"(\d+)(?:\.(\d+))?(?:\.(\d+))?(?:-([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?(?:\+[0-9A-Za-z.-]*)?", re.ASCII
)
_IDENTIFIERS = re.compile(r"[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*", re.ASCII)
_RELEASE = b"\xff"
_PRERELEASE = b"\x01"
_END = b"\x01"
_NUMERIC = b"\x02"
_ALPHA = b"\x03"
_STOP = b"\x00"


def key(version: str) -> bytes | None:
    """A prerelease sorts before its release, its identifiers one by one, numbers before words, fewer before more."""
    core = version.split(".", 3)
    if len(core) == 3 and (a := WRITTEN.get(core[0])) and (b := WRITTEN.get(core[1])) and (c := WRITTEN.get(core[2])):
        return a + b + c + _RELEASE  # nine in ten of them, in a third of the time
    found = _VERSION.fullmatch(version)
    if not found:
        return None
    major, minor, patch, prerelease = found.groups()
    try:
        numbers = number(major) + number(minor or "0") + number(patch or "0")
        return numbers + (_prerelease(prerelease) if prerelease else _RELEASE)
    except ValueError:
        return None


def identifiers(text: str) -> bytes | None:
    """Identifiers between dots as a prerelease has them; None for what is none, or holds too long a number."""
    try:
        return _prerelease(text) if _IDENTIFIERS.fullmatch(text) else None
    except ValueError:
        return None


def _prerelease(text: str) -> bytes:
    parts = [_PRERELEASE]
    for identifier in text.split("."):
        if identifier.isdecimal():
            parts.append(_NUMERIC + number(identifier))
        else:
            parts.append(_ALPHA + identifier.encode() + _STOP)
    parts.append(_END)
    return b"".join(parts)
