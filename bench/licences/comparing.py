"""What a package declares beside what `vallum licences` makes of its files alone, both as SPDX expressions."""

import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from bench.measure import ROOT
from vallum_engine.licenses.expression import All, Expression, Term, parse, terms
from vallum_engine.licenses.files import is_licence
from vallum_engine.licenses.words import KNOWN_REFERENCES

_CODES = frozenset({0, 1})
_PYTHON = frozenset({"Python-2.0", "Python-2.0.1"})
_FAMILIES = {
    "LicenseRef-BSD": ("BSD-",),
    "LicenseRef-Public-Domain": ("Unlicense", "CC0-", "0BSD"),
    "GPL-1.0": ("GPL-",),
    "LGPL-2.0": ("LGPL-",),
}
"""What is declared without a number, and which texts it may mean."""


class Outcome(Enum):
    """How far the two agree; the words of the table."""

    UNDECLARED = "declares none"
    UNREAD = "words that nobody can read"
    NO_FILE = "no licence file"
    UNRECOGNISED = "files without a text that is known"
    AGREE = "agree"
    IMPRECISE = "a family is declared, the files say which"
    MORE = "the files hold more"
    FEWER = "the files hold fewer"
    OTHER = "the files hold others"
    JOINED = "the same, joined otherwise"


COMPARED = (Outcome.AGREE, Outcome.IMPRECISE, Outcome.MORE, Outcome.FEWER, Outcome.OTHER, Outcome.JOINED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    name: str
    version: str
    declared: str
    found: str
    outcome: Outcome

    @property
    def key(self) -> tuple[str, str, str, str]:
        return self.name, self.version, self.declared, self.found


def compared(folder: Path, environment: Mapping[str, str]) -> list[Compared]:
    """Each package below the folder, as the command tells it."""
    command = (str(ROOT / ".venv" / "bin" / "vallum"), "licences", "--no-ignore", "--format", "json", str(folder))
    ran = subprocess.run(command, check=False, capture_output=True, env=dict(environment))
    if ran.returncode not in _CODES:
        raise SystemExit(f"{' '.join(command)} ended with {ran.returncode}:\n{ran.stderr.decode()[-2000:]}")
    packages = json.loads(ran.stdout)["packages"]
    return sorted((_compared(package, folder) for package in packages), key=lambda one: one.key)


def _compared(package: Mapping[str, Any], folder: Path) -> Compared:
    declared, found = package["declared_expression"], package["found"]
    return Compared(
        name=package["name"],
        version=package["version"],
        declared=declared or package["declared"],
        found=found,
        outcome=_outcome(declared, found, (folder / package["file"]).parent),
    )


def _outcome(declared: str, found: str, place: Path) -> Outcome:
    if not declared:
        return Outcome.UNDECLARED
    own = parse(declared)
    if any(term.id.startswith("LicenseRef-") and term.id not in KNOWN_REFERENCES for term in terms(own)):
        return Outcome.UNREAD
    if not found:
        files = (path.relative_to(place.parent).as_posix() for path in place.rglob("*"))
        return Outcome.UNRECOGNISED if any(map(is_licence, files)) else Outcome.NO_FILE
    return difference(own, parse(found))


def difference(own: Expression, lies: Expression) -> Outcome:
    """Both without what no text can say, and in one order."""
    if normal(own) == normal(lies):
        return Outcome.AGREE
    declared, held = ({_name(term) for term in terms(one)} for one in (own, lies))
    meant = {name: _FAMILIES[name] for name in declared if name in _FAMILIES}
    if meant and all(name in declared or _is_meant(name, meant) for name in held):
        return Outcome.IMPRECISE if all(name in held or name in meant for name in declared) else Outcome.FEWER
    if declared == held:
        return Outcome.JOINED
    return Outcome.MORE if held > declared else Outcome.FEWER if held < declared else Outcome.OTHER


def _is_meant(name: str, meant: Mapping[str, tuple[str, ...]]) -> bool:
    return any(name.startswith(beginnings) for beginnings in meant.values())


def normal(expression: Expression) -> object:
    """Its parts without their order."""
    if isinstance(expression, Term):
        return _name(expression)
    kind = "AND" if isinstance(expression, All) else "OR"
    return kind, frozenset(normal(part) for part in expression.parts)


def _name(term: Term) -> str:
    """No text says whether later versions may be chosen; Python's licence has three names for one text and its parts."""
    name = term.id.removesuffix("-only").removesuffix("-or-later")
    return ("PSF-2.0" if name in _PYTHON else name) + (f" WITH {term.exception}" if term.exception else "")
