"""What a package is looked up by: an ecosystem's advisories name it, or the source package that a distribution built it from."""

from vallum_engine.model.distributions import FAMILIES, family
from vallum_engine.model.naming import normalised
from vallum_engine.model.package import Package

ANY_STREAM = "?"
"""Stands for the stream of a module that an advisory does not name."""


def named(package: Package) -> tuple[str, str]:
    """Name and version as advisories have them."""
    own = FAMILIES.get(family(package.ecosystem))
    if own is None:
        return normalised(package.ecosystem, package.name), package.version
    if own.binary:
        return package.name, package.version
    return package.source or package.name, package.source_version or package.version


def keyed(name: str, module: str) -> str:
    """The name that an advisory database has it under. Streams of a module are called alike, and are not one package."""
    return f"{module}/{name}" if module else name
