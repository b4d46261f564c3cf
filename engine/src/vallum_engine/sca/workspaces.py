"""Which lockfile answers which manifest: the one beside it, or one above whose workspace it is a member of."""

from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase

from vallum_engine.model.package import Package
from vallum_engine.sca.lockfiles import MANIFESTS
from vallum_engine.sca.lockfiles.entry import Asking, Member

MOST_PATTERNS = 200
"""Patterns of members that are looked at in one folder; workspaces have a handful."""

DEV = "dev"
"""The group of what a manifest asks for to develop with."""

PEER = "peer"
"""The group of what somebody else is to bring."""


class Workspaces:
    """The files of a scan by folder, and the projects that each speaks of."""

    def __init__(self) -> None:
        self._forms: dict[str, str] = {}
        self._folders: dict[str, list[str]] = {}
        self._members: dict[str, Sequence[Member]] = {}

    def add(self, path: str, form: str, members: Sequence[Member]) -> None:
        self._forms[path] = form
        self._folders.setdefault(_folder(path), []).append(path)
        if members:
            self._members[path] = members

    def of_folder(self, folder: str) -> Sequence[str]:
        return self._folders.get(folder, ())

    def lock_of(self, manifest: str) -> str:
        """The lockfile that answers a manifest; empty where none does."""
        locks = MANIFESTS[self._forms[manifest]].locks
        own = folder = _folder(manifest)
        while True:
            found = sorted(path for path in self.of_folder(folder) if self._forms[path] in locks)
            if found and (folder == own or self._is_member(manifest, folder, locks)):
                return found[0]
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
        return Asking(folder=_below(own, above), name=self._name(manifest) or own, wants=tuple(wants), dev=tuple(dev))

    def _name(self, manifest: str) -> str:
        return next((member.name for member in self._members.get(manifest, ()) if member.name), "")

    def _is_member(self, manifest: str, folder: str, locks: frozenset[str]) -> bool:
        """Whether a file in `folder`, a lockfile or the workspace's own manifest, names the project of this manifest."""
        name, place = self._name(manifest), _below(_folder(manifest), folder)
        kinds = locks | {self._forms[manifest]}
        left = MOST_PATTERNS
        for path in self.of_folder(folder):
            if self._forms[path] not in kinds:
                continue
            for member in self._members.get(path, ()):
                if member.folder and member.folder == place:
                    return True
                if member.name and member.name == name and self._forms[path] in locks:
                    return True
                if "*" in member.folder and left:
                    left -= 1
                    if _matches(member.folder.split("/"), place.split("/")):
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
