"""Go modules: semantic versions with a `v`, pseudo-versions and `+incompatible` among them, and Go's own releases.

A pseudo-version is a prerelease by its form, so semantic order is its order; `+incompatible` is build metadata. Go's
releases (`1.21rc2`) are written as the vulnerability database writes them (`1.21.0-rc.2`).
"""

import re

from vallum_engine.sca.versions import semver

_RELEASE = re.compile(r"(\d+\.\d+)(\.\d+)?(alpha|beta|rc)(\d+)", re.ASCII)


def key(version: str) -> bytes | None:
    plain = version.removeprefix("go").removeprefix("v")
    found = semver.key(plain)
    if found is None and (release := _RELEASE.fullmatch(plain)):
        core, patch, stage, count = release.groups()
        return semver.key(f"{core}{patch or '.0'}-{stage}.{count}")
    return found
