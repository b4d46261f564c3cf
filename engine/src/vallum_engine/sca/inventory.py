"""What one file names, sorted by kind and held to limits."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from vallum_engine.errors import BrokenData
from vallum_engine.model.package import Package
from vallum_engine.sca.lockfiles.entry import MAX_ENTRIES, MAX_NAME, Entry, Gap, Left, Reference, broken


@dataclass(slots=True)
class Taken:
    """What one file names."""

    packages: list[Package] = field(default_factory=list)
    references: list[Reference] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    left: list[Left] = field(default_factory=list)


def taken_of(entries: Iterable[Entry]) -> Taken:
    """Sort one file's entries. Raises BrokenData for too many, and for names that nobody could have published."""
    taken = Taken()
    for entry in entries:
        match entry:
            case Package():
                taken.packages.append(_plain(entry))
            case Reference():
                taken.references.append(entry)
            case Gap():
                taken.gaps.append(entry)
            case Left():
                taken.left.append(entry)
        if len(taken.packages) > MAX_ENTRIES:
            raise BrokenData(f"More than {MAX_ENTRIES:,} packages. Split the lockfile or leave the file out.")
    return taken


def _plain(package: Package) -> Package:
    """Refuse names that could not have been published: they end up in reports, terminals and commands."""
    if not (package.name + package.version).isprintable() or len(package.name) + len(package.version) > MAX_NAME:
        raise broken(package.location.line, "a package name or version that is too long or not printable", "Mend it.")
    return package
