"""Lockfile formats: which file names each reads, and its module by dotted path.

A format is one module with `extract(file)`, one line here, and an example folder in the tests. Where the file says who
asks for whom, the module has `graph(file)` too, and stands in GRAPHS: it is read only for files with something vulnerable.
Where a file needs others of its kind to be understood, the module stands in TOGETHER and has `read(file)` and `join(read)`.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

from vallum_engine.model.file import File
from vallum_engine.model.graph import Graph
from vallum_engine.plugins import load
from vallum_engine.sca.lockfiles.entry import Entry
from vallum_engine.sca.systems import databases

Extract = Callable[[File], Iterable[Entry]]

_HERE = "vallum_engine.sca.lockfiles"

NAMES: Mapping[str, str] = {
    "Cargo.lock": "cargo",
    "Gemfile": "gemspec",
    "Gemfile.lock": "gemfile",
    "Pipfile.lock": "pipfile",
    "composer.json": "composer_json",
    "composer.lock": "composer",
    "gems.locked": "gemfile",
    "gems.rb": "gemspec",
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
    "*.gemspec": "gemspec",
    "*requirements*.txt": "requirements",
    "composer/installed.json": "composer",
    "constraints*.txt": "requirements",
    "pylock.*.toml": "pylock",
    "requirements/*.txt": "requirements",
}
"""Names that only a pattern can say, looked at after the exact ones. `*` stands for no slash; a pattern with slashes asks for
the last folders too. Each ends in a name's ending, so that a walk looks at few of them for a file."""

ECOSYSTEMS: Mapping[str, str] = {
    "apk": "Alpine",
    "cargo": "crates.io",
    "composer": "Packagist",
    "composer_json": "Packagist",
    "dpkg": "Debian",
    "gemfile": "RubyGems",
    "gemspec": "RubyGems",
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


GRAPHS = frozenset({"cargo", "composer", "gemfile", "gomod", "npm", "pdm", "pnpm", "poetry", "uv", "yarn"})
"""Formats that say who asks for whom: their modules have `graph(file)`."""

KNOWS_DEV = frozenset({"composer", "npm", "pdm", "pipfile", "poetry"})
"""Formats whose groups part development from production for every entry, asked for or not."""

TOGETHER: frozenset[str] = frozenset()
"""Formats whose files are understood together at the end of a scan: a parent holds what a child leaves out."""

LOCKED_BY: Mapping[str, tuple[str, ...]] = {
    "composer_json": ("composer.lock",),
    "gemspec": ("Gemfile.lock", "gems.locked"),
    "installed.json": ("../../composer.lock",),
    "package-lock.json": ("npm-shrinkwrap.json",),
}
"""By a file's name, or else its format: files seen from its folder that say the same and more. Beside one, it is not counted."""

UNPUBLISHED: frozenset[str] = frozenset()
"""Ecosystems that nobody publishes advisories for in OSV's form: listed, never matched."""


def _by_ending(patterns: Mapping[str, str]) -> dict[str, list[tuple[str, str]]]:
    found: dict[str, list[tuple[str, str]]] = {}
    for pattern, module in patterns.items():
        found.setdefault(pattern.rpartition(".")[2], []).append((pattern, module))
    return found


_ENDINGS = _by_ending(PATTERNS)


def format_of(path: str) -> str:
    """The format that reads this path, or an empty string."""
    name = path.rpartition("/")[2]
    if found := NAMES.get(name) or databases.format_of(path):
        return found
    for pattern, module in _ENDINGS.get(name.rpartition(".")[2], ()):
        folders = pattern.count("/")
        if fnmatchcase("/".join(path.rsplit("/", folders + 1)[-folders - 1 :]) if folders else name, pattern):
            return module
    return ""


def shadows(path: str) -> Iterator[str]:
    """Where the files would lie that say what this one says, and more."""
    folder, _, name = path.rpartition("/")
    for beside in LOCKED_BY.get(name) or LOCKED_BY.get(format_of(path), ()):
        at, up = folder, beside
        while up.startswith("../") and at:
            at, up = at.rpartition("/")[0], up[3:]
        if not up.startswith("../"):
            yield f"{at}/{up}" if at else up


def extractor(name: str) -> Extract:
    found: Extract = load(f"{_HERE}.{name}:extract")
    return found


def grapher(name: str) -> Callable[[File], Graph]:
    found: Callable[[File], Graph] = load(f"{_HERE}.{name}:graph")
    return found


def reader(name: str) -> Callable[[File], Any]:
    """Of a format in TOGETHER: what one file says, as a value of the format's own. Raises BrokenData."""
    found: Callable[[File], Any] = load(f"{_HERE}.{name}:read")
    return found


def joiner(name: str) -> Callable[[Mapping[str, Any]], Iterable[tuple[str, Entry]]]:
    """Of a format in TOGETHER: from what was read by path to the entries of each path."""
    found: Callable[[Mapping[str, Any]], Iterable[tuple[str, Entry]]] = load(f"{_HERE}.{name}:join")
    return found
