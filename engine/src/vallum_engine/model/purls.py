"""Package URLs as what somebody asks for: with or without a version, a distribution, an architecture.

https://github.com/package-url/purl-spec. Of the qualifiers only these two and rpm's `epoch` tell packages apart here.
"""

from collections.abc import Mapping
from functools import lru_cache
from itertools import product
from urllib.parse import unquote

from vallum_engine.model.naming import from_purl, normalised
from vallum_engine.values import immutable

MOST_PURL = 2000
"""Letters; the longest met in the wild has a tenth of it."""
_CASELESS = frozenset({"Go", "Hex", "NuGet", "Packagist", "apk", "bitbucket", "deb", "github", "oci"})
_RELEASE_PARTS = {"almalinux": 1, "alpine": 2, "debian": 1, "redhat": 1, "rhel": 1, "rocky": 1}
"""How many parts of a release tell packages apart: Debian 12.5 has those of 12."""

Key = tuple[str, str, str, str, str]


@immutable
class Asked:
    """A package as a package URL names it; what is empty was not said."""

    ecosystem: str
    name: str
    version: str = ""
    arch: str = ""
    distro: str = ""

    @property
    def key(self) -> Key:
        return self.ecosystem, self.name, self.version, self.arch, self.distro

    def covers(self, this: "Asked") -> bool:
        """Whether `this` is what is asked for: the same package, and the same in all that was said."""
        return self.key in this.keys

    @property
    def keys(self) -> tuple[Key, ...]:
        """The keys of all that covers it, the closest first: at most eight."""
        told = product(*(dict.fromkeys((value, "")) for value in (self.version, self.arch, self.distro)))
        return tuple((self.ecosystem, self.name, version, arch, distro) for version, arch, distro in told)


@lru_cache(1024)
def asked(text: str) -> Asked | None:
    """What a package URL asks for; None for what is none."""
    if len(text) > MOST_PURL:
        return None
    found = from_purl(text)
    if found is None or not found[1]:
        return None
    ecosystem, name, version = found
    said = qualifiers(text) if "?" in text else {}
    return Asked(
        ecosystem=ecosystem,
        name=name.lower() if ecosystem in _CASELESS else normalised(ecosystem, name),
        version=with_epoch(version, said),
        arch=said.get("arch", ""),
        distro=_distro(said.get("distro", "")),
    )


def qualifiers(text: str) -> dict[str, str]:
    """What a package URL says behind its version, each once, as the first of its name says it."""
    said: dict[str, str] = {}
    for pair in text.partition("#")[0].partition("?")[2].split("&"):
        key, _, value = pair.partition("=")
        said.setdefault(key.lower(), unquote(value))
    return said


def with_epoch(version: str, said: Mapping[str, str]) -> str:
    """The version as a distribution orders it: a package URL has its epoch apart."""
    epoch = said.get("epoch", "")
    return f"{epoch}:{version}" if version and epoch not in {"", "0"} else version


def _distro(text: str) -> str:
    name, _, release = text.lower().partition("-")
    most = _RELEASE_PARTS.get(name)
    return f"{name}-{'.'.join(release.split('.')[:most])}" if most and release else text.lower()
