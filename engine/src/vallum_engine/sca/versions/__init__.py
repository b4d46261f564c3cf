"""Version order by ecosystem, as keys whose bytes sort like the versions.

Ecosystems are OSV's names. Those of distributions carry a release (`Debian:12`), which says which advisories hold and has no
part in the order; what follows a colon elsewhere names a registry.
"""

from collections.abc import Callable, Mapping
from functools import cache

from vallum_engine.model.distributions import FAMILIES, family
from vallum_engine.plugins import load

Key = Callable[[str], bytes | None]
"""From a version to its sortable key; None when the ecosystem's rules cannot read it."""

_HERE = "vallum_engine.sca.versions"
_OF_TYPES: Mapping[str, str] = {"apk": "apk:key", "deb": "dpkg:key", "rpm": "rpm:key"}
"""Of distributions, by the type of their package URLs."""

_MODULES: Mapping[str, tuple[str, ...]] = {
    "apk:key": ("BellSoft Hardened Containers", "CleanStart", "MinimOS"),
    "built:key": ("Julia", "Pub"),
    "composer:key": ("Packagist",),
    "conan:key": ("ConanCenter",),
    "dotted:key": ("GHC", "Hackage"),
    "dotted:r_key": ("Bioconductor", "CRAN"),
    "dpkg:key": ("Echo",),
    "dpkg:part_key": ("opam",),
    "go:key": ("Go",),
    "maven:key": ("Maven",),
    "npm:key": ("npm",),
    "nuget:key": ("NuGet",),
    "pep440:key": ("PyPI",),
    "rubygems:key": ("RubyGems",),
    "semver:key": ("Hex", "crates.io"),
    "tags:key": ("Bitnami", "GitHub Actions", "Kubernetes", "SwiftURL", "VSCode"),
}
ORDERS: Mapping[str, str] = {
    **{name: f"{_HERE}.{_OF_TYPES[own.type]}" for name, own in FAMILIES.items() if own.published},
    **{name: f"{_HERE}.{function}" for function, names in _MODULES.items() for name in names},
}


@cache
def order(ecosystem: str) -> Key:
    """Raise KeyError for an ecosystem whose order is not known here."""
    key: Key = load(ORDERS[family(ecosystem)])
    return key
