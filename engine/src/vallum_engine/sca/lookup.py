"""What a package is looked up by: an ecosystem's advisories name it, or the source package that a distribution built it from."""

import re
from collections.abc import Callable
from operator import attrgetter

from vallum_engine.model.distributions import FAMILIES, family
from vallum_engine.model.naming import normalised
from vallum_engine.model.package import Package

ANY_STREAM = "?"
"""Stands for the stream of a module that an advisory does not name."""


_CASELESS = frozenset({"GitHub Actions", "Hex", "NuGet", "Packagist", "Pub"})
_SCHEME = re.compile(r"(?:[a-z+]+://)?(?:[^@/]+@)?", re.IGNORECASE)


def named(package: Package) -> tuple[str, str]:
    """Name and version as advisories have them."""
    return namer(package.ecosystem)(package)


def namer(ecosystem: str) -> Callable[[Package], tuple[str, str]]:
    """The same for many packages of one ecosystem."""
    own = FAMILIES.get(family(ecosystem))
    if own is None and ecosystem == "PyPI":
        return lambda package: (normalised(ecosystem, package.name), package.version)
    if own is None or own.binary:
        return attrgetter("name", "version")
    return lambda package: (package.source or package.name, package.source_version or package.version)


def caller(ecosystem: str) -> Callable[[Package], tuple[str, str, str]]:
    """The same with the module, of many packages of one ecosystem: most are called what they are, which costs nothing to ask."""
    named = namer(ecosystem)
    if isinstance(named, attrgetter):
        return attrgetter("name", "version", "module")
    return lambda package: (*named(package), package.module)


def keyed(ecosystem: str, name: str, module: str = "") -> str:
    """What an advisory database has a package under, whose name is in its normal form.

    Streams of a module are called alike, and are not one package. Some registries know no case, and a Swift package is its
    repository, however that is addressed.
    """
    return keyer(ecosystem)(name, module)


def keyer(ecosystem: str) -> Callable[[str, str], str]:
    """The same for many packages of one ecosystem."""
    of = family(ecosystem)
    if of in _CASELESS:
        return lambda name, module: _in_module(name.lower(), module)
    if of == "SwiftURL":
        return lambda name, module: _in_module(_repository(name), module)
    return _in_module


def _in_module(name: str, module: str) -> str:
    return f"{module}/{name}" if module else name


def _repository(name: str) -> str:
    return _SCHEME.sub("", name, count=1).rstrip("/").removesuffix(".git").lower()
