"""CocoaPods: `Podfile.lock`, read line by line (CocoaPods writes it, and always in the same shape).

A pod's parts (`Pod/Core`) are the pod. Left out: pods that lie in a folder (`:path`).
"""

import re
from collections.abc import Iterator

from vallum_engine.model.file import File
from vallum_engine.model.finding import Location
from vallum_engine.model.graph import Graph, Key
from vallum_engine.model.package import Package
from vallum_engine.sca.lockfiles.entry import Entry, broken, text_of
from vallum_engine.values import made, mutable

TODO = "Write the lockfile anew with `pod install`."
_SECTION = re.compile(r"[A-Z][A-Z ]*:(?: +\S.*)?")
_ITEM = re.compile(r"( *)- [\"']?([^\s\"']+)(?: \(([^()]*)\))?[\"']?:?")
_OPTION = re.compile(r"    [\"']?:(path|commit)[\"']?: +[\"']?(.*?)[\"']?")
_OWNER = re.compile(r"  [\"']?([^\s\"']+)[\"']?:")
_POD, _WANT = 2, 4
_PROJECT = "project"


@mutable
class _Pod:
    name: str
    version: str
    line: int
    wants: list[str] = made(factory=list)


@mutable
class _Lock:
    pods: list[_Pod] = made(factory=list)
    asked: dict[str, None] | None = None
    """What the Podfile names, in order; None where the section is missing."""
    options: dict[tuple[str, str], str] = made(factory=dict)
    """By pod and option: `:path` and `:commit`."""


def extract(file: File) -> Iterator[Entry]:
    """Yield every pod once. Raises BrokenData."""
    lock = _read(file)
    asked = None if lock.asked is None else {_whole(name) for name in lock.asked}
    seen: set[tuple[str, str]] = set()
    for pod in lock.pods:
        name = _whole(pod.name)
        if (name, pod.version) in seen or (name, "path") in lock.options:
            continue
        seen.add((name, pod.version))
        yield Package(
            ecosystem="CocoaPods",
            name=name,
            version=pod.version,
            location=Location(path=file.path, line=pod.line, end_line=pod.line),
            direct=None if asked is None else name in asked,
            commit=lock.options.get((name, "commit"), ""),
        )


def _whole(name: str) -> str:
    return name.partition("/")[0]


def _read(file: File) -> _Lock:
    lock = _Lock()
    section = owner = ""
    for number, raw in enumerate(text_of(file, TODO).split("\n"), 1):
        line = raw.rstrip()
        if not line:
            continue
        if line[0] != " ":
            section = _section(lock, line, number)
        elif item := _ITEM.fullmatch(line):
            _item(lock, section, _Pod(item[2], item[3] or "", number), len(item[1]))
        elif found := _OWNER.fullmatch(line):
            owner = _whole(found[1])
        elif option := _OPTION.fullmatch(line):
            lock.options[owner, option[1]] = option[2]
        elif section == "PODS":
            raise broken(number, "not a pod, and not what one asks for", TODO)
    if not section:
        raise broken(1, "the file is empty", TODO)
    return lock


def _section(lock: _Lock, line: str, number: int) -> str:
    if not _SECTION.fullmatch(line):
        raise broken(number, "no section of a Podfile.lock begins like this", TODO)
    name = line.partition(":")[0]
    if name == "DEPENDENCIES":
        lock.asked = {}
    return name


def _item(lock: _Lock, section: str, pod: _Pod, depth: int) -> None:
    if section == "DEPENDENCIES" and lock.asked is not None:
        lock.asked[pod.name] = None
    elif section == "PODS" and depth == _POD:
        if not pod.version:
            raise broken(pod.line, f"the pod {pod.name!r} has no version", TODO)
        lock.pods.append(pod)
    elif section == "PODS" and depth == _WANT and lock.pods:
        lock.pods[-1].wants.append(pod.name)


def graph(file: File) -> Graph:
    """Who asks for whom; parts of pods are entries of their own, and go by the pod's name."""
    lock = _read(file)
    names: dict[Key, tuple[str, str]] = {_PROJECT: ("", "")}
    names |= {pod.name: (_whole(pod.name), pod.version) for pod in lock.pods}
    wants: dict[Key, list[str]] = {pod.name: pod.wants for pod in lock.pods}
    wants[_PROJECT] = list(lock.asked or ())
    return Graph(names=names, wants=wants, roots=[_PROJECT], whole=lock.asked is not None)
