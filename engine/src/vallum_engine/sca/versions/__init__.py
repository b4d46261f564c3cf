"""Version order by ecosystem, as keys whose bytes sort like the versions.

Ecosystems are OSV's names. Those of distributions carry a release (`Debian:12`), which says which advisories hold and has no
part in the order; what follows a colon elsewhere names a registry.
"""

import re
from collections.abc import Callable, Mapping, Sequence
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


Early = Callable[[str], bool]

_WORDS = r"(?i)(?<![a-z])(?:a|alpha|b|beta|c|canary|cr|dev|ea|m|milestone|next|nightly|pre|preview|rc|snapshot)[.-]?\d*(?![a-z\d])"
_SEMANTIC = r"^v?\d+(?:\.\d+)*-"
_EARLY: Mapping[str, str] = {
    "Go": r"-(?:alpha|beta|pre|rc)",
    "Hex": _SEMANTIC,
    "Julia": _SEMANTIC,
    "Maven": _WORDS,
    "NuGet": _SEMANTIC,
    "Packagist": _WORDS,
    "Pub": _SEMANTIC,
    "PyPI": r"(?i)\d[._-]?(?:a|alpha|b|beta|c|dev|pre|preview|rc)[._-]?\d*(?:$|[+._-])",
    "RubyGems": r"(?i)[a-z]",
    "crates.io": _SEMANTIC,
    "npm": _SEMANTIC,
}
"""What tells a version that is no release yet by its letters; Go's versions of a commit are as good as any there. Compiled
when something affected was found.
"""


def early(ecosystem: str, ours: str) -> Early | None:
    """Whether a version is no release yet; None where it does not matter, as to whom has such a version already."""
    pattern = _EARLY.get(ecosystem)
    if pattern is None or re.search(pattern, ours):
        return None
    return lambda version: re.search(pattern, version) is not None


def preferred(free: Sequence[str], is_early: Early | None) -> str:
    """Of versions in their order the lowest; before one that is no release yet, a release that begins with the same number."""
    first = free[0]
    if is_early is None or not is_early(first):
        return first
    number = _number(first)
    return next((other for other in free if _number(other) == number and not is_early(other)), first)


def _number(version: str) -> str:
    found = re.match(r"\D*(\d*)", version)
    return found[1] if found else ""
