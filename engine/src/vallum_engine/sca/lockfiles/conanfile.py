"""Conan's plain manifest, `conanfile.txt`: sections of references, one a line. A range is listed without a version."""

import re
from collections.abc import Iterator

from vallum_engine.model.file import File
from vallum_engine.model.finding import Location
from vallum_engine.model.package import Package
from vallum_engine.sca.lockfiles.conan import named
from vallum_engine.sca.lockfiles.entry import Entry, Gap, broken, text_of

TODO = "See https://docs.conan.io/2/reference/conanfile_txt.html."
_SECTIONS = {"requires": (), "build_requires": ("build",), "tool_requires": ("build",), "test_requires": ("test",)}
_RANGE = re.compile(r"([^/\s@#\[\]]+)/(\[[^\[\]]*\]).*")


def extract(file: File) -> Iterator[Entry]:
    """Yield every package that is asked for. Raises BrokenData."""
    section = ""
    for number, raw in enumerate(text_of(file, TODO).split("\n"), 1):
        line = raw.partition(" #")[0].strip()
        if not line or line.startswith("#"):
            continue
        if line.startswith("[") and line.endswith("]"):
            section = line[1:-1]
        elif not section:
            raise broken(number, "a line before the first section", TODO)
        elif section in _SECTIONS:
            ranged = _RANGE.fullmatch(line)
            found = (ranged[1], "") if ranged else named(line)
            if not found:
                yield Gap(line=number, readable=False)
                continue
            name, version = found
            yield Package(
                ecosystem="ConanCenter",
                name=name,
                version=version,
                location=Location(path=file.path, line=number, end_line=number),
                direct=True,
                groups=_SECTIONS[section],
                requested=ranged[2] if ranged else version,
            )
