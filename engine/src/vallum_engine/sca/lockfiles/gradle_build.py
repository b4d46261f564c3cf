"""Gradle's build scripts, `build.gradle` and `build.gradle.kts`, read for coordinates that stand there as plain strings.

https://docs.gradle.org/current/userguide/declaring_dependencies.html. They are programs: a variable counts where the file
gives it one string, what is worked out has no version.
"""

import re
from collections.abc import Iterator, Mapping, Sequence

from vallum_engine.model.file import File
from vallum_engine.model.finding import Location
from vallum_engine.model.package import Package
from vallum_engine.sca.lockfiles.entry import Entry, text_of
from vallum_engine.sca.lockfiles.properties import expanded

TODO = "Save it as UTF-8 text."
_CALL = re.compile(r"\s*(\w+)[ (]")
_COORDINATES = re.compile(r"[\"']([A-Za-z_][\w.-]*:[\w.-]+)(?::([^:@\"'\s]+))?(?::[\w.-]+)?(?:@\w+)?[\"']")
_NAMED = re.compile(r"\b(group|name|version)\s*[:=]\s*[\"']([^\"']+)[\"']")
_VARIABLES = (
    re.compile(
        r"(?:(?:def|val|var|const\s+val|(?:static\s+)?(?:final\s+)?String)\s+|(?:project\.)?ext\.)?([\w.]+)(?:\s*:\s*String)?\s*="
        r"\s*[\"']([^\"'$]+)[\"']"
    ),
    re.compile(r"(?:project\.|rootProject\.)?(?:ext|extra)\[[\"'](\w+)[\"']\]\s*=\s*[\"']([^\"'$]+)[\"']"),
    re.compile(r"(?:(?:ext|extra)\.)?set\(\s*[\"'](\w+)[\"']\s*,\s*[\"']([^\"'$]+)[\"']\s*\)"),
    re.compile(r"va[lr]\s+(\w+)(?:\s*:\s*String)?\s+by\s+extra\(\s*\"([^\"$]+)\"\s*\)"),
)
_USE = re.compile(r"\$\{?(?:rootProject\.)?(?:ext\.|extra\.|project\.)?([\w.]+)\}?")
_RICH = re.compile(r"\b(?:strictly|require)[ (]\s*[\"']([^\"']+)[\"']")
_STRICTLY = "!!"
_COMMENT = re.compile(r"(?<!:)//.*")
_MOST_LINES = 100
"""Of one call: a longer one was not written by a person, and its first lines are read."""
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
    lines = text.split("\n")
    number = 0
    while number < len(lines):
        call, first = _is_configuration(lines[number]), number
        number += 1
        if not call:
            continue
        said, number = _statement(lines, first, call.end() - 1)
        line, behind = first + 1, 0
        for name, asked, at in _dependencies(said):
            version = expanded(asked, _USE, variables).removesuffix(_STRICTLY)
            line, behind = line + said.count("\n", behind, at), at
            yield Package(
                ecosystem="Maven",
                name=name,
                version=version if _EXACT.fullmatch(version) else "",
                location=Location(path=file.path, line=line, end_line=line),
                direct=True,
                groups=_groups(call[1]),
                requested=version,
            )


def _is_configuration(line: str) -> re.Match[str] | None:
    call = _CALL.match(line)
    return call if call and _CONFIGURATION.fullmatch(call[1]) else None


def _statement(lines: Sequence[str], first: int, start: int) -> tuple[str, int]:
    """A call from the end of its name to where its brackets close and no comma stands last, or another begins; and the line after it."""
    parts, depth = list[str](), 0
    for at in range(first, min(first + _MOST_LINES, len(lines))):
        if at > first and _is_configuration(lines[at]):
            break
        line = _COMMENT.sub("", lines[at])[start if at == first else 0 :]
        parts.append(line)
        depth += sum(line.count(mark) for mark in "({[") - sum(line.count(mark) for mark in ")}]")
        if depth <= 0 and not line.rstrip().endswith(","):
            break
    return "\n".join(parts), first + len(parts)


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
        plain = line.strip().removeprefix("ext {").strip()
        if given := next((met for each in _VARIABLES if (met := each.match(plain))), None):
            for name in {given[1], given[1].rpartition(".")[2]}:
                found.setdefault(name, set()).add(given[2])
    return {name: next(iter(values)) for name, values in found.items() if len(values) == 1}


def _dependencies(said: str) -> Iterator[tuple[str, str, int]]:
    """`group:name`, what stands for a version, and where: from `"group:name:version"`, any number of them, or from named parts."""
    found = list(_COORDINATES.finditer(said))
    for each in found:
        rich = _RICH.search(said, each.end()) if len(found) == 1 and not each[2] else None
        yield each[1], each[2] or (rich[1] if rich else ""), each.start()
    parts = dict(_NAMED.findall(said)) if not found else {}
    if "group" in parts and "name" in parts:
        yield f"{parts['group']}:{parts['name']}", parts.get("version", ""), 0


def _groups(configuration: str) -> tuple[str, ...]:
    if configuration.startswith("test") or "Test" in configuration:
        return ("test",)
    if configuration.startswith(_BUILD):
        return ("build",)
    return ("dev",) if configuration == "developmentOnly" else ()
