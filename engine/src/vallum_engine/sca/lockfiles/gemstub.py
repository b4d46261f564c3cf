"""Ruby: an installed tree, `specifications/NAME.gemspec`. RubyGems writes name and version in a comment at its head."""

import re
from collections.abc import Iterator

from vallum_engine.model.file import File
from vallum_engine.model.finding import Location
from vallum_engine.model.package import Package
from vallum_engine.sca.lockfiles.entry import Entry, licence_of, text_of

TODO = "Install the gem anew."
_LICENCES = re.compile(r"^\s*s\.licenses? = (.{1,1000})$", re.MULTILINE)
_STRING = re.compile(r"\"([^\"]*)\"|'([^']*)'")
_STUB = re.compile(r"^# stub: (\S+) (\S+) ", re.MULTILINE)


def extract(file: File) -> Iterator[Entry]:
    """Yield the gem of this file; nothing for one without its comment. Raises BrokenData only for what is no text."""
    text = text_of(file, TODO)
    if stub := _STUB.search(text):
        line = text.count("\n", 0, stub.start()) + 1
        location = Location(path=file.path, line=line, end_line=line)
        said = _LICENCES.search(text)
        licence = licence_of(["".join(parts) for parts in _STRING.findall(said[1])] if said else "")
        yield Package(ecosystem="RubyGems", name=stub[1], version=stub[2], location=location, licence=licence)
