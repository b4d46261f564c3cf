"""PyPI: the order of PEP 440, with its normalisations (`1.0-Alpha1` is `1.0a1`, trailing zeros do not count)."""

import re

from vallum_engine.sca.versions.numbers import WRITTEN, number

_VERSION = re.compile(
    r"""
    v?
    (?:(?P<epoch>\d+)!)?
    (?P<release>\d+(?:\.\d+)*)
    (?:[-_.]?(?P<stage>alpha|beta|preview|pre|rc|a|b|c)[-_.]?(?P<stage_number>\d*))?
    (?:-(?P<post_short>\d+)|[-_.]?(?P<post>post|rev|r)[-_.]?(?P<post_number>\d*))?
    (?:[-_.]?(?P<dev>dev)[-_.]?(?P<dev_number>\d*))?
    (?:\+(?P<local>[a-z0-9]+(?:[-_.][a-z0-9]+)*))?
    """,
    re.VERBOSE | re.ASCII | re.IGNORECASE,
)
_TRAILING_ZEROS = re.compile(r"(?:\.0+)+\Z", re.ASCII)
_STAGES = {"a": 1, "alpha": 1, "b": 2, "beta": 2, "c": 3, "rc": 3, "pre": 3, "preview": 3}
_LOWEST = b"\x00"
_PRESENT = b"\x01"
_HIGHEST = b"\xff"
_MORE = b"\x02"
_WORD = b"\x02"
_NUMERIC = b"\x03"
_END = b"\x01"
_STOP = b"\x00"
_PLAIN = b"".join((number("0"), _MORE, b"%b", _END, _HIGHEST, _LOWEST, _PRESENT, _LOWEST))
"""The key of a version of numbers and dots alone."""


def key(version: str) -> bytes | None:
    """Epoch, release, then development < a < b < rc < final < post, then the local label."""
    parts = [WRITTEN.get(part) for part in version.split(".")]
    if None not in parts and parts[-1] != _LOWEST:
        return _PLAIN % _MORE.join(filter(None, parts))
    found = _VERSION.fullmatch(version.strip())
    if not found:
        return None
    try:
        return b"".join(
            (
                number(found["epoch"] or "0"),
                _release(found["release"]),
                _stage(found),
                _post(found),
                _dev(found),
                _local(found["local"]),
            )
        )
    except ValueError:
        return None


def _release(text: str) -> bytes:
    parts = _TRAILING_ZEROS.sub("", text).split(".")
    return b"".join(_MORE + number(part) for part in parts) + _END


def _stage(found: re.Match[str]) -> bytes:
    if found["stage"]:
        return bytes((_PRESENT[0], _STAGES[found["stage"].lower()])) + number(found["stage_number"] or "0")
    only_dev = found["dev"] and found["post"] is None and found["post_short"] is None
    return _LOWEST if only_dev else _HIGHEST


def _post(found: re.Match[str]) -> bytes:
    if found["post"] is None and found["post_short"] is None:
        return _LOWEST
    return _PRESENT + number(found["post_short"] or found["post_number"] or "0")


def _dev(found: re.Match[str]) -> bytes:
    return _LOWEST + number(found["dev_number"] or "0") if found["dev"] else _PRESENT


def _local(text: str | None) -> bytes:
    if text is None:
        return _LOWEST
    parts = (
        _NUMERIC + number(part) if part.isdecimal() else _WORD + part.encode() + _STOP
        for part in re.split(r"[-_.]", text.lower())
    )
    return b"".join((_PRESENT, *parts, _END))
