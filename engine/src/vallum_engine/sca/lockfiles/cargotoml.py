"""Cargo: `Cargo.toml`, the manifest. `=1.2.3` pins; a bare `1.2.3` is a range. Folders and members are left out."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from vallum_engine.model.file import File
from vallum_engine.model.finding import Location
from vallum_engine.model.package import Package
from vallum_engine.sca.lockfiles.entry import Entry, Member, mapping
from vallum_engine.sca.lockfiles.located_toml import document, places

TODO = "Mend it: Cargo cannot read it either."
_SECTIONS: Mapping[str, tuple[str, ...]] = {
    "dependencies": (),
    "build-dependencies": (),
    "dev-dependencies": ("dev",),
    "dev_dependencies": ("dev",),
}
_EXACT = re.compile(r"=\s*(\d+\.\d+\.\d+[0-9A-Za-z.+-]*)", re.ASCII)
_COMMIT = re.compile(r"[0-9a-f]{40}")


def extract(file: File) -> Iterator[Entry]:
    """Yield what the package asks for, on any target, and itself. Raises BrokenData."""
    data, text = document(file, TODO)
    name = mapping(data.get("package")).get("name")
    if isinstance(name, str):
        yield Member(name=name)
    lines = places(text)
    above = mapping(mapping(data.get("workspace")).get("dependencies"))
    yield from _section(file, above, lines.get("workspace.dependencies", {}), ())
    holders = {"": data} | {f"target.{target}.": mapping(own) for target, own in mapping(data.get("target")).items()}
    for prefix, holder in holders.items():
        for section, groups in _SECTIONS.items():
            yield from _section(file, mapping(holder.get(section)), lines.get(f"{prefix}{section}", {}), groups)


def _section(
    file: File, wanted: Mapping[str, Any], lines: Mapping[str, int], groups: tuple[str, ...]
) -> Iterator[Package]:
    for key, how in wanted.items():
        fields: Mapping[str, Any] = how if isinstance(how, dict) else {"version": how}
        if "path" in fields and "version" not in fields:
            continue
        # The range of what the workspace asks for stands in its own table.
        inherited = "workspace" if fields.get("workspace") is True else "*"
        asked = str(fields.get("version") or fields.get("git") or inherited)
        exact, commit = _EXACT.fullmatch(asked.strip()), str(fields.get("rev", ""))
        line = lines.get(key, 1)
        yield Package(
            ecosystem="crates.io",
            name=str(fields.get("package", key)),
            version=exact[1] if exact else "",
            location=Location(path=file.path, line=line, end_line=line),
            direct=True,
            groups=groups,
            commit=commit if _COMMIT.fullmatch(commit) else "",
            requested=asked,
        )
