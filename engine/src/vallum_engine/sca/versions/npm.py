"""npm: semantic versions, read as loosely as node-semver's `loose` does (`v1.2.3`, `=1.2.3`, `1.2.3beta`)."""

import re

from vallum_engine.sca.versions import semver

_MISSING_HYPHEN = re.compile(r"(\d+\.\d+\.\d+)([A-Za-z][0-9A-Za-z.-]*)(?:\+[0-9A-Za-z.-]+)?", re.ASCII)


def key(version: str) -> bytes | None:
    plain = version.strip().lstrip("v= \t")
    found = semver.key(plain)
    if found is None and (loose := _MISSING_HYPHEN.fullmatch(plain)):
        return semver.key(f"{loose[1]}-{loose[2]}")
    return found
