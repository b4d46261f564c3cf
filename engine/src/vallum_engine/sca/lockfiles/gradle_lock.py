"""Gradle: `gradle.lockfile`, `buildscript-gradle.lockfile` and the older `gradle/dependency-locks/*.lockfile`.

https://docs.gradle.org/current/userguide/dependency_locking.html. A line is `group:name:version=configuration,…`; what
only tests' configurations have is for tests, and what a build script has is for the build.
"""

import re
from collections.abc import Iterator

from vallum_engine.model.file import File
from vallum_engine.model.finding import Location
from vallum_engine.model.package import Package
from vallum_engine.sca.lockfiles.entry import Entry, broken, text_of

TODO = "Write the lockfile anew with `gradle dependencies --write-locks`."
_LINE = re.compile(r"([^\s:=]+:[^\s:=]+):([^\s:=]+)(?:=(.*))?")


def extract(file: File) -> Iterator[Entry]:
    """Yield every locked package. Raises BrokenData."""
    name = file.path.rpartition("/")[2]
    for number, raw in enumerate(text_of(file, TODO).split("\n"), 1):
        line = raw.strip()
        if not line or line.startswith(("#", "empty=")):
            continue
        found = _LINE.fullmatch(line)
        if not found:
            raise broken(number, "not `group:name:version=configurations`", TODO)
        configurations = (found[3] or name.removesuffix(".lockfile")).split(",")
        yield Package(
            ecosystem="Maven",
            name=found[1],
            version=found[2],
            location=Location(path=file.path, line=number, end_line=number),
            groups=_groups(name, configurations),
        )


def _groups(name: str, configurations: list[str]) -> tuple[str, ...]:
    if name == "buildscript-gradle.lockfile":
        return ("build",)
    return ("test",) if all(one.startswith("test") or "Test" in one for one in configurations) else ()
