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
from vallum_engine.sca.lockfiles.properties import expanded

TODO = "Save it as UTF-8 text."
_CALL = re.compile(r"\s*(\w+)[ (]")
_COORDINATES = re.compile(r"[\"']([A-Za-z_][\w.-]*:[\w.-]+)(?::([^:@\"'\s]+))?(?::[\w.-]+)?(?:@\w+)?[\"']")
_NAMED = re.compile(r"\b(group|name|version)\s*[:=]\s*[\"']([^\"']+)[\"']")
_VARIABLE = re.compile(
    r"(?:(?:def|val|var|const\s+val|(?:static\s+)?(?:final\s+)?String)\s+|(?:project\.)?ext\.)?([\w.]+)\s*=\s*[\"']([^\"'$]+)[\"']"
)
_USE = re.compile(r"\$\{?(?:ext\.|project\.)?([\w.]+)\}?")
_EXACT = re.compile(r"(?=\D*\d)[^\s\[\](),+$]+")
_CONFIGURATION = re.compile(
    r"\w*(?:[iI]mplementation|[aA]pi|[cC]ompile|[cC]ompileOnly|[cC]ompileOnlyApi|[rR]untime|[rR]untimeOnly|classpath"
    r"|[aA]nnotationProcessor|kapt\w*|ksp\w*|provided\w*|developmentOnly|coreLibraryDesugaring)"
)
_BUILD = ("classpath", "annotationProcessor", "kapt", "ksp")


def extract(file: File) -> Iterator[Entry]:
    """Yield every dependency. Raises BrokenData only for what is no text: a program has no frame."""
    text = _uncommented(text_of(file, TODO))
    variables = _variables(text)
    for number, line in enumerate(text.split("\n"), 1):
        call = _CALL.match(line)
        if call and _CONFIGURATION.fullmatch(call[1]) and (found := _dependency(line[call.end() - 1 :])):
            name, version = found[0], expanded(found[1], _USE, variables)
            yield Package(
                ecosystem="Maven",
                name=name,
                version=version if _EXACT.fullmatch(version) else "",
                location=Location(path=file.path, line=number, end_line=number),
                direct=True,
                groups=_groups(call[1]),
                requested=version,
            )


def _uncommented(text: str) -> str:
    """The text without `/* … */`, on the same lines. One that stands in a word is a pattern of files: `**/*.java`."""
    parts: list[str] = []
    kept = at = 0
    while (start := text.find("/*", at)) >= 0:
        at = start + 2
        if not start or text[start - 1].isspace():
            end = text.find("*/", at)
            at = len(text) if end < 0 else end + 2
            parts += [text[kept:start], "\n" * text.count("\n", start, at)]
            kept = at
    return "".join([*parts, text[kept:]])


def _variables(text: str) -> Mapping[str, str]:
    """Names that are given one string and no other; of `a.b` the last part goes too."""
    found: dict[str, set[str]] = {}
    for line in text.split("\n"):
        if given := _VARIABLE.match(line.strip()):
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
