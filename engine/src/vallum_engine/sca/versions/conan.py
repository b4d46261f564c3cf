"""Conan: numbers and words between dots, with a prerelease after `-`; a build after `+` does not count.

OSV knows no order for it, and Conan's own compares a number with a word as texts, which is none. Here runs of digits are
numbers, and letters after them make a later version, as in `1.1.1k`.
"""

import re

from vallum_engine.sca.versions.numbers import number

_VERSION = re.compile(r"([0-9A-Za-z_.]+)(?:-([0-9A-Za-z_.-]+))?(?:\+.*)?", re.ASCII)
_RUNS = re.compile(r"[0-9]+|[A-Za-z]+", re.ASCII)
_PRERELEASE, _END, _WORD, _NUMBER = b"\x01", b"\x02", b"\x03", b"\x04"
_STOP = b"\x00"


def key(version: str) -> bytes | None:
    found = _VERSION.fullmatch(version.strip())
    if not found or not found[1][:1].isdigit():
        return None
    try:
        return _runs(found[1]) + (_PRERELEASE + _runs(found[2]) if found[2] else b"") + _END
    except ValueError:
        return None


def _runs(text: str) -> bytes:
    return b"".join(
        _NUMBER + number(run) if run.isdecimal() else _WORD + run.encode() + _STOP for run in _RUNS.findall(text)
    )
