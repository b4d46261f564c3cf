"""PDM: `pdm.lock`. What is not in the group `default` is `dev` or optional; folders are left out."""

from collections.abc import Iterator, Mapping
from typing import Any

from vallum_engine.model.file import File
from vallum_engine.model.finding import Location
from vallum_engine.model.package import Package
from vallum_engine.sca.lockfiles.entry import Entry
from vallum_engine.sca.lockfiles.located_toml import document, tables

TODO = "Write the lockfile anew with `pdm lock`."


def extract(file: File) -> Iterator[Entry]:
    """Yield every locked package. Raises BrokenData."""
    data, text = document(file, TODO)
    for entry, line in tables(data, text, "package"):
        if isinstance(entry.get("name"), str) and "path" not in entry:
            yield Package(
                ecosystem="PyPI",
                name=entry["name"],
                version=str(entry.get("version", "")),
                location=Location(path=file.path, line=line, end_line=line),
                groups=_groups(entry),
                commit=str(entry.get("revision", "")),
            )


def _groups(entry: Mapping[str, Any]) -> tuple[str, ...]:
    named = entry.get("groups")
    groups = {str(group) for group in named} if isinstance(named, list) else {"default"}
    if "default" in groups:
        return ()
    return tuple(sorted({"dev" if group == "dev" else "optional" for group in groups}))
