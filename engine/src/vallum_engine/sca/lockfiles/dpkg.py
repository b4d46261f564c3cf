"""Debian's dpkg: `var/lib/dpkg/status`, and one file for each package in `status.d` where an image has no dpkg.

Advisories speak of source packages, which stand there only where they differ from what is installed.
"""

import re
from collections.abc import Iterator

from vallum_engine.model.file import File
from vallum_engine.model.finding import Location
from vallum_engine.model.package import Package
from vallum_engine.sca.lockfiles.entry import Entry
from vallum_engine.sca.lockfiles.paragraphs import paragraphs

TODO = "Mend dpkg's database (`dpkg --audit`), or build the image anew."
FIELDS = frozenset({"package", "status", "version", "architecture", "source"})
_SOURCE = re.compile(r"([^\s()]+)(?:\s*\(([^\s()]*)\))?")
_GONE = frozenset({"config-files", "not-installed"})


def extract(file: File) -> Iterator[Entry]:
    """Yield what is installed, unpacked or half so: its files are there. Raises BrokenData."""
    for line, fields in paragraphs(file, FIELDS, TODO):
        name, version = fields.get("package", ""), fields.get("version", "")
        state = fields.get("status", "").split()
        if name and version and (not state or state[-1] not in _GONE):
            yield package(file, line, fields)


def package(file: File, line: int, fields: dict[str, str], ecosystem: str = "Debian") -> Package:
    name, version = fields["package"], fields["version"]
    found = _SOURCE.match(fields.get("source", ""))
    source, source_version = (found[1], found[2] or "") if found else ("", "")
    return Package(
        ecosystem=ecosystem,
        name=name,
        version=version,
        location=Location(path=file.path, line=line, end_line=line),
        source="" if source == name else source,
        source_version="" if source_version == version else source_version,
        arch=fields.get("architecture", ""),
    )
