"""Which lockfile answers which manifest: the one beside it, or one above whose workspace it is a member of."""

from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase

from vallum_engine.model.package import Package
from vallum_engine.sca.lockfiles import MANIFESTS
from vallum_engine.sca.lockfiles.entry import Asking, Member
from vallum_engine.values import made, mutable

MOST_PATTERNS = 200
"""Patterns of members that one folder's files of a format may have; workspaces have a handful."""

DEV = "dev"
"""The group of what a manifest asks for to develop with."""

PEER = "peer"
"""The group of what somebody else is to bring."""


@mutable
class _Said:
    """What the files of one format say in one folder."""

    first: str
    """The first of them by its path."""
    folders: set[str] = made(factory=set)
    names: set[str] = made(factory=set)
    patterns: list[str] = made(factory=list)


class Workspaces:
    """The files of a scan by folder, and the projects that each speaks of."""

    def __init__(self) -> None:
        self._forms: dict[str, str] = {}
        self._folders: dict[str, list[str]] = {}
        self._names: dict[str, str] = {}
        self._said: dict[tuple[str, str], _Said] = {}

    def add(self, path: str, form: str, members: Iterable[Member]) -> None:
        folder = _folder(path)
        self._forms[path] = form
        self._folders.setdefault(folder, []).append(path)
        said = self._said.setdefault((folder, form), _Said(first=path))
        said.first = min(said.first, path)
        for member in members:
            if member.name:
                self._names.setdefault(path, member.name)
                said.names.add(member.name)
            if member.folder:
                said.folders.add(member.folder)
            if "*" in member.folder and len(said.patterns) < MOST_PATTERNS:
                said.patterns.append(member.folder)

    def of_folder(self, folder: str) -> Sequence[str]:
        return self._folders.get(folder, ())

    def lock_of(self, manifest: str) -> str:
        """The lockfile that answers a manifest; empty where none does."""
        locks = MANIFESTS[self._forms[manifest]].locks
        own = folder = _folder(manifest)
        while True:
            found = [self._said[folder, form].first for form in locks if (folder, form) in self._said]
            if found and (folder == own or self._is_member(manifest, folder, locks)):
                return min(found)
            if not folder:
                return ""
            folder = _folder(folder)

    def asking(self, manifest: str, lock: str, packages: Iterable[Package]) -> Asking:
        """What the manifest asks for, from where its lockfile is."""
        own, above = _folder(manifest), _folder(lock)
        wants: list[tuple[str, str]] = []
        dev: list[tuple[str, str]] = []
        for package in packages:
            if PEER in package.groups:
                continue
            (dev if DEV in package.groups else wants).append((package.name, package.requested or package.version))
        name = self._names.get(manifest) or own
        return Asking(folder=_below(own, above), name=name, wants=tuple(wants), dev=tuple(dev))

    def _is_member(self, manifest: str, folder: str, locks: frozenset[str]) -> bool:
        """Whether a file in `folder`, a lockfile or the workspace's own manifest, names the project of this manifest."""
        name, place = self._names.get(manifest, ""), _below(_folder(manifest), folder)
        for form in locks | {self._forms[manifest]}:
            said = self._said.get((folder, form))
            if said is None:
                continue
            if place in said.folders or (form in locks and name in said.names):
                return True
            if any(_matches(pattern.split("/"), place.split("/")) for pattern in said.patterns):
                return True
        return False


def _folder(path: str) -> str:
    return path.rpartition("/")[0]


def _below(folder: str, above: str) -> str:
    return folder[len(above) :].lstrip("/")


def _matches(pattern: Sequence[str], parts: Sequence[str]) -> bool:
    """`*` stands for (a part of) one folder, `**` for any number of them; each pair of parts is looked at once."""
    reached = {0}
    for part in pattern:
        if part == "**":
            reached = set(range(min(reached), len(parts) + 1)) if reached else set()
        else:
            reached = {at + 1 for at in reached if at < len(parts) and fnmatchcase(parts[at], part)}
    return len(parts) in reached
