"""NuGet: up to four numbers, then labels as in semantic versioning, whatever their case (NuGet.Versioning)."""

import re

from vallum_engine.sca.versions.numbers import number

_VERSION = re.compile(
    r"v?(\d+)(?:\.(\d+))?(?:\.(\d+))?(?:\.(\d+))?(?:-([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?(?:\+[0-9A-Za-z.-]*)?",
    re.ASCII,
)
_LARGEST = 2**31 - 1
_RELEASE, _PRERELEASE, _END, _NUMERIC, _WORD = b"\xff", b"\x01", b"\x01", b"\x02", b"\x03"
_STOP = b"\x00"


def key(version: str) -> bytes | None:
    """Missing numbers are zero; build metadata has no part in the order."""
    found = _VERSION.fullmatch(version.strip())
    if not found:
        return None
    try:
        core = b"".join(number(part or "0") for part in found.groups()[:4])
        return core + (_labels(found[5]) if found[5] else _RELEASE)
    except ValueError:
        return None


def _labels(text: str) -> bytes:
    """A label of digits alone is a number as far as 32 bits go, and a word beyond."""
    parts = [_PRERELEASE]
    for label in text.upper().split("."):
        if label.isdecimal() and int(label) <= _LARGEST:
            parts += (_NUMERIC, number(label))
        else:
            parts += (_WORD, label.encode(), _STOP)
    return b"".join((*parts, _END))
