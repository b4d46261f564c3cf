"""Python: an installed tree. `NAME.dist-info/METADATA` as pip and others write it, `NAME.egg-info` as setuptools did.

https://packaging.python.org/en/latest/specifications/core-metadata/. A licence stands in `License-Expression` (since 2.4), in
`License` as free words or a whole text, and in classifiers, of which it is not said whether one or all of them hold.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from vallum_engine.model.file import File
from vallum_engine.model.finding import Location
from vallum_engine.model.package import Package
from vallum_engine.sca.lockfiles.entry import Entry, broken, licence_of, text_of

TODO = "Install the package anew."
_WANTED = frozenset({"name", "version", "license-expression", "license"})
_SILENT = frozenset({"", "unknown", "none", "n/a", "license", "dual license", "see license"})
"""Licences of old builds that say nothing; their classifiers may."""
_CLASS = "License :: "
_NO_CLASS = frozenset(
    {"License :: OSI Approved", "License :: Freely Distributable", "License :: Other/Proprietary License"}
)
"""Classifiers that name no licence; the last is told where nothing else is."""
_MOST_LINES = 200


def extract(file: File) -> Iterator[Entry]:
    """Yield the package of this folder. Raises BrokenData."""
    said, classifiers = _head(text_of(file, TODO).split("\n"))
    if not all(said.get(key, ("",))[0] for key in ("name", "version")):
        raise broken(1, "no name and version at its head", TODO)
    (name, line), (version, _) = said["name"], said["version"]
    location = Location(path=file.path, line=line, end_line=line)
    licence = _licence({key: value for key, (value, _) in said.items()}, classifiers)
    yield Package(ecosystem="PyPI", name=name, version=version, location=location, licence=licence)


def _head(lines: Iterable[str]) -> tuple[Mapping[str, tuple[str, int]], Sequence[str]]:
    """The wanted fields, each with the line where it first stands, and the classifiers of licences."""
    said: dict[str, tuple[str, int]] = {}
    classifiers: list[str] = []
    licence: list[str] = []
    inside = False
    for number, raw in enumerate(lines, 1):
        # Nothing at all ends the head; spaces alone are a blank line of a folded licence text.
        if not raw.rstrip("\r"):
            break
        if raw[0] in " \t":
            if inside and len(licence) < _MOST_LINES:
                licence.append(raw.strip().removeprefix("|"))
            continue
        name, colon, value = raw.partition(":")
        key, value = name.lower(), value.strip()
        inside = key == "license"
        if colon and key in _WANTED:
            said.setdefault(key, (value, number))
        elif key == "classifier" and value.startswith(_CLASS):
            classifiers.append(value)
    if licence:
        first, number = said["license"]
        said["license"] = (" ".join([first, *licence]), number)
    return said, classifiers


def _licence(said: Mapping[str, str], classifiers: Sequence[str]) -> str:
    if expression := said.get("license-expression"):
        return licence_of(expression)
    words = said.get("license", "")
    if words.lower() not in _SILENT:
        return licence_of(words)
    telling = [name for name in classifiers if name not in _NO_CLASS] or classifiers
    return licence_of([name.rpartition(" :: ")[2] for name in telling], join="; ")
