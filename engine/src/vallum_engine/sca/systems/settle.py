"""Which distribution's packages a database lists: its own file does not say, the release file of its root does."""

from collections.abc import Iterable, Iterator, Sequence

from vallum_engine.model.file import File
from vallum_engine.model.package import Package
from vallum_engine.sca.systems import databases, release
from vallum_engine.sca.systems.release import Release
from vallum_engine.values import replace

UNKNOWN = "no etc/os-release beside it says which distribution this is: not checked"


class Systems:
    """The distributions met in one scan, by root: a tree may hold several."""

    def __init__(self) -> None:
        self._releases: dict[str, Release] = {}

    def note(self, file: File) -> bool:
        """Keep what a release file says; whether it is one. `etc/os-release` speaks before the one in `usr/lib`."""
        root = release.root_of(file.path)
        if root is None:
            return False
        found = release.read(file)
        known = self._releases.get(root)
        if found and (known is None or _rank(found.path) > _rank(known.path)):
            self._releases[root] = found
        return True

    def of(self, path: str) -> Release | None:
        """The distribution whose package database is at `path`."""
        return self._releases.get(databases.root_of(path))

    def settled(self, path: str, packages: Sequence[Package]) -> list[Package]:
        """Packages of the database at `path`, each with its distribution's ecosystem."""
        found = self.of(path)
        return [replace(package, ecosystem=found.ecosystem) for package in packages] if found else list(packages)

    def met(self, paths: Iterable[str]) -> list[Release]:
        """The distributions whose package databases are at these paths, each once for each root."""
        found = {databases.root_of(path): self.of(path) for path in sorted(paths) if databases.format_of(path)}
        return [each for each in found.values() if each]

    def unknown(self, paths: Iterable[str]) -> Iterator[str]:
        """Those package databases whose distribution nobody names."""
        return (path for path in paths if databases.format_of(path) and self.of(path) is None)


def _rank(path: str) -> int:
    return next(number for number, tail in enumerate(release.TAILS) if path.endswith(tail))
