"""What a package declares and what lies with it, put together: expressions, where the two differ, and what is judged."""

from collections.abc import Mapping, Sequence
from functools import lru_cache

from vallum_engine.licenses import words
from vallum_engine.licenses.choices import together
from vallum_engine.licenses.expression import Expression, Term, every, parse, terms
from vallum_engine.licenses.files import Said, folders, owner
from vallum_engine.model.naming import normalised
from vallum_engine.model.package import Package
from vallum_engine.values import replace

UNTOLD = Term(id="NOASSERTION")
_PYTHON = frozenset({"PSF-2.0", "Python-2.0", "Python-2.0.1"})
"""Python's own licence and its parts: packages name one and carry the text of another."""


def settled(packages: Sequence[Package], said: Sequence[Said]) -> list[Package]:
    """The packages with `licence_expression` and `licence_found`; one that is told of elsewhere in the scan learns it from there."""
    at = folders(packages)
    with_it: dict[int, list[Said]] = {}
    for one in sorted(said, key=lambda one: one.path):
        for position in owner(one.path, at):
            with_it.setdefault(position, []).append(one)
    told = [_told(package, with_it.get(position, ())) for position, package in enumerate(packages)]
    telling = sorted((package for package in told if package.licence_expression or package.licence_found), key=_telling)
    known = {_key(package): package for package in telling}
    return [_learnt(package, known) for package in told]


def _telling(package: Package) -> bool:
    """Last, and so kept, is one that files lie with."""
    return bool(package.licence_found)


def _told(package: Package, said: Sequence[Said]) -> Package:
    declared = words.read(package.licence)
    found = together(said)
    if said and "/usr/share/doc/" in f"/{said[0].path}":
        # A distribution's own word on its package, which its database has no place for.
        return replace(package, licence_expression=str(found or ""), licence=package.licence or str(found or ""))
    return replace(
        package,
        licence_expression=str(declared.expression) if declared else "",
        licence_found=str(found) if found else "",
    )


def _key(package: Package) -> tuple[str, str, str]:
    return package.ecosystem, normalised(package.ecosystem, package.name), package.version


def _learnt(package: Package, known: Mapping[tuple[str, str, str], Package]) -> Package:
    """What neither its file nor its folder says of it."""
    other = known.get(_key(package)) if package.version else None
    if other is None or other is package:
        return package
    said = package if package.licence_expression else other
    return replace(
        package,
        licence=said.licence,
        licence_expression=said.licence_expression,
        licence_found=package.licence_found or other.licence_found,
    )


def declared(package: Package) -> Expression | None:
    return _parsed(package.licence_expression) if package.licence_expression else None


def found(package: Package) -> Expression | None:
    return _parsed(package.licence_found) if package.licence_found else None


@lru_cache(maxsize=4096)
def _parsed(text: str) -> Expression:
    return parse(text)


def judged(package: Package) -> Expression:
    """The expression to be judged: what is declared, and what its files hold beyond that."""
    own, lies = declared(package), found(package)
    if own is None or own == UNTOLD:
        return lies or UNTOLD
    if lies is None:
        return own
    if not any(_is_known(term) for term in terms(own)):
        return lies
    more = beyond(own, lies)
    return every([own, *more]) if more else own


def beyond(own: Expression, lies: Expression) -> tuple[Term, ...]:
    """The licences of the files that are not among those declared."""
    names = {_plain(term) for term in terms(own)}
    if "LicenseRef-BSD" in names:
        names |= {_plain(term) for term in terms(lies) if term.id.startswith("BSD-")}
    if names & _PYTHON:
        names |= _PYTHON
    if any(name.startswith("LGPL-3.0") for name in names):
        names.add("GPL-3.0")
    return tuple(dict.fromkeys(term for term in terms(lies) if _plain(term) not in names))


def differing(package: Package) -> tuple[Term, ...]:
    """The licences that its files hold beyond what it declares, where somebody can read what it declares."""
    own, lies = declared(package), found(package)
    if own is None or lies is None or not any(_is_known(term) for term in terms(own)):
        return ()
    return beyond(own, lies)


def _plain(term: Term) -> str:
    """A text does not say whether later versions may be chosen too."""
    return term.id.removesuffix("-only").removesuffix("-or-later")


def _is_known(term: Term) -> bool:
    return not term.id.startswith("LicenseRef-") or term.id in words.KNOWN_REFERENCES
