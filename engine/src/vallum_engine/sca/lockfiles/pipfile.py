"""Pipenv: `Pipfile.lock`. Every section but `_meta` is a group; `default` is what runs."""

from collections.abc import Iterator

from vallum_engine.model.file import File
from vallum_engine.model.finding import Location
from vallum_engine.model.package import Package
from vallum_engine.sca.lockfiles.entry import Entry, broken
from vallum_engine.sca.lockfiles.located_json import Cursor

TODO = "Write the lockfile anew with `pipenv lock`."
_GROUPS = {"default": (), "develop": ("dev",)}


def extract(file: File) -> Iterator[Entry]:
    """Yield every locked package. Raises BrokenData."""
    cursor = Cursor(file, TODO)
    if cursor.blank:
        return
    for section, _ in cursor.members():
        if section != "_meta":
            yield from _section(file, cursor, _GROUPS.get(section, (section,)))
    cursor.finish()


def _section(file: File, cursor: Cursor, groups: tuple[str, ...]) -> Iterator[Entry]:
    for name, line in cursor.members():
        entry = cursor.value()
        if not isinstance(entry, dict):
            raise broken(line, f"the entry {name!r} is not an object", TODO)
        version, ref = entry.get("version"), entry.get("ref")
        if entry.get("path") is None:
            yield Package(
                ecosystem="PyPI",
                name=name,
                version=version.lstrip("= ") if isinstance(version, str) else "",
                location=Location(path=file.path, line=line, end_line=line),
                groups=groups,
                commit=ref if isinstance(ref, str) else "",
            )
