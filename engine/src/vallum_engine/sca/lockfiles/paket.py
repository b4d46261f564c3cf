"""Paket: `paket.lock`, read line by line (https://fsprojects.github.io/Paket/lock-file.html).

The margin names a group or a source, four spaces in stand its packages, six what each asks for. What comes from GitHub,
Git or an address is a file without a version, and counted as such.
"""

import re
from collections.abc import Iterator

from vallum_engine.model.file import File
from vallum_engine.model.finding import Location
from vallum_engine.model.graph import Graph, Key, rootless
from vallum_engine.model.package import Package
from vallum_engine.sca.lockfiles.entry import Entry, Gap, broken, text_of
from vallum_engine.values import made, mutable

TODO = "Write the lockfile anew with `paket install`."
_MARGIN = re.compile(r"([A-Z]+)(?:$|:? (\S.*))")
_PINNED = re.compile(r"(\S+) \(([^\s()]+)\)(?: - .*)?")
_PACKAGE, _WANT = 4, 6
_ELSEWHERE = frozenset({"GITHUB", "GIST", "GIT", "HTTP"})


@mutable
class _Pin:
    group: str
    name: str
    version: str
    line: int
    wants: list[str] = made(factory=list)


def extract(file: File) -> Iterator[Entry]:
    """Yield every package of every group. Raises BrokenData."""
    pins, gaps = _read(file)
    for pin in pins:
        yield Package(
            ecosystem="NuGet",
            name=pin.name,
            version=pin.version,
            location=Location(path=file.path, line=pin.line, end_line=pin.line),
            groups=(pin.group,) if pin.group else (),
        )
    yield from gaps


def _read(file: File) -> tuple[list[_Pin], list[Gap]]:
    pins: list[_Pin] = []
    gaps: list[Gap] = []
    group = source = ""
    for number, raw in enumerate(text_of(file, TODO).split("\n"), 1):
        line = raw.rstrip()
        text = line.lstrip(" ")
        depth = len(line) - len(text)
        if not text:
            continue
        if not depth:
            margin = _MARGIN.fullmatch(line)
            if not margin:
                raise broken(number, "no section of a paket.lock begins like this", TODO)
            group, source = (margin[2].lower(), "") if margin[1] == "GROUP" and margin[2] else (group, margin[1])
        elif source in _ELSEWHERE and depth == _PACKAGE:
            gaps.append(Gap(line=number, readable=True))
        elif source == "NUGET":
            _package(pins, gaps, _Pin(group, text, "", number), depth)
    return pins, gaps


def _package(pins: list[_Pin], gaps: list[Gap], pin: _Pin, depth: int) -> None:
    """A line below NuGet's margin; `pin` holds its text as the name."""
    if depth == _PACKAGE:
        if found := _PINNED.fullmatch(pin.name):
            pin.name, pin.version = found[1], found[2]
            pins.append(pin)
        else:
            gaps.append(Gap(line=pin.line, readable=False))
    elif depth == _WANT and pins:
        pins[-1].wants.append(pin.name.partition(" ")[0])


def graph(file: File) -> Graph:
    """Who asks for whom within each group. What the project asks for stands in another file."""
    pins, _ = _read(file)
    names: dict[Key, tuple[str, str]] = {}
    wants: dict[Key, list[Key]] = {}
    for pin in pins:
        key = (pin.group, pin.name.lower())
        names[key] = (pin.name, pin.version)
        wants[key] = [(pin.group, want.lower()) for want in pin.wants]
    return rootless(names, wants, {})
