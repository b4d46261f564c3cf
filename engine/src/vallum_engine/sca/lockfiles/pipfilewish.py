"""Pipenv: `Pipfile`, the manifest. `packages` run, `dev-packages` develop, every other table is a category of its own."""

from collections.abc import Iterator, Mapping
from typing import Any

from vallum_engine.model.file import File
from vallum_engine.model.finding import Location
from vallum_engine.model.package import Package
from vallum_engine.sca.lockfiles.entry import Entry
from vallum_engine.sca.lockfiles.located_toml import document, places
from vallum_engine.sca.lockfiles.pep508 import pinned

TODO = "Mend it: Pipenv cannot read it either."
_GROUPS: Mapping[str, tuple[str, ...]] = {"packages": (), "dev-packages": ("dev",)}
_OTHERS = frozenset({"source", "requires", "scripts", "pipenv", "pipfile"})


def extract(file: File) -> Iterator[Entry]:
    """Yield what the project asks for, but for folders. Raises BrokenData."""
    data, text = document(file, TODO)
    located = places(text)
    for table, wanted in data.items():
        if table in _OTHERS or not isinstance(wanted, dict):
            continue
        lines = located.get(table, {})
        for name, how in wanted.items():
            fields: Mapping[str, Any] = how if isinstance(how, dict) else {"version": how}
            if "path" in fields:
                continue
            asked = str(fields.get("version") or fields.get("git") or fields.get("file") or "*")
            line = lines.get(name, 1)
            yield Package(
                ecosystem="PyPI",
                name=name,
                version=pinned(asked) or "",
                location=Location(path=file.path, line=line, end_line=line),
                direct=True,
                groups=_GROUPS.get(table, (table,)),
                requested=asked,
            )
