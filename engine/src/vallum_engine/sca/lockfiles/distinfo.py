"""Python: an installed tree. `NAME.dist-info/METADATA` as pip and others write it, `NAME.egg-info` as setuptools did."""

from collections.abc import Iterator

from vallum_engine.model.file import File
from vallum_engine.model.finding import Location
from vallum_engine.model.package import Package
from vallum_engine.sca.lockfiles.entry import Entry, broken, text_of

TODO = "Install the package anew."


def extract(file: File) -> Iterator[Entry]:
    """Yield the package of this folder. Raises BrokenData."""
    said: dict[str, tuple[str, int]] = {}
    for number, raw in enumerate(text_of(file, TODO).split("\n"), 1):
        if not raw.strip():
            break
        name, colon, value = raw.partition(":")
        if colon and name.lower() in {"name", "version"}:
            said.setdefault(name.lower(), (value.strip(), number))
    if len(said) < 2 or not all(value for value, _ in said.values()):
        raise broken(1, "no name and version at its head", TODO)
    (name, line), (version, _) = said["name"], said["version"]
    location = Location(path=file.path, line=line, end_line=line)
    yield Package(ecosystem="PyPI", name=name, version=version, location=location)
