"""Which distribution a tree is: `etc/os-release`, as freedesktop.org's os-release(5) describes it, as an OSV ecosystem."""

import re
from collections.abc import Callable, Mapping

from vallum_engine.model.file import File
from vallum_engine.model.text import printable
from vallum_engine.values import immutable

TAILS = ("usr/lib/os-release", "etc/os-release")
"""Where it stands; the later one speaks. The first is the vendor's, the second most often a link to it."""

_MOST_BYTES = 64 << 10
_MOST_LETTERS = 200
_LINE = re.compile(r"([A-Z][A-Z0-9_]*)=(.*)")
_DEBIAN_RELEASES = {"buster": "10", "bullseye": "11", "bookworm": "12", "trixie": "13", "forky": "14", "duke": "15"}
"""A testing system has a code name and no number: https://www.debian.org/releases/."""


@immutable
class Release:
    """A distribution at a release. `ecosystem` is OSV's name for it, or one made alike where OSV has none."""

    id: str
    version: str
    name: str
    ecosystem: str
    path: str
    """The file that said so."""


def root_of(path: str) -> str | None:
    """The root that a release file speaks for: empty, or ending in `/`. None for another file."""
    if not path.endswith("os-release"):
        return None
    roots = (path[: -len(tail)] for tail in TAILS if path.endswith(tail))
    return next((root for root in roots if root[-1:] in ("", "/")), None)


def read(file: File) -> Release | None:
    """What the file says; None where it names no distribution. It may hold anything: it comes with what is scanned."""
    told: dict[str, str] = {}
    for line in file.data[:_MOST_BYTES].decode("utf-8", "replace").splitlines():
        if found := _LINE.fullmatch(line.strip()):
            told[found[1]] = printable(_unquoted(found[2])[:_MOST_LETTERS])
    name = told.get("ID", "").lower()
    if not name:
        return None
    version = told.get("VERSION_ID", "")
    if name == "debian" and not version:
        version = _DEBIAN_RELEASES.get(told.get("VERSION_CODENAME", ""), "")
    return Release(
        id=name,
        version=version,
        name=told.get("PRETTY_NAME") or f"{told.get('NAME') or name} {version}".strip(),
        ecosystem=_ecosystem(name, version, told),
        path=file.path,
    )


def _unquoted(text: str) -> str:
    """A value in shell quotes; a backslash keeps the letter after it."""
    text = text.strip()
    if len(text) > 1 and text[0] in "\"'" and text[-1] == text[0]:
        text = text[1:-1]
    return re.sub(r"\\(.)", r"\1", text)


def _ecosystem(name: str, version: str, told: Mapping[str, str]) -> str:
    make = _ECOSYSTEMS.get(name)
    if make is None:
        return f"{name}:{version}" if version else name
    return make(version, told)


def _major(family: str) -> Callable[[str, Mapping[str, str]], str]:
    return lambda version, _: _joined(family, version.partition(".")[0])


def _whole(family: str) -> Callable[[str, Mapping[str, str]], str]:
    return lambda version, _: _joined(family, version)


def _alone(family: str) -> Callable[[str, Mapping[str, str]], str]:
    return lambda _version, _told: family


def _joined(family: str, release: str) -> str:
    return f"{family}:{release}" if release else family


def _alpine(version: str, told: Mapping[str, str]) -> str:
    """A snapshot (`3.19_alpha20230901`) is the development branch."""
    if "_" in version or "edge" in told.get("PRETTY_NAME", "").lower():
        return "Alpine:edge"
    return _joined("Alpine", "v" + ".".join(version.split(".")[:2]) if version else "")


def _ubuntu(version: str, told: Mapping[str, str]) -> str:
    lts = ":LTS" if "LTS" in told.get("VERSION", "") + told.get("PRETTY_NAME", "") else ""
    return _joined("Ubuntu", version + lts if version else "")


def _red_hat(version: str, _told: Mapping[str, str]) -> str:
    major = version.partition(".")[0]
    return f"Red Hat:enterprise_linux:{major}" if major else "Red Hat"


def _centos(version: str, told: Mapping[str, str]) -> str:
    """CentOS Linux was built from Red Hat's sources and mended by its advisories; Stream runs ahead of them."""
    if "stream" in (told.get("NAME", "") + told.get("PRETTY_NAME", "")).lower():
        return _joined("CentOS", f"{version.partition('.')[0]} Stream".strip())
    return _red_hat(version, told)


def _suse(version: str, _told: Mapping[str, str]) -> str:
    major, _, pack = version.partition(".")
    if not major:
        return "SUSE"
    return f"SUSE:Linux Enterprise Server {major}" + (f" SP{pack}" if pack not in ("", "0") else "")


def _open_euler(version: str, told: Mapping[str, str]) -> str:
    """`24.03 (LTS-SP1)` is `24.03-LTS-SP1`."""
    found = re.search(r"\((LTS[A-Z0-9-]*)\)", told.get("VERSION", ""))
    return _joined("openEuler", f"{version}-{found[1]}" if found and version else version)


_ECOSYSTEMS: Mapping[str, Callable[[str, Mapping[str, str]], str]] = {
    "almalinux": _major("AlmaLinux"),
    "alpaquita": _whole("Alpaquita"),
    "alpine": _alpine,
    "amzn": _whole("Amazon Linux"),
    "azurelinux": _major("Azure Linux"),
    "centos": _centos,
    "chainguard": _alone("Chainguard"),
    "debian": _major("Debian"),
    "fedora": _whole("Fedora"),
    "mageia": _whole("Mageia"),
    "mariner": _major("Azure Linux"),
    "ol": _major("Oracle Linux"),
    "openeuler": _open_euler,
    "opensuse-leap": lambda version, _: _joined("openSUSE", f"Leap {version}" if version else ""),
    "opensuse-tumbleweed": lambda _version, _told: "openSUSE:Tumbleweed",
    "openwrt": _whole("OpenWrt"),
    "photon": _whole("Photon OS"),
    "rhel": _red_hat,
    "rocky": _major("Rocky Linux"),
    "sles": _suse,
    "ubuntu": _ubuntu,
    "wolfi": _alone("Wolfi"),
}
