"""A package as a lockfile, manifest or package database names it."""

from dataclasses import dataclass

from vallum_engine.model.finding import Location


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """One entry of an inventory. `ecosystem` is the OSV name (`npm`, `PyPI`, `Go`, `crates.io`)."""

    ecosystem: str
    name: str
    version: str
    location: Location
    direct: bool | None = None
    """True when the project itself asks for it, None when the file does not say."""
    groups: tuple[str, ...] = ()
    """`dev`, `optional`, … as the file names them; empty means it is needed at run time."""
    commit: str = ""
