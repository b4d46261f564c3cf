"""A package as a lockfile, manifest or package database names it."""

from typing import NamedTuple

from vallum_engine.model.finding import Location, PackageRef
from vallum_engine.model.naming import purl
from vallum_engine.values import immutable


@immutable
class Package:
    """One entry of an inventory. `ecosystem` is the OSV name (`npm`, `PyPI`), of a system package with its release (`Debian:12`)."""

    ecosystem: str
    name: str
    version: str
    location: Location
    direct: bool | None = None
    """True when the project itself asks for it, None when the file does not say."""
    groups: tuple[str, ...] = ()
    """`dev`, `optional`, … as the file names them; empty means it is needed at run time."""
    commit: str = ""
    requested: str = ""
    """The range that a manifest or an unpinned line asks for, as it is written there: a wish, never compared as a version."""
    source: str = ""
    """The source package that a distribution built it from; empty where it is the package's own name."""
    source_version: str = ""
    """The source package's version; empty where it is the package's own."""
    arch: str = ""
    """The architecture it was built for, in the distribution's word (`amd64`, `x86_64`, `noarch`)."""
    module: str = ""
    """Of an rpm package the module and stream that it is from (`nodejs:18`)."""
    licence: str = ""
    """What it declares of its licence, in its own words (`MIT`, `Apache 2`, `SEE LICENSE IN EULA`); several joined by `OR` or `;`."""
    licence_expression: str = ""
    """The same as an SPDX expression; empty where nobody was asked to work it out."""
    licence_found: str = ""
    """What the licence files that lie with it say, as an SPDX expression; empty where none was read."""

    @property
    def ref(self) -> PackageRef:
        """What a report calls it, without how it came in."""
        return PackageRef(
            purl=purl(self.ecosystem, self.name, self.version, arch=self.arch),
            ecosystem=self.ecosystem,
            name=self.name,
            version=self.version,
        )


class Listed(NamedTuple):
    """An entry of an inventory, and how it came in."""

    package: Package
    ref: PackageRef
