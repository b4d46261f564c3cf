"""PDM: `pdm.lock`. What is not in the group `default` is `dev` or optional; folders are left out."""

import re
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
from vallum_engine.sca.lockfiles.located_toml import document, named, strings

TODO = "Write the lockfile anew with `pdm lock`."
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def extract(file: File) -> Iterator[Entry]:
    """Yield every locked package. Raises BrokenData."""
    data, text = document(file, TODO)
    for entry, line in named(data, text, "package", TODO):
        if "path" not in entry:
            yield Package(
                ecosystem="PyPI",
                name=entry["name"],
                version=str(entry.get("version", "")),
                location=Location(path=file.path, line=line, end_line=line),
                groups=_groups(entry),
                commit=str(entry.get("revision", "")),
            )


def _groups(entry: Mapping[str, Any]) -> tuple[str, ...]:
    said = entry.get("groups")
    groups = {str(group) for group in said} if isinstance(said, list) else {"default"}
    if "default" in groups:
        return ()
    return tuple(sorted({"dev" if group == "dev" else "optional" for group in groups}))


def graph(file: File, asking: Sequence[Asking] = ()) -> Graph:
    """Who asks for whom, by name: a dependency is a requirement as pip writes it."""
    data, text = document(file, TODO)
    entries = [entry for entry, _ in named(data, text, "package", TODO)]
    answers: dict[Key, list[Key]] = {}
    for number, entry in enumerate(entries):
        answers.setdefault(normalised("PyPI", entry["name"]), []).append(number)
    names: dict[Key, tuple[str, str]] = {n: (e["name"], str(e.get("version", ""))) for n, e in enumerate(entries)}
    wants: dict[Key, list[str]] = {
        number: [
            normalised("PyPI", name[0]) for asked in strings(entry.get("dependencies")) if (name := _NAME.match(asked))
        ]
        for number, entry in enumerate(entries)
    }
    return by_name(names, wants, answers, asking, fold=partial(normalised, "PyPI"))
