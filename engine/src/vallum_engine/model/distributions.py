"""Linux distributions as ecosystems of packages: OSV writes them with their release (`Debian:12`, `Alpine:v3.18`).

Names and how advisories are keyed: https://ossf.github.io/osv-schema/#defined-ecosystems.
"""

from collections.abc import Mapping
from typing import NamedTuple

from vallum_engine.model.text import quoted


class Family(NamedTuple):
    type: str
    """Of its package URLs."""
    namespace: str
    """Of its package URLs: the distribution's own id, as its os-release has it."""
    binary: bool = False
    """Whether its advisories name what is installed, not the source package it was built from."""
    published: bool = True
    """Whether OSV has its advisories."""


FAMILIES: Mapping[str, Family] = {
    "AlmaLinux": Family("rpm", "almalinux", binary=True),
    "Alpaquita": Family("apk", "alpaquita"),
    "Alpine": Family("apk", "alpine"),
    "Amazon Linux": Family("rpm", "amzn", binary=True, published=False),
    "Azure Linux": Family("rpm", "azurelinux"),
    "CentOS": Family("rpm", "centos", binary=True, published=False),
    "Chainguard": Family("apk", "chainguard"),
    "Debian": Family("deb", "debian"),
    "Fedora": Family("rpm", "fedora", published=False),
    "Mageia": Family("rpm", "mageia"),
    "OpenWrt": Family("opkg", "openwrt", published=False),
    "Oracle Linux": Family("rpm", "ol", binary=True, published=False),
    "Photon OS": Family("rpm", "photon"),
    "Red Hat": Family("rpm", "redhat", binary=True),
    "Rocky Linux": Family("rpm", "rocky"),
    "SUSE": Family("rpm", "suse"),
    "Ubuntu": Family("deb", "ubuntu"),
    "Wolfi": Family("apk", "wolfi"),
    "openEuler": Family("rpm", "openeuler"),
    "openSUSE": Family("rpm", "opensuse"),
}

PUBLISHED = frozenset(name for name, each in FAMILIES.items() if each.published)


def family(ecosystem: str) -> str:
    """The ecosystem without a release: `Debian` of `Debian:12`, and `npm` of `npm`."""
    return ecosystem.partition(":")[0]


def keyed(ecosystem: str) -> str:
    """What advisories of this ecosystem are kept under: a distribution's release counts, another ecosystem's source does not.

    Red Hat parts a release into repositories (`Red Hat:enterprise_linux:9::baseos`), which no installed package names.
    """
    name, _, release = ecosystem.partition(":")
    if name not in FAMILIES:
        return name
    if name == "Red Hat":
        release = release.partition("::")[0]
    return f"{name}:{release}" if release else name


def spoken(ecosystem: str) -> str:
    """The ecosystem in words: `Debian 12`, `Ubuntu 22.04 LTS`, `Red Hat Enterprise Linux 9`."""
    return ecosystem.replace(":enterprise_linux", " Enterprise Linux").replace(":", " ")


def purl(ecosystem: str, name: str, version: str, arch: str = "") -> str:
    """The package URL of a distribution's package; empty for another ecosystem's."""
    own = FAMILIES.get(family(ecosystem))
    if own is None or not name:
        return ""
    asked = {"arch": arch}
    release = ecosystem.partition(":")[2].removeprefix("enterprise_linux:").partition(":")[0]
    if release:
        asked["distro"] = f"{own.namespace}-{release.removeprefix('v') if own.type == 'apk' else release}"
    if own.type == "rpm" and ":" in version:
        asked["epoch"], _, version = version.partition(":")
    tail = "&".join(f"{key}={quoted(value)}" for key, value in sorted(asked.items()) if value)
    at = f"@{quoted(version)}" if version else ""
    return f"pkg:{own.type}/{own.namespace}/{quoted(name)}{at}" + (f"?{tail}" if tail else "")
