"""What packages and vulnerabilities are called: for looking up, as a package URL, and which of many ids speaks.

Types of package URLs and how each folds names: https://github.com/package-url/purl-spec. Ecosystems are OSV's names.
"""

import re
from collections.abc import Iterable

from vallum_engine.model import distributions
from vallum_engine.model.text import quoted

_PYPI_RUNS = r"[-_.]+"
_CVE = r"CVE-([0-9]{4})-([0-9]+)"
PURL_TYPES = {
    "Alpine": "apk",
    "CocoaPods": "cocoapods",
    "ConanCenter": "conan",
    "Conda": "conda",
    "CRAN": "cran",
    "crates.io": "cargo",
    "Debian": "deb",
    "Docker": "docker",
    "GitHub Actions": "githubactions",
    "Go": "golang",
    "Hackage": "hackage",
    "Hex": "hex",
    "Julia": "julia",
    "Maven": "maven",
    "npm": "npm",
    "NuGet": "nuget",
    "Packagist": "composer",
    "Pub": "pub",
    "PyPI": "pypi",
    "Red Hat": "rpm",
    "RubyGems": "gem",
    "SwiftURL": "swift",
}
ECOSYSTEMS = {type_: ecosystem for ecosystem, type_ in PURL_TYPES.items()}


def normalised(ecosystem: str, name: str) -> str:
    """The form advisories are looked up by. PyPI folds case and runs of `-_.`; npm, Go and crates.io are exact."""
    if ecosystem == "PyPI":
        return re.sub(_PYPI_RUNS, "-", name).lower()
    return name


def purl(ecosystem: str, name: str, version: str, *, arch: str = "") -> str:
    """A package URL; empty for an ecosystem that has no type. Maven names are `group:artifact`.

    Go's versions keep their `v` there, and its paths and Composer's names are folded to lower case, as the types ask.
    """
    if distributions.family(ecosystem) in distributions.FAMILIES:
        return distributions.purl(ecosystem, name, version, arch)
    type_ = PURL_TYPES.get(ecosystem, "")
    if not type_ or not name:
        return ""
    plain = normalised(ecosystem, name)
    if ecosystem == "Go":
        plain = plain.lower()
        version = f"v{version}" if version and plain not in {"stdlib", "toolchain"} else version
    elif ecosystem == "Packagist":
        plain = plain.lower()
    elif ecosystem == "Maven":
        plain = plain.replace(":", "/", 1)
    path = "/".join(quoted(part) for part in plain.split("/"))
    tail = f"@{quoted(version)}" if version else ""
    return f"pkg:{type_}/{path}{tail}"


def generic(name: str, version: str = "") -> str:
    """A package URL for what no ecosystem has."""
    at = f"@{quoted(version)}" if version else ""
    return f"pkg:generic/{quoted(name)}{at}"


def from_purl(text: str) -> tuple[str, str, str] | None:
    """Ecosystem, name and version of a package URL, without qualifiers; None for what is none.

    An ecosystem that OSV does not have goes by the URL's type.
    """
    from urllib.parse import unquote  # noqa: PLC0415 - 3 ms with what it imports, for those who read package URLs

    if not text.startswith("pkg:"):
        return None
    body = text[4:].lstrip("/").split("#", 1)[0].split("?", 1)[0]
    type_, slash, path = body.partition("/")
    if not slash or not path:
        return None
    # npm scopes are written %40scope or @scope: a version's @ comes after the last slash.
    folder, _, last = path.rpartition("/")
    name, _, version = last.partition("@")
    parts = [unquote(part) for part in (*folder.split("/"), name) if part]
    ecosystem = ECOSYSTEMS.get(type_.lower(), type_.lower())
    version = unquote(version)
    if ecosystem == "Go":
        version = version.removeprefix("v")
    return ecosystem, (":" if ecosystem == "Maven" else "/").join(parts), version


def one_of_a_kind(ids: Iterable[str]) -> tuple[str, ...]:
    """The ids that are the only one of their kind (CVE, GHSA, …) among them: two CVEs are two vulnerabilities."""
    by_kind: dict[str, list[str]] = {}
    for identifier in dict.fromkeys(ids):
        by_kind.setdefault(identifier.partition("-")[0], []).append(identifier)
    return tuple(same[0] for same in by_kind.values() if len(same) == 1)


def own_names(identifier: str, aliases: Iterable[str]) -> tuple[str, ...]:
    """The ids of the one vulnerability that an advisory is about; none of a bulletin about several, which has several CVEs."""
    every = tuple(name for name in dict.fromkeys((identifier, *aliases)) if name)
    return every if sum(name.startswith("CVE-") for name in every) < 2 else ()


def preference(identifier: str) -> tuple[int, int, int, str]:
    """The order of ids of one vulnerability: CVE before GHSA before others; the older CVE first, the rest by the alphabet."""
    if found := re.fullmatch(_CVE, identifier):
        return 0, int(found[1]), int(found[2][:18]), identifier
    return (1 if identifier.startswith("GHSA-") else 2), 0, 0, identifier
