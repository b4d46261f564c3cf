"""Gradle: version catalogues, `gradle/libs.versions.toml`. They name what builds may use; bundles and plug-ins are left out.

https://docs.gradle.org/current/userguide/version_catalogs.html. A range has no version here.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from vallum_engine.model.file import File
from vallum_engine.model.finding import Location
from vallum_engine.model.package import Package
from vallum_engine.sca.lockfiles.entry import Entry, broken, mapping
from vallum_engine.sca.lockfiles.located_toml import document, places

TODO = "See `gradle help`, which reads the catalogue."
_RICH = ("strictly", "require", "prefer")
_EXACT = re.compile(r"(?=\D*\d)[^\s\[\](),+]+")


def extract(file: File) -> Iterator[Entry]:
    """Yield every library. Raises BrokenData."""
    data, text = document(file, TODO)
    libraries, versions = mapping(data.get("libraries")), mapping(data.get("versions"))
    lines = places(text).get("libraries", {})
    for alias, library in libraries.items():
        line = lines.get(alias.partition(".")[0], lines.get(alias, 1))
        name, version = _named(library, versions)
        if name.count(":") != 1 or name.startswith(":") or name.endswith(":"):
            raise broken(line, f"the library {alias!r} has no group and name", TODO)
        yield Package(
            ecosystem="Maven",
            name=name,
            version=version if _EXACT.fullmatch(version) else "",
            location=Location(path=file.path, line=line, end_line=line),
            requested=" ".join(version.split()),
        )


def _named(library: object, versions: Mapping[str, Any]) -> tuple[str, str]:
    """`group:name` and a version, from a string `group:name:version` or a table."""
    if isinstance(library, str):
        group, _, rest = library.partition(":")
        name, _, version = rest.partition(":")
        return f"{group}:{name}", version
    table = mapping(library)
    module = table.get("module") or f"{table.get('group', '')}:{table.get('name', '')}"
    version = table.get("version", "")
    if isinstance(version, dict) and isinstance(version.get("ref"), str):
        version = versions.get(version["ref"], "")
    return str(module), _plain(version)


def _plain(version: object) -> str:
    if isinstance(version, str):
        return version
    rich = mapping(version)
    return next((rich[key] for key in _RICH if isinstance(rich.get(key), str)), "")
