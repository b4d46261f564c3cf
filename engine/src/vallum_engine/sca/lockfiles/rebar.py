"""Erlang: `rebar.lock`. Each entry says how far it is from the project: 0 is asked for by the project itself."""

from collections.abc import Iterator

from vallum_engine.model.file import File
from vallum_engine.model.finding import Location
from vallum_engine.model.package import Package
from vallum_engine.sca.lockfiles.entry import Entry, broken, text_of
from vallum_engine.sca.lockfiles.terms import Term, terms

TODO = "Write the lockfile anew with `rebar3 upgrade --all`."


def extract(file: File) -> Iterator[Entry]:
    """Yield every locked package; of a repository without a version. Raises BrokenData."""
    found = terms(text_of(file, TODO), TODO)
    if not found:
        return
    # Formats up to 1.0 are the list alone, later ones a tuple of the format and the list.
    locked = found[0].items[-1] if found[0].kind == "tuple" and found[0].items else found[0]
    if locked.kind != "list":
        raise broken(found[0].line, "no list of what is locked", TODO)
    for entry in locked.items:
        if len(entry.items) < 3 or entry.kind != "tuple":
            raise broken(entry.line, "not a name, where it is from, and how far it is from the project", TODO)
        if package := _package(file, entry):
            yield package


def _package(file: File, entry: Term) -> Package | None:
    alias, source, level = entry.items[:3]
    match [item.text for item in source.items]:
        case ["pkg", name, version, *_]:
            commit = ""
        case ["git" | "git_subdir" | "hg", *_]:
            name, version, commit = alias.text, "", _reference(source)
        case _:
            return None
    return Package(
        ecosystem="Hex",
        name=name,
        version=version,
        location=Location(path=file.path, line=entry.line, end_line=entry.line),
        direct=level.text == "0",
        commit=commit,
    )


def _reference(source: Term) -> str:
    for item in source.items:
        if item.kind == "tuple" and [part.text for part in item.items[:1]] == ["ref"] and len(item.items) > 1:
            return item.items[1].text
    return ""
