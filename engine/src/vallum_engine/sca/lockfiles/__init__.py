"""Lockfile formats: which file names each reads, and its module by dotted path.

A format is one module with `extract(file)`, one line here, and an example folder in the tests. Where the file says who
asks for whom, the module has `graph(file)` too, and stands in GRAPHS: it is read only for files with something vulnerable.
"""

from collections.abc import Callable, Iterable, Mapping
from fnmatch import fnmatchcase

from vallum_engine.model.file import File
from vallum_engine.model.graph import Graph
from vallum_engine.plugins import load
from vallum_engine.sca.lockfiles.entry import Entry
from vallum_engine.sca.systems import databases

Extract = Callable[[File], Iterable[Entry]]

_HERE = "vallum_engine.sca.lockfiles"

NAMES: Mapping[str, str] = {
    "Cargo.lock": "cargo",
    "Pipfile.lock": "pipfile",
    "go.mod": "gomod",
    "npm-shrinkwrap.json": "npm",
    "package-lock.json": "npm",
    "pdm.lock": "pdm",
    "pnpm-lock.yaml": "pnpm",
    "poetry.lock": "poetry",
    "pylock.toml": "pylock",
    "uv.lock": "uv",
    "yarn.lock": "yarn",
}

PATTERNS: Mapping[str, str] = {
    "*requirements*.txt": "requirements",
    "constraints*.txt": "requirements",
    "pylock.*.toml": "pylock",
}
"""Names that only a pattern can say; looked at after the exact ones."""

ECOSYSTEMS: Mapping[str, str] = {
    "apk": "Alpine",
    "cargo": "crates.io",
    "dpkg": "Debian",
    "gomod": "Go",
    "npm": "npm",
    "opkg": "OpenWrt",
    "pdm": "PyPI",
    "pipfile": "PyPI",
    "pnpm": "npm",
    "poetry": "PyPI",
    "pylock": "PyPI",
    "requirements": "PyPI",
    "uv": "PyPI",
    "yarn": "npm",
}


GRAPHS = frozenset({"cargo", "gomod", "npm", "pdm", "pnpm", "poetry", "uv", "yarn"})
"""Formats that say who asks for whom: their modules have `graph(file)`."""

KNOWS_DEV = frozenset({"npm", "pdm", "pipfile", "poetry"})
"""Formats whose groups part development from production for every entry, asked for or not."""


def format_of(path: str) -> str:
    """The format that reads this path, or an empty string. `requirements/base.txt` counts by its folder."""
    folder, _, name = path.rpartition("/")
    if found := NAMES.get(name) or databases.format_of(path):
        return found
    if not name.endswith((".txt", ".toml")):
        return ""
    for pattern, module in PATTERNS.items():
        if fnmatchcase(name, pattern):
            return module
    return "requirements" if folder.rpartition("/")[2] == "requirements" and name.endswith(".txt") else ""


def extractor(name: str) -> Extract:
    found: Extract = load(f"{_HERE}.{name}:extract")
    return found


def grapher(name: str) -> Callable[[File], Graph]:
    found: Callable[[File], Graph] = load(f"{_HERE}.{name}:graph")
    return found
