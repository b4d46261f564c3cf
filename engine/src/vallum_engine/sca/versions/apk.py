"""Alpine, Wolfi, Chainguard and their relatives: the order of apk (apk-package(5)).

Numbers, one letter, suffixes with a number, a commit after `~`, and `-r` with the number of the build. What one of two versions has
beyond the other makes it the later one, but for the suffixes that stand for what comes before a release.
"""

import re

from vallum_engine.sca.versions.numbers import number

_VERSION = re.compile(
    r"(\d+)((?:\.\d+)*)([a-z]?)((?:_(?:alpha|beta|pre|rc|cvs|svn|git|hg|p)\d*)*)(?:~([0-9A-Fa-f]+))?(?:-r(\d+))?",
    re.ASCII,
)
_SUFFIX = re.compile(r"_([a-z]+)(\d*)", re.ASCII)
_BEFORE = {"alpha": b"\x01\x01", "beta": b"\x01\x02", "pre": b"\x01\x03", "rc": b"\x01\x04"}
_END, _BUILD, _COMMIT, _COUNT = b"\x02", b"\x03", b"\x04", b"\x05"
_AFTER = {"cvs": b"\x06\x01", "svn": b"\x06\x02", "git": b"\x06\x03", "hg": b"\x06\x04", "p": b"\x06\x05"}
_SUFFIXES = _BEFORE | _AFTER
_LETTER, _FRACTION, _NUMBER = b"\x07", b"\x08\x01", b"\x08\x02"
_STOP = b"\x00"


def key(version: str) -> bytes | None:
    """Each part by its kind and its value: where two versions differ in kind, the kinds are in the order of the marks."""
    found = _VERSION.fullmatch(version)
    if not found:
        return None
    first, more, letter, suffixes, commit, build = found.groups()
    try:
        parts = [number(first), *map(_number, more.split(".")[1:])]
        if letter:
            parts.append(_LETTER + letter.encode())
        for name, count in _SUFFIX.findall(suffixes):
            parts.append(_SUFFIXES[name] + (_COUNT + number(count) if count else b""))
        if commit:
            parts.append(_COMMIT + commit.encode() + _STOP)
        if build:
            parts.append(_BUILD + number(build))
    except ValueError:
        return None
    return b"".join((*parts, _END))


def _number(digits: str) -> bytes:
    """After the first dot, digits with a leading zero are compared as text, and stand before those without."""
    if digits.startswith("0"):
        return _FRACTION + digits.encode() + _STOP
    return _NUMBER + number(digits)
