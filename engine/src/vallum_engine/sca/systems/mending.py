"""What ends a finding in an operating system's package: the commands of its package manager, or another base image."""

from collections.abc import Mapping, Sequence
from shlex import quote

from vallum_engine.model.distributions import FAMILIES, family
from vallum_engine.model.package import Package
from vallum_engine.sca.systems import databases

MOST_NAMED = 20
"""Packages that one command names; beyond, it upgrades all."""

_NAMED: Mapping[str, str] = {
    "apk": "apk update && apk upgrade {names}",
    "deb": "apt-get update && apt-get install --only-upgrade {names}",
    "rpm": "dnf upgrade {names}",
    "suse": "zypper update {names}",
}
_ALL: Mapping[str, str] = {
    "apk": "apk update && apk upgrade",
    "deb": "apt-get update && apt-get upgrade",
    "rpm": "dnf upgrade",
    "suse": "zypper update",
}
_BY_BULLETIN = "dnf upgrade --advisory={id}"
_BULLETINS = ("ALSA-", "RHSA-", "RLSA-", "ELSA-", "ALAS-", "FEDORA-")


def step(packages: Sequence[Package], upgrade: str, bulletins: Sequence[str]) -> str:
    """What to run where the packages (of one database, built from one source) are installed.

    A tree without a package manager (`status.d`) cannot be mended in place.
    """
    first = packages[0]
    source = first.source or first.name
    if "/status.d/" in first.location.path:
        return f"Rebuild on a base image that has {source} {upgrade} or later: this one has no package manager."
    manager = "suse" if family(first.ecosystem) in ("SUSE", "openSUSE") else _manager(first.ecosystem)
    if manager not in _NAMED:
        return f"Install an image with {source} {upgrade} or later."
    command = _command(packages, manager, bulletins)
    if first.location.layer:
        return f"Add to the image's build: `RUN {command}`. It brings {source} {upgrade} or later."
    return f"Run `{command}`: it brings {source} {upgrade} or later."


def is_system(package: Package) -> bool:
    return family(package.ecosystem) in FAMILIES or bool(databases.format_of(package.location.path))


def _manager(ecosystem: str) -> str:
    own = FAMILIES.get(family(ecosystem))
    return own.type if own else "deb"


def _command(packages: Sequence[Package], manager: str, bulletins: Sequence[str]) -> str:
    """Names come from the scanned tree and the command will be pasted into a shell, so every value is quoted."""
    named = next((each for each in bulletins if each.startswith(_BULLETINS)), "")
    if manager == "rpm" and named:
        return _BY_BULLETIN.format(id=quote(named))
    names = sorted({package.name for package in packages})
    if len(names) > MOST_NAMED:
        return _ALL[manager]
    return _NAMED[manager].format(names=" ".join(map(quote, names)))
