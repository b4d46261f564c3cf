"""Debian, Ubuntu and what is built from them: `[epoch:]upstream[-revision]`, in the order of dpkg (deb-version(7)).

Each part is read as runs of other characters and of digits, in turn. Among the other characters `~` sorts before the
end of a run, and letters before the rest. opam orders its versions in the same way.
"""

import re

from vallum_engine.sca.versions.numbers import WRITTEN, number

_VERSION = re.compile(r"(?:(\d+):)?([A-Za-z0-9.+~:-]+)", re.ASCII)
_RUNS = re.compile(rb"([^0-9]*)([0-9]*)")
_END = b"\x02"
_WEIGHTS = bytes(1 if c == ord("~") else c if chr(c).isalpha() else c | 0x80 for c in range(128)) + bytes(128)
"""`~` before the end of a run, which is before letters, which are before other characters."""
_USUAL = {other: other.translate(_WEIGHTS) for other in (b".", b"-", b"+", b"~", b"+deb", b"~deb")}


def key(version: str) -> bytes | None:
    """Epoch, upstream version, revision. No epoch and no revision are those that are zero."""
    found = _VERSION.fullmatch(version)
    if not found or (not found[1] and ":" in found[2]):
        return None
    upstream, hyphen, revision = found[2].rpartition("-")
    if hyphen and (not upstream or not revision or ":" in revision):
        return None
    try:
        epoch = number(found[1] or "0")
        return epoch + _part(upstream) + _part(revision) if hyphen else epoch + _part(revision) + _part("0")
    except ValueError:
        return None


def _part(text: str) -> bytes:
    """An absent number is zero; after the last one nothing more than the end of a run can come."""
    parts: list[bytes] = []
    for other, digits in _RUNS.findall(text.encode("ascii")):
        if other or digits:
            weights = _USUAL.get(other) or other.translate(_WEIGHTS)
            parts += (weights, _END, WRITTEN.get(digits) or number(digits or b"0"))
    return b"".join((*parts, _END))


def part_key(version: str) -> bytes | None:
    """The order of opam: that of an upstream version, without epoch and revision."""
    try:
        return _part(version) if version.isascii() and version.isprintable() and version else None
    except ValueError:
        return None
