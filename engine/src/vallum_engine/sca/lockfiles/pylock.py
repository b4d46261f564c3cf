"""The standard lockfile `pylock.toml`, which pip, PDM and uv write. Folders are left out."""

from collections.abc import Iterator, Mapping
from typing import Any

from vallum_engine.model.file import File
from vallum_engine.model.finding import Location
from vallum_engine.model.package import Package
from vallum_engine.sca.lockfiles.entry import Entry
from vallum_engine.sca.lockfiles.located_toml import document, named

TODO = "Write the lockfile anew with the tool that made it."


def extract(file: File) -> Iterator[Entry]:
    """Yield every locked package. Raises BrokenData."""
    data, text = document(file, TODO)
    for entry, line in named(data, text, "packages", TODO):
        if "directory" not in entry:
            yield Package(
                ecosystem="PyPI",
                name=entry["name"],
                version=str(entry.get("version", "")),
                location=Location(path=file.path, line=line, end_line=line),
                commit=_commit(entry),
            )


def _commit(entry: Mapping[str, Any]) -> str:
    found = entry.get("vcs")
    return str(found.get("commit-id", "")) if isinstance(found, dict) else ""
