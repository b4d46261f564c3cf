"""Haskell, Cabal: `cabal.project.freeze`, a list of constraints. `any.name ==1.2` pins; flags and ranges do not."""

import re
from collections.abc import Iterator

from vallum_engine.model.file import File
from vallum_engine.model.finding import Location
from vallum_engine.model.package import Package
from vallum_engine.sca.lockfiles.entry import Entry, text_of

TODO = "Write it anew with `cabal freeze`."
_FIELD = re.compile(r"([A-Za-z][A-Za-z-]*):(.*)")
_PIN = re.compile(r"(?:any\.)?([A-Za-z0-9][A-Za-z0-9-]*)\s*==\s*(\d+(?:\.\d+)*)", re.ASCII)


def extract(file: File) -> Iterator[Entry]:
    """Yield every pinned package. Raises BrokenData for what is no text: the format has no frame."""
    inside = False
    for number, raw in enumerate(text_of(file, TODO).split("\n"), 1):
        line = raw.partition("--")[0]
        if found := _FIELD.match(line):
            inside, line = found[1].lower() == "constraints", found[2]
        elif line[:1] not in {"", " ", "\t", "\r"}:
            inside = False
        for constraint in line.split(",") if inside else ():
            if pin := _PIN.fullmatch(constraint.strip()):
                location = Location(path=file.path, line=number, end_line=number)
                yield Package(ecosystem="Hackage", name=pin[1], version=pin[2], location=location)
