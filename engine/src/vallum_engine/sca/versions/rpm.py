"""Red Hat, SUSE and their relatives: `[epoch:]version[-release]`, in the order of rpm (rpm-version(7)).

Runs of letters and runs of digits are compared one by one, whatever stands between them. `~` sorts before the end, `^`
after it and before all else; digits after letters.
"""

import re

from vallum_engine.sca.versions.numbers import WRITTEN, number

_BLANK = re.compile(r"\s", re.ASCII)
_EPOCH = re.compile(r"\d*", re.ASCII)
_TOKENS = re.compile(r"[0-9]+|[A-Za-z]+|[~^]", re.ASCII)
_TILDE, _END, _CARET, _LETTERS, _DIGITS = b"\x01", b"\x02", b"\x03", b"\x04", b"\x05"
_STOP = b"\x00"
_USUAL = {
    "~": _TILDE,
    "^": _CARET,
    "el": _LETTERS + b"el" + _STOP,
    **{written: _DIGITS + key for written, key in WRITTEN.items() if isinstance(written, str)},
}
"""Most of what versions are made of."""


def key(version: str) -> bytes | None:
    """Epoch, version, release. No epoch is zero; no release sorts before any."""
    if not version or _BLANK.search(version):
        return None
    epoch, _, rest = version.partition(":")
    if not rest or not _EPOCH.fullmatch(epoch):
        epoch, rest = "", version
    named, _, release = rest.rpartition("-")
    try:
        if not named:
            return number(epoch or "0") + _part(rest)
        return number(epoch or "0") + _part(named) + _part(release)
    except ValueError:
        return None


def _part(text: str) -> bytes:
    return b"".join([*[_USUAL.get(token) or _token(token) for token in _TOKENS.findall(text)], _END])


def _token(token: str) -> bytes:
    if token.isdecimal():
        return _DIGITS + number(token)
    return _LETTERS + token.encode() + _STOP
