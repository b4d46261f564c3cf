"""Conda: an installed environment, `conda-meta/*.json`, one file for each package.

Nobody publishes advisories for Conda. Python's packages among them stand in their own `.dist-info` too, and count as PyPI's there.
"""

from collections.abc import Iterator

from vallum_engine.model.file import File
from vallum_engine.model.finding import Location
from vallum_engine.model.package import Package
from vallum_engine.sca.lockfiles.entry import Entry, broken
from vallum_engine.sca.lockfiles.located_json import named

TODO = "Install the environment anew."


def extract(file: File) -> Iterator[Entry]:
    """Yield the package of this file. Raises BrokenData."""
    name, version, line, licence = named(file, TODO)
    if not (name and version):
        raise broken(1, "no name and version", TODO)
    location = Location(path=file.path, line=line, end_line=line)
    yield Package(ecosystem="Conda", name=name, version=version, location=location, licence=licence)
