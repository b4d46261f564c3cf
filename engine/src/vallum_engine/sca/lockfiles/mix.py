"""Elixir: `mix.lock`, one map from names to what was locked: a package of Hex, or a commit of a repository."""

from collections.abc import Iterator, Sequence

from vallum_engine.model.file import File
from vallum_engine.model.finding import Location
from vallum_engine.model.graph import Graph, Key
from vallum_engine.model.package import Package
from vallum_engine.sca.lockfiles.asked import by_name
from vallum_engine.sca.lockfiles.entry import Asking, Entry, broken, text_of
from vallum_engine.sca.lockfiles.terms import Term, terms

TODO = "Write the lockfile anew with `mix deps.get`."


def extract(file: File) -> Iterator[Entry]:
    """Yield every locked package; of a repository without a version. Raises BrokenData."""
    for key, entry in _entries(file):
        match [item.text for item in entry.items[:3]]:
            case ["hex", name, version]:
                commit = ""
            case ["git", _, commit]:
                name, version = key.text, ""
            case _:
                continue
        yield Package(
            ecosystem="Hex",
            name=name,
            version=version,
            location=Location(path=file.path, line=key.line, end_line=key.line),
            commit=commit,
        )


def _entries(file: File) -> Iterator[tuple[Term, Term]]:
    found = terms(text_of(file, TODO), TODO)
    if not found:
        return
    if found[0].kind != "map" or len(found) > 1:
        raise broken(found[0].line, "not one map, as a mix.lock is", TODO)
    for key, entry in zip(found[0].items[::2], found[0].items[1::2], strict=False):
        if key.kind != "key" or entry.kind != "tuple":
            raise broken(key.line, "not a name with what is locked for it", TODO)
        yield key, entry


def graph(file: File, asking: Sequence[Asking] = ()) -> Graph:
    """Who asks for whom, by the names that the lockfile goes by. What is optional may not be why it is here.

    `mix.exs` says what the project asks for, by the names that packages are published under.
    """
    names: dict[Key, tuple[str, str]] = {}
    wants: dict[Key, list[str]] = {}
    perhaps: list[str] = []
    for key, entry in _entries(file):
        parts = [item.text for item in entry.items[:3]]
        if len(parts) < 3 or parts[0] not in {"hex", "git"}:
            continue
        names[key.text] = (parts[1], parts[2]) if parts[0] == "hex" else (key.text, "")
        for asked in entry.items[5].items if len(entry.items) > 5 else ():
            if asked.items and asked.kind == "tuple":
                told = perhaps if _is_optional(asked.items[-1]) else wants.setdefault(key.text, [])
                told.append(asked.items[0].text)
    answers: dict[Key, list[Key]] = {}
    for own, (published, _) in names.items():
        answers.setdefault(published, []).append(own)
        if published != own:
            answers.setdefault(own, []).append(own)
    return by_name(names, wants, answers, asking, perhaps=perhaps)


def _is_optional(options: Term) -> bool:
    pairs = zip(options.items, options.items[1:], strict=False)
    return any(key.kind == "key" and key.text == "optional" and value.text == "true" for key, value in pairs)
