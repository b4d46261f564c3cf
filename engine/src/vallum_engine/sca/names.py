"""What a package is called, by ecosystem: for looking up, and as a package URL."""

import re
from urllib.parse import quote

_PYPI_RUNS = re.compile(r"[-_.]+")
_PURL_TYPES = {"Go": "golang", "PyPI": "pypi", "crates.io": "cargo", "npm": "npm"}


def normalised(ecosystem: str, name: str) -> str:
    """The form advisories are looked up by. PyPI folds case and runs of `-_.`; npm, Go and crates.io are exact."""
    if ecosystem == "PyPI":
        return _PYPI_RUNS.sub("-", name).lower()
    return name


def purl(ecosystem: str, name: str, version: str) -> str:
    """A package URL. Go's versions keep their `v` there and its paths are folded to lower case, as the type asks."""
    plain = normalised(ecosystem, name)
    if ecosystem == "Go":
        plain = plain.lower()
        version = f"v{version}" if version and plain not in {"stdlib", "toolchain"} else version
    path = "/".join(quote(part, safe=".-_~") for part in plain.split("/"))
    tail = f"@{quote(version, safe='.-_~')}" if version else ""
    return f"pkg:{_PURL_TYPES[ecosystem]}/{path}{tail}"
