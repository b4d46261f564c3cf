"""Whose code is whose: from the folders of lockfiles to the files that they speak for."""

import re
from collections.abc import Iterable, Mapping, Sequence

_INSTALLED = re.compile(r"(?:^|/)(?:site-packages|dist-packages|node_modules)/.*")
_ENVIRONMENT = re.compile(r"(?:^|/)(?:[^/]*venv[^/]*|env|lib(?:64)?|python[\d.]+|usr|local|opt|Lib)$")
_ASIDE = re.compile(r"(?:^|/)(?:gradle(?:/dependency-locks)?|requirements|META-INF(?:/.*)?|obj)$")


def folder_of(path: str) -> str:
    """The folder of the project that a lockfile, a manifest or an installed package's metadata belongs to."""
    if found := _INSTALLED.search(path):
        folder = path[: found.start()]
        while inner := _ENVIRONMENT.search(folder):
            folder = folder[: inner.start()]
        return folder
    folder = path.rpartition("/")[0]
    if inner := _ASIDE.search(folder):
        return folder[: inner.start()]
    return folder


class Scopes:
    """The projects of one ecosystem."""

    def __init__(self, listed: Mapping[str, Iterable[str]], sources: Sequence[str]) -> None:
        """`listed` are the packages of each lockfile, `sources` the paths of own code in the ecosystem's language."""
        self._with_code = {folder for path in sources for folder in _above(path)}
        self._folders = {path: self._effective(path) for path in listed}
        self._of_package: dict[str, set[str]] = {}
        for path, packages in listed.items():
            for package in packages:
                self._of_package.setdefault(package, set()).add(self._folders[path])
        self._known: dict[tuple[str, str], str | None] = {}

    def folder(self, lock: str) -> str:
        """The folder whose code a lockfile is for: its own, or the first above it that has code."""
        return self._folders[lock]

    def has_code(self, folder: str) -> bool:
        return folder in self._with_code

    def folder_of(self, package: str, path: str) -> str | None:
        """The nearest folder around a file that has the package by its lockfile; None where none has."""
        own = self._of_package.get(package)
        if not own:
            return None
        folder = path.rpartition("/")[0]
        key = (package, folder)
        if key not in self._known:
            self._known[key] = next((above for above in _around(folder) if above in own), None)
        return self._known[key]

    def _effective(self, path: str) -> str:
        folder = folder_of(path)
        while folder and folder not in self._with_code:
            folder = folder.rpartition("/")[0]
        return folder


def _around(folder: str) -> Iterable[str]:
    """The folder and those above it, the nearest first; the top is empty."""
    while folder:
        yield folder
        folder = folder.rpartition("/")[0]
    yield ""


def _above(path: str) -> Iterable[str]:
    return _around(path.rpartition("/")[0])


def within(path: str, folder: str) -> bool:
    return not folder or path.startswith(folder + "/")
