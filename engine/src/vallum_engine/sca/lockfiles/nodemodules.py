"""An installed tree of npm, yarn or pnpm: `node_modules/NAME/package.json`, each of one package as it lies there."""

from collections.abc import Iterator

from vallum_engine.model.file import File
from vallum_engine.model.finding import Location
from vallum_engine.model.package import Package
from vallum_engine.sca.lockfiles.entry import Entry
from vallum_engine.sca.lockfiles.located_json import named

TODO = "Install anew: remove node_modules and run `npm ci`."


def extract(file: File) -> Iterator[Entry]:
    """Yield the package of this folder; nothing for a file without name and version, which is none. Raises BrokenData."""
    name, version, line, licence = named(file, TODO)
    if name and version:
        location = Location(path=file.path, line=line, end_line=line)
        yield Package(ecosystem="npm", name=name, version=version, location=location, licence=licence)
