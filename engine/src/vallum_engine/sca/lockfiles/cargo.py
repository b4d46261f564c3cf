"""Cargo: `Cargo.lock`. Packages without a source are the workspace's own and left out, but say what is direct."""

from collections.abc import Iterator, Sequence

from vallum_engine.model.file import File
from vallum_engine.model.finding import Location
from vallum_engine.model.graph import Graph, Key
from vallum_engine.model.package import Package
from vallum_engine.sca.lockfiles.entry import Asking, Entry, Hashes, Member, string
from vallum_engine.sca.lockfiles.integrity import of_digits
from vallum_engine.sca.lockfiles.located_toml import document, named, strings

TODO = "Write the lockfile anew with `cargo generate-lockfile`."


def extract(file: File) -> Iterator[Entry]:
    """Yield every locked package. Raises BrokenData."""
    data, text = document(file, TODO)
    entries = list(named(data, text, "package", TODO))
    own = [entry for entry, _ in entries if not entry.get("source")]
    asked = {wanted for entry in own for wanted in strings(entry.get("dependencies"))}
    yield from (Member(name=entry["name"]) for entry in own)
    for entry, line in entries:
        name, source = entry.get("name"), entry.get("source")
        if not isinstance(name, str) or not isinstance(source, str):
            continue
        version = str(entry.get("version", ""))
        yield Package(
            ecosystem="crates.io",
            name=name,
            version=version,
            location=Location(path=file.path, line=line, end_line=line),
            direct=any(form in asked for form in (name, f"{name} {version}", f"{name} {version} ({source})"))
            if own
            else None,
            commit=source.rpartition("#")[2] if source.startswith("git+") and "#" in source else "",
        )


def graph(file: File, asking: Sequence[Asking] = ()) -> Graph:
    """Who asks for whom. A dependency names as much (name, version, source) as it takes to tell it apart.

    The workspace's own packages are in the lockfile; their manifests say what these ask for to develop with.
    """
    data, text = document(file, TODO)
    entries = [entry for entry, _ in named(data, text, "package", TODO)]
    answers: dict[Key, list[Key]] = {}
    for number, entry in enumerate(entries):
        name, version, source = entry["name"], entry.get("version", ""), entry.get("source", "")
        for form in dict.fromkeys((name, f"{name} {version}", f"{name} {version} ({source})")):
            answers.setdefault(form, []).append(number)
    wants: dict[Key, list[str]] = {number: strings(entry.get("dependencies")) for number, entry in enumerate(entries)}
    dev: dict[Key, list[str]] = {}
    roots = [number for number, entry in enumerate(entries) if not entry.get("source")]
    only = {own.name: own.develops_with for own in asking}
    for root in roots:
        own = only.get(entries[root]["name"])
        if own is not None:
            dev[root] = [want for want in wants[root] if want.partition(" ")[0] in own]
            wants[root] = [want for want in wants[root] if want.partition(" ")[0] not in own]
    return Graph(
        names={n: (e["name"], "" if not e.get("source") else str(e.get("version", ""))) for n, e in enumerate(entries)},
        wants=wants,
        answers=answers,
        roots=roots,
        dev=dev or None,
    )


def hashes(file: File) -> Hashes:
    """Of the archive that the registry serves for each entry."""
    data, text = document(file, TODO)
    every = (
        (entry, tuple(of_digits("sha256", entry.get("checksum")))) for entry, _ in named(data, text, "package", TODO)
    )
    return {(string(entry.get("name")), str(entry.get("version", ""))): found for entry, found in every if found}
