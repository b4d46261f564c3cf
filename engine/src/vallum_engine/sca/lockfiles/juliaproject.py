"""Julia: `Project.toml`, the manifest: `deps` by identity, `compat` with their ranges, `extras` for tests."""

import re
from collections.abc import Iterator

from vallum_engine.model.file import File
from vallum_engine.model.finding import Location
from vallum_engine.model.package import Package
from vallum_engine.sca.lockfiles.entry import Entry, Member
from vallum_engine.sca.lockfiles.located_toml import document, places

TODO = "Mend it: Julia cannot read it either."
_EXACT = re.compile(r"=\s*(\d+\.\d+\.\d+[0-9A-Za-z.+-]*)", re.ASCII)


def extract(file: File) -> Iterator[Entry]:
    """Yield what the project asks for. Raises BrokenData."""
    data, text = document(file, TODO)
    if isinstance(data.get("name"), str):
        yield Member(name=data["name"])
    compat = data.get("compat")
    ranges = compat if isinstance(compat, dict) else {}
    located = places(text)
    seen: set[str] = set()
    for section, groups in (("deps", ()), ("weakdeps", ("optional",)), ("extras", ("dev",))):
        found, lines = data.get(section), located.get(section, {})
        for name in found if isinstance(found, dict) else ():
            if name in seen:
                continue
            seen.add(name)
            asked, line = str(ranges.get(name, "*")), lines.get(name, 1)
            exact = _EXACT.fullmatch(asked.strip())
            yield Package(
                ecosystem="Julia",
                name=name,
                version=exact[1] if exact else "",
                location=Location(path=file.path, line=line, end_line=line),
                direct=True,
                groups=groups,
                requested=asked,
            )
