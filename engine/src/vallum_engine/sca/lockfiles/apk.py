"""Alpine's apk: `lib/apk/db/installed`, one letter a field, a blank line between packages.

https://wiki.alpinelinux.org/wiki/Apk_spec. Advisories speak of the origin (`o:`), the package that the sources are of.
"""

from collections.abc import Iterator

from vallum_engine.model.file import File
from vallum_engine.model.finding import Location
from vallum_engine.model.package import Package
from vallum_engine.sca.lockfiles.entry import Entry, broken, licence_of, text_of

TODO = "Mend apk's database (`apk fix`), or build the image anew."


def extract(file: File) -> Iterator[Entry]:
    """Yield every installed package. Raises BrokenData."""
    fields: dict[str, str] = {}
    start = 0
    for number, line in enumerate(f"{text_of(file, TODO)}\n\n".split("\n"), 1):
        if not line.strip():
            if fields.get("P") and fields.get("V"):
                yield _package(file, start, fields)
            fields, start = {}, 0
        elif line[1:2] != ":":
            raise broken(number, "no field of apk's database", TODO)
        else:
            start = start or number
            # A package's own fields stand before its files, whose `M:` and `a:` mean something else.
            fields.setdefault(line[0], line[2:].strip())


def _package(file: File, line: int, fields: dict[str, str]) -> Package:
    name, origin = fields["P"], fields.get("o", "")
    return Package(
        ecosystem="Alpine",
        name=name,
        version=fields["V"],
        location=Location(path=file.path, line=line, end_line=line),
        source="" if origin == name else origin,
        arch=fields.get("A", ""),
        licence=licence_of(fields.get("L")),
    )
