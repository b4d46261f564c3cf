"""Poetry: `poetry.lock`. Groups come from `groups` (Poetry 2) or `category` (Poetry 1); folders are left out."""

from collections.abc import Iterator, Mapping
from typing import Any

from vallum_engine.model.file import File
from vallum_engine.model.finding import Location
from vallum_engine.model.package import Package
from vallum_engine.sca.lockfiles.entry import Entry
from vallum_engine.sca.lockfiles.located_toml import document, tables

TODO = "Write the lockfile anew with `poetry lock`."


def extract(file: File) -> Iterator[Entry]:
    """Yield every locked package. Raises BrokenData."""
    data, text = document(file, TODO)
    for entry, line in tables(data, text, "package"):
        found = entry.get("source")
        source = found if isinstance(found, dict) else {}
        if isinstance(entry.get("name"), str) and source.get("type") != "directory":
            yield Package(
                ecosystem="PyPI",
                name=entry["name"],
                version=str(entry.get("version", "")),
                location=Location(path=file.path, line=line, end_line=line),
                groups=_groups(entry),
                commit=str(source.get("resolved_reference", "")) if source.get("type") == "git" else "",
            )


def _groups(entry: Mapping[str, Any]) -> tuple[str, ...]:
    named = entry.get("groups")
    groups = {str(group) for group in named} if isinstance(named, list) else {str(entry.get("category", "main"))}
    kept = set() if "main" in groups else groups
    if entry.get("optional") is True:
        kept.add("optional")
    return tuple(sorted(kept))
