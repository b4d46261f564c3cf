"""Version order by ecosystem, as keys whose bytes sort like the versions."""

from collections.abc import Callable, Mapping

from vallum_engine.plugins import load

Key = Callable[[str], bytes | None]
"""From a version to its sortable key; None when the ecosystem's rules cannot read it."""

ORDERS: Mapping[str, str] = {
    "Go": "vallum_engine.sca.versions.go:key",
    "PyPI": "vallum_engine.sca.versions.pep440:key",
    "crates.io": "vallum_engine.sca.versions.semver:key",
    "npm": "vallum_engine.sca.versions.npm:key",
}


def order(ecosystem: str) -> Key:
    """Raise KeyError for an ecosystem whose order is not known here."""
    key: Key = load(ORDERS[ecosystem])
    return key
