"""Gradle's build scripts, `build.gradle` and `build.gradle.kts`, read for coordinates that stand there as plain strings.

https://docs.gradle.org/current/userguide/declaring_dependencies.html. They are programs: a variable counts where the file
gives it one string, what is worked out has no version.
"""

import re
from collections.abc import Iterator, Mapping

from vallum_engine.model.file import File
from vallum_engine.model.finding import Location
from vallum_engine.model.package import Package
from vallum_engine.sca.lockfiles.entry import Entry, text_of

TODO = "Save it as UTF-8 text."
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_CALL = re.compile(r"\s*(\w+)[ (]")
_COORDINATES = re.compile(r"[\"']([A-Za-z_][\w.-]*:[\w.-]+)(?::([^:@\"'\s]+))?(?::[\w.-]+)?(?:@\w+)?[\"']")
_NAMED = re.compile(r"\b(group|name|version)\s*[:=]\s*[\"']([^\"']+)[\"']")
_VARIABLE = re.compile(
    r"\s*(?:def|val|var|final\s+\w+|const\s+val|String|ext\.|project\.ext\.)?\s*([\w.]+)\s*=\s*[\"']([^\"'$]+)[\"']"
)
_USE = re.compile(r"\$\{?(?:ext\.|project\.)?([\w.]+)\}?")
_EXACT = re.compile(r"[^\s\[\](),+$]*\d[^\s\[\](),+$]*")
_CONFIGURATION = re.compile(
    r"\w*(?:[iI]mplementation|[aA]pi|[cC]ompile|[cC]ompileOnly|[cC]ompileOnlyApi|[rR]untime|[rR]untimeOnly|classpath"
    r"|[aA]nnotationProcessor|kapt\w*|ksp\w*|provided\w*|developmentOnly|coreLibraryDesugaring)"
)
_BUILD = ("classpath", "annotationProcessor", "kapt", "ksp")


def extract(file: File) -> Iterator[Entry]:
    """Yield every dependency. Raises BrokenData only for what is no text: a program has no frame."""
    text = _COMMENT.sub(lambda found: "\n" * found[0].count("\n"), text_of(file, TODO))
    variables = _variables(text)
    for number, line in enumerate(text.split("\n"), 1):
        call = _CALL.match(line)
        if call and _CONFIGURATION.fullmatch(call[1]) and (found := _dependency(line[call.end() - 1 :])):
            name, version = found[0], _USE.sub(lambda use: variables.get(use[1]) or use[0], found[1])
            yield Package(
                ecosystem="Maven",
                name=name,
                version=version if _EXACT.fullmatch(version) else "",
                location=Location(path=file.path, line=number, end_line=number),
                direct=True,
                groups=_groups(call[1]),
            )


def _variables(text: str) -> Mapping[str, str]:
    """Names that are given one string and no other; of `a.b` the last part goes too."""
    found: dict[str, set[str]] = {}
    for line in text.split("\n"):
        if given := _VARIABLE.match(line):
            for name in {given[1], given[1].rpartition(".")[2]}:
                found.setdefault(name, set()).add(given[2])
    return {name: next(iter(values)) for name, values in found.items() if len(values) == 1}


def _dependency(rest: str) -> tuple[str, str] | None:
    """`group:name` and what stands for a version, from `"group:name:version"` or from named parts."""
    if found := _COORDINATES.search(rest):
        return found[1], found[2] or ""
    parts = dict(_NAMED.findall(rest))
    if "group" in parts and "name" in parts:
        return f"{parts['group']}:{parts['name']}", parts.get("version", "")
    return None


def _groups(configuration: str) -> tuple[str, ...]:
    if configuration.startswith("test") or "Test" in configuration:
        return ("test",)
    if configuration.startswith(_BUILD):
        return ("build",)
    return ("dev",) if configuration == "developmentOnly" else ()
