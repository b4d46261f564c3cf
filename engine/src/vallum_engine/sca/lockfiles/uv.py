"""uv: `uv.lock`. The project and its workspace members are left out, and say what is asked for directly."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from vallum_engine.model.file import File
from vallum_engine.model.finding import Location
from vallum_engine.model.graph import Graph, Key
from vallum_engine.model.package import Package
from vallum_engine.sca.lockfiles.entry import Entry, Member
from vallum_engine.sca.lockfiles.located_toml import document, named

TODO = "Write the lockfile anew with `uv lock`."
_LOCAL = ("virtual", "editable", "directory", "workspace")


def extract(file: File) -> Iterator[Entry]:
    """Yield every locked package. Raises BrokenData."""
    data, text = document(file, TODO)
    entries = list(named(data, text, "package", TODO))
    members = [entry for entry, _ in entries if _is_local(entry)]
    for folder in (str(_source(entry).get(key, "")) for entry in members for key in _LOCAL):
        if folder not in {"", "."}:
            yield Member(folder=folder)
    run = {name for entry in members for name in _names(entry.get("dependencies"))}
    dev = {name for entry in members for name in _grouped(entry.get("dev-dependencies"))}
    extra = {name for entry in members for name in _grouped(entry.get("optional-dependencies"))}
    for entry, line in entries:
        name = entry.get("name")
        if not isinstance(name, str) or _is_local(entry):
            continue
        group = "" if name in run else "optional" if name in extra else "dev" if name in dev else ""
        yield Package(
            ecosystem="PyPI",
            name=name,
            version=str(entry.get("version", "")),
            location=Location(path=file.path, line=line, end_line=line),
            direct=name in run or bool(group) if members else None,
            groups=(group,) if group else (),
            commit=str(_source(entry).get("git", "")).rpartition("#")[2] if "git" in _source(entry) else "",
        )


def _source(entry: Mapping[str, Any]) -> Mapping[str, Any]:
    found = entry.get("source")
    return found if isinstance(found, dict) else {}


def _is_local(entry: Mapping[str, Any]) -> bool:
    return any(key in _source(entry) for key in _LOCAL)


def _names(dependencies: object) -> Iterator[str]:
    for dependency in dependencies if isinstance(dependencies, list) else ():
        if isinstance(dependency, dict):
            yield str(dependency.get("name", ""))


def _grouped(groups: object) -> Iterator[str]:
    for dependencies in groups.values() if isinstance(groups, dict) else ():
        yield from _names(dependencies)


def graph(file: File) -> Graph:
    """Who asks for whom: by name, and by version where a name has several. Extras are locked only where one is asked for."""
    data, text = document(file, TODO)
    entries = [entry for entry, _ in named(data, text, "package", TODO)]
    answers: dict[Key, list[Key]] = {}
    for number, entry in enumerate(entries):
        for form in (entry["name"], (entry["name"], str(entry.get("version", "")))):
            answers.setdefault(form, []).append(number)
    roots = [number for number, entry in enumerate(entries) if _is_local(entry)]
    return Graph(
        names={n: (e["name"], "" if _is_local(e) else str(e.get("version", ""))) for n, e in enumerate(entries)},
        wants={number: list(_wants(entry)) for number, entry in enumerate(entries)},
        answers=answers,
        roots=roots,
        dev={number: list(_listed(_groups(entries[number].get("dev-dependencies")))) for number in roots},
    )


def _wants(entry: Mapping[str, Any]) -> Iterator[Key]:
    yield from _listed([entry.get("dependencies"), *_groups(entry.get("optional-dependencies"))])


def _groups(groups: object) -> list[object]:
    return list(groups.values()) if isinstance(groups, dict) else []


def _listed(lists: Iterable[object]) -> Iterator[Key]:
    for dependencies in lists:
        for wanted in dependencies if isinstance(dependencies, list) else ():
            if isinstance(wanted, dict):
                name, version = str(wanted.get("name", "")), wanted.get("version")
                yield (name, str(version)) if version else name
