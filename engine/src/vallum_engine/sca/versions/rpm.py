"""Red Hat, SUSE and their relatives: `[epoch:]version[-release]`, in the order of rpm (rpm-version(7)).

Runs of letters and runs of digits are compared one by one, whatever stands between them. `~` sorts before the end, `^`
after it and before all else; digits after letters.
"""

import re

from vallum_engine.sca.versions.numbers import number

_VERSION = re.compile(r"(?:(\d*):)?(\S+?)(?:-([^\s-]*))?", re.ASCII)
_TOKENS = re.compile(r"[0-9]+|[A-Za-z]+|[~^]", re.ASCII)
_TILDE, _END, _CARET, _LETTERS, _DIGITS = b"\x01", b"\x02", b"\x03", b"\x04", b"\x05"
_MARKS = {"~": _TILDE, "^": _CARET}
_STOP = b"\x00"


def key(version: str) -> bytes | None:
    """Epoch, version, release. No epoch is zero; no release sorts before any."""
    found = _VERSION.fullmatch(version)
    if not found:
        return None
    try:
        return number(found[1] or "0") + _part(found[2]) + (b"" if found[3] is None else _part(found[3]))
    except ValueError:
        return None


def _part(text: str) -> bytes:
    parts: list[bytes] = []
    for token in _TOKENS.findall(text):
        if token in _MARKS:
            parts.append(_MARKS[token])
        elif token.isdecimal():
            parts.append(_DIGITS + number(token))
        else:
            parts.append(_LETTERS + token.encode() + _STOP)
    return b"".join((*parts, _END))
