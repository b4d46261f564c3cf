"""Poetry: `poetry.lock`. Groups come from `groups` (Poetry 2) or `category` (Poetry 1); folders are left out."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from vallum_engine.model.file import File
from vallum_engine.model.finding import Location
from vallum_engine.model.graph import Graph, Key
from vallum_engine.model.naming import normalised
from vallum_engine.model.package import Package
from vallum_engine.sca.lockfiles.asked import by_name
from vallum_engine.sca.lockfiles.entry import Asking, Entry
from vallum_engine.sca.lockfiles.located_toml import document, named

TODO = "Write the lockfile anew with `poetry lock`."


def extract(file: File) -> Iterator[Entry]:
    """Yield every locked package. Raises BrokenData."""
    data, text = document(file, TODO)
    for entry, line in named(data, text, "package", TODO):
        found = entry.get("source")
        source = found if isinstance(found, dict) else {}
        if source.get("type") != "directory":
            yield Package(
                ecosystem="PyPI",
                name=entry["name"],
                version=str(entry.get("version", "")),
                location=Location(path=file.path, line=line, end_line=line),
                groups=_groups(entry),
                commit=str(source.get("resolved_reference", "")) if source.get("type") == "git" else "",
            )


def _groups(entry: Mapping[str, Any]) -> tuple[str, ...]:
    named = entry.get("groups")
    groups = {str(group) for group in named} if isinstance(named, list) else {str(entry.get("category", "main"))}
    kept = set() if "main" in groups else groups
    if entry.get("optional") is True:
        kept.add("optional")
    return tuple(sorted(kept))


def graph(file: File, asking: Sequence[Asking] = ()) -> Graph:
    """Who asks for whom, by name. What only an extra asks for may not be why it is here, so no way leads through it."""
    data, text = document(file, TODO)
    entries = [entry for entry, _ in named(data, text, "package", TODO)]
    answers: dict[Key, list[Key]] = {}
    wants: dict[Key, list[str]] = {}
    perhaps: list[str] = []
    for number, entry in enumerate(entries):
        answers.setdefault(normalised("PyPI", entry["name"]), []).append(number)
        asked = entry.get("dependencies")
        for name, how in asked.items() if isinstance(asked, dict) else ():
            told = perhaps if _is_optional(how) else wants.setdefault(number, [])
            told.append(normalised("PyPI", name))
    names: dict[Key, tuple[str, str]] = {n: (e["name"], str(e.get("version", ""))) for n, e in enumerate(entries)}
    return by_name(names, wants, answers, asking, fold=partial(normalised, "PyPI"), perhaps=perhaps)


def _is_optional(how: object) -> bool:
    ways = how if isinstance(how, list) else [how]
    return all(isinstance(way, dict) and way.get("optional") is True for way in ways)
