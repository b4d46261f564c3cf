"""A distribution and its release as an ecosystem, by what its os-release file says or a package URL repeats."""

import re
from collections.abc import Callable, Mapping

CODE_NAMES: Mapping[str, Mapping[str, str]] = {
    "debian": {"buster": "10", "bullseye": "11", "bookworm": "12", "trixie": "13", "forky": "14", "duke": "15"},
    "ubuntu": {
        "trusty": "14.04",
        "xenial": "16.04",
        "bionic": "18.04",
        "focal": "20.04",
        "jammy": "22.04",
        "noble": "24.04",
    },
}
"""A testing system has a code name and no number (https://www.debian.org/releases/); Ubuntu's: https://wiki.ubuntu.com/Releases."""

_IDS = {
    "alma": "almalinux",
    "amazon": "amzn",
    "opensuse": "opensuse-leap",
    "opensuse.leap": "opensuse-leap",
    "opensuse.tumbleweed": "opensuse-tumbleweed",
    "oracle": "ol",
    "oraclelinux": "ol",
    "red-hat": "rhel",
    "redhat": "rhel",
    "suse": "sles",
    "suse.linux.enterprise.server": "sles",
}
"""Other words for the `ID` of an os-release file, as namespaces of package URLs have them."""
_DISTRO = re.compile(r"([a-z][a-z.]*(?:-[a-z]+)*)-(\d\S*|edge)(?:\s.*)?", re.IGNORECASE)


def ecosystem(name: str, version: str, told: Mapping[str, str]) -> str:
    """OSV's name for a release by its `ID` and `VERSION_ID`, or one made alike; `told` is the rest of the file, as far as it is known."""
    make = _ECOSYSTEMS.get(name)
    if make is None:
        return f"{name}:{version}" if version else name
    return make(version, told)


def of_distro(namespace: str, distro: str) -> str:
    """Of a package URL by its namespace and its qualifier `distro`, which is written `debian-12`, `12`, or `bookworm`.

    A distribution of which no release is known has none in its ecosystem; an unknown one goes by its namespace.
    """
    found = _DISTRO.fullmatch(distro)
    name = (found[1] if found else namespace).lower()
    name = _IDS.get(name, name)
    version = (
        found[2] if found else CODE_NAMES.get(name, {}).get(distro.lower(), distro if distro[:1].isdigit() else "")
    )
    return ecosystem(name, version, {"VERSION": "LTS"} if name == "ubuntu" and _is_lts(version) else {})


def _is_lts(version: str) -> bool:
    """April's of every second year."""
    year, _, month = version.partition(".")
    return month[:2] == "04" and year.isdigit() and int(year) % 2 == 0


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
