"""Gleam: `gleam.toml`, the manifest. Every range is a wish: Gleam knows no exact ones but `== 1.2.3`."""

import re
from collections.abc import Iterator, Mapping

from vallum_engine.model.file import File
from vallum_engine.model.finding import Location
from vallum_engine.model.package import Package
from vallum_engine.sca.lockfiles.entry import Entry, Member
from vallum_engine.sca.lockfiles.located_toml import document, places

TODO = "Mend it: Gleam cannot read it either."
_SECTIONS: Mapping[str, tuple[str, ...]] = {
    "dependencies": (),
    "dev-dependencies": ("dev",),
    "dev_dependencies": ("dev",),
}
_EXACT = re.compile(r"\s*(?:==\s*)?(\d+\.\d+\.\d+[0-9A-Za-z.+-]*)\s*", re.ASCII)


def extract(file: File) -> Iterator[Entry]:
    """Yield what the project asks for, but for folders. Raises BrokenData."""
    data, text = document(file, TODO)
    if isinstance(data.get("name"), str):
        yield Member(name=data["name"])
    located = places(text)
    for section, groups in _SECTIONS.items():
        found, lines = data.get(section), located.get(section, {})
        for name, wanted in found.items() if isinstance(found, dict) else ():
            if isinstance(wanted, dict) and "path" in wanted:
                continue
            asked = str(wanted.get("version", wanted.get("git", "")) if isinstance(wanted, dict) else wanted)
            exact, line = _EXACT.fullmatch(asked), lines.get(name, 1)
            yield Package(
                ecosystem="Hex",
                name=name,
                version=exact[1] if exact else "",
                location=Location(path=file.path, line=line, end_line=line),
                direct=True,
                groups=groups,
                requested=asked or "*",
            )
