"""Packagist: versions as Composer reads them, in the order of PHP's version_compare().

Four numbers, then a stability and its number. `1.x-dev` stands for the tip of a branch, after all of its releases; a
branch without a number has no order.
"""

import re

from vallum_engine.sca.versions.numbers import number

_AFTER = r"[._-]?(?:(?P<stage>stable|beta|b|rc|alpha|a|patch|pl|p)(?P<count>(?:[.-]?\d+)*))?(?P<dev>[.-]?dev)?"
_CLASSIC = re.compile(rf"v?(?P<core>\d{{1,5}}(?:\.\d+){{0,3}}){_AFTER}", re.ASCII | re.IGNORECASE)
_DATED = re.compile(
    rf"v?(?P<core>\d{{4}}(?:[.:-]?\d{{2}}){{1,6}}(?:[.:-]?\d{{1,3}}){{0,2}}){_AFTER}", re.ASCII | re.IGNORECASE
)
_BRANCH = re.compile(r"v?(?P<core>\d+(?:\.(?:\d+|[x*])){0,3})[.-]?dev", re.ASCII | re.IGNORECASE)
_BUILD = re.compile(r"([^,\s+]+)\+\S+", re.ASCII)
_STABILITY = re.compile(r"([^,\s@]+)@(?:stable|beta|rc|alpha|dev)", re.ASCII | re.IGNORECASE)
_DEV, _ALPHA, _BETA, _CANDIDATE, _END, _NUMBER, _PATCH = (bytes((n,)) for n in range(1, 8))
_STAGES = {"alpha": _ALPHA, "a": _ALPHA, "beta": _BETA, "b": _BETA, "rc": _CANDIDATE} | dict.fromkeys(
    ("patch", "pl", "p"), _PATCH
)
_TIP = "9999999"


def key(version: str) -> bytes | None:
    """Stages before the release, `patch` after it; `-dev` before what it leads to."""
    plain = version.strip()
    for pattern in (_STABILITY, _BUILD):
        if found := pattern.fullmatch(plain):
            plain = found[1]
    try:
        if found := _CLASSIC.fullmatch(plain) or _DATED.fullmatch(plain):
            return _classic(found)
        if found := _BRANCH.fullmatch(plain):
            numbers = [part if part.isdecimal() else _TIP for part in found["core"].split(".")]
            return _numbers([*numbers, *[_TIP] * (4 - len(numbers))]) + _DEV + _END
    except ValueError:
        return None
    return None


def _classic(found: re.Match[str]) -> bytes:
    core = re.split(r"\D", found["core"])
    if found.re is _CLASSIC:
        core += ["0"] * (4 - len(core))
    parts = [_numbers(core)]
    stage = (found["stage"] or "stable").lower()
    if stage == "stable":
        # Whatever says that a version is stable ends its reading.
        return parts[0] + (_DEV if found["dev"] and not found["stage"] else b"") + _END
    counts = [count for count in re.split(r"[.-]", found["count"]) if count]
    parts += (_STAGES[stage], _numbers(counts), _DEV if found["dev"] else b"", _END)
    return b"".join(parts)


def _numbers(parts: list[str]) -> bytes:
    return b"".join(_NUMBER + number(part) for part in parts)
