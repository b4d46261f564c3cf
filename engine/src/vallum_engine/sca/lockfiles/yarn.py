"""Yarn: `yarn.lock`, both the classic format and the YAML of Yarn 2 and later, read line by line.

Both put an entry's descriptors at the margin and its fields two spaces in. Left out: members of the workspace.
"""

import re
from collections.abc import Iterator, Mapping, Sequence

from vallum_engine.model.file import File
from vallum_engine.model.finding import Location
from vallum_engine.model.graph import Graph, Key
from vallum_engine.model.package import Package
from vallum_engine.sca.lockfiles.asked import of_projects
from vallum_engine.sca.lockfiles.entry import Asking, Entry, Hashes, Member, broken, text_of
from vallum_engine.sca.lockfiles.integrity import of_sri
from vallum_engine.values import mutable

TODO = "Write the lockfile anew with `yarn install`."
# A value begins with no space: blanks that could be on either side of that border take quadratic time.
_FIELD = re.compile(r"""[ ]{2}"?(version|resolved|resolution|integrity)"?:?\s+"?((?:[^"\s][^"]*)?)"?""")
_WANT = re.compile(r"""[ ]{4}"?([^"\s:]+)"?:?[ ]+"?((?:[^"\s][^"]*)?)"?""")
_COMMIT = re.compile(r"(?<![0-9a-f])[0-9a-f]{40}(?![0-9a-f])")


@mutable
class _Block:
    descriptor: str
    line: int
    version: str = ""
    resolved: str = ""
    resolution: str = ""
    integrity: str = ""
    workspace: bool = False


def extract(file: File) -> Iterator[Entry]:
    """Yield every locked package. Raises BrokenData."""
    for block in _blocks(text_of(file, TODO)):
        if block.workspace:
            yield Member(folder=_folder(block))
        elif block.descriptor != "__metadata" and block.version:
            yield Package(
                ecosystem="npm",
                name=_name(block),
                version=block.version,
                location=Location(path=file.path, line=block.line, end_line=block.line),
                commit=_commit(block.resolution or block.resolved),
            )


def _blocks(text: str) -> Iterator[_Block]:
    block: _Block | None = None
    for number, line in enumerate(text.split("\n"), 1):
        plain = line.rstrip()
        if not plain or plain.startswith("#"):
            continue
        if plain[0] not in " \t":
            if not plain.endswith(":"):
                raise broken(number, "neither an entry nor a field of a yarn.lock", TODO)
            if block:
                yield block
            block = _Block(plain[:-1].split(",")[0].strip().strip('"'), number)
        elif block is None:
            raise broken(number, "a field before the first entry", TODO)
        elif field := _FIELD.fullmatch(plain):
            if plain.count('"') % 2:
                raise broken(number, "a quotation mark that is not closed", TODO)
            _set(block, field[1], field[2].strip())
    if block:
        yield block


def _set(block: _Block, name: str, value: str) -> None:
    if name == "version":
        block.version = value
    elif name == "resolved":
        block.resolved = value
    elif name == "integrity":
        block.integrity = value
    elif name == "resolution":
        block.resolution = value
        block.workspace = "@workspace:" in value


def _name(block: _Block) -> str:
    """The name published under: an alias (`short@npm:real@^1`) counts as what it stands for."""
    source = block.resolution or block.descriptor
    cut = source.find("@", 1)
    name, wanted = (source[:cut], source[cut + 1 :]) if cut > 0 else (source, "")
    alias = wanted.removeprefix("npm:")
    if not block.resolution and wanted != alias and (inner := alias.find("@", 1)) > 0:
        return alias[:inner]
    return name


def _commit(resolved: str) -> str:
    """The commit of a git source. Archives of the registry carry a SHA-1 of the file in the same place."""
    if ".tgz#" in resolved or resolved.endswith(".tgz"):
        return ""
    found = _COMMIT.findall(resolved)
    return found[-1] if found else ""


def _folder(block: _Block) -> str:
    return block.resolution.partition("@workspace:")[2].removeprefix(".")


def graph(file: File, asking: Sequence[Asking] = ()) -> Graph:
    """Who asks for whom, by descriptor.

    The classic format leaves the projects out: manifests say what they ask for. The later one has its workspaces, and
    the manifests say what these want for development alone.
    """
    text = text_of(file, TODO)
    blocks = {block.line: block for block in _blocks(text) if block.descriptor != "__metadata"}
    lines: dict[str, int] = {}
    asked: dict[Key, list[tuple[str, str]]] = {}
    for line, described, wanted in _asking(text):
        if line in blocks:
            lines |= dict.fromkeys(described, line)
            asked[line] = wanted
    names: dict[Key, tuple[str, str]] = {
        line: (_name(block), "" if block.workspace else block.version) for line, block in blocks.items()
    }
    found = _Found(lines, names)
    wants: dict[Key, list[Key]] = {line: found.all(wanted) for line, wanted in asked.items()}
    folders: dict[Key, str] = {line: _folder(block) for line, block in blocks.items() if block.workspace}
    if folders:
        dev = _parted(folders, asked, asking)
        return Graph(
            names=names,
            wants={**wants, **{root: found.all(run) for root, (run, _) in dev.items()}},
            roots=list(folders),
            dev={root: found.all(only) for root, (_, only) in dev.items()} or None,
        )
    return of_projects(names, wants, {}, asking, keys=found.all)


class _Found:
    """The entry that a wish leads to: by its descriptor, or by a name that one entry has alone (an override's range differs)."""

    def __init__(self, lines: Mapping[str, int], names: Mapping[Key, tuple[str, str]]) -> None:
        self._lines = lines
        every: dict[str, set[int]] = {}
        for descriptor, line in lines.items():
            if (cut := descriptor.find("@", 1)) > 0:
                every.setdefault(descriptor[:cut], set()).add(line)
                every.setdefault(names[line][0], set()).add(line)
        self._alone = {name: next(iter(own)) for name, own in every.items() if len(own) == 1}

    def all(self, wanted: Sequence[tuple[str, str]]) -> list[Key]:
        get = self._lines.get
        return [get(f"{name}@{wish}") or get(f"{name}@npm:{wish}") or self._alone.get(name) for name, wish in wanted]


def _parted(
    folders: Mapping[Key, str], asked: Mapping[Key, list[tuple[str, str]]], asking: Sequence[Asking]
) -> dict[Key, tuple[list[tuple[str, str]], list[tuple[str, str]]]]:
    """What each workspace wants, and what of it for development alone, where its manifest is known."""
    only = {own.folder: own.develops_with for own in asking}
    found: dict[Key, tuple[list[tuple[str, str]], list[tuple[str, str]]]] = {}
    for root, folder in folders.items():
        if folder in only:
            own = asked.get(root, [])
            run = [wish for wish in own if wish[0] not in only[folder]]
            found[root] = run, [wish for wish in own if wish[0] in only[folder]]
    return found


def _asking(text: str) -> Iterator[tuple[int, list[str], list[tuple[str, str]]]]:
    """The line of each block, its descriptors, and the names and ranges that it asks for."""
    line, described, wanted, within = 0, [""], list[tuple[str, str]](), False
    for number, raw in enumerate(text.split("\n"), 1):
        plain = raw.rstrip()
        if not plain or plain.startswith("#"):
            continue
        if plain[0] not in " \t":
            yield line, described, wanted
            line, described = number, [part.strip().strip('"') for part in plain[:-1].split(",")]
            wanted, within = [], False
        elif not plain.startswith("    "):
            within = plain.strip() in {"dependencies:", "optionalDependencies:"}
        elif within and (found := _WANT.fullmatch(plain)):
            wanted.append((found[1], found[2]))
    yield line, described, wanted


def hashes(file: File) -> Hashes:
    """Of what the registry serves for each entry, in the classic format; the later one hashes its own archives."""
    return {
        (_name(block), block.version): found
        for block in _blocks(text_of(file, TODO))
        if (found := tuple(of_sri(block.integrity)))
    }


def ranges(file: File) -> Iterator[tuple[str, str, str, str]]:
    """Name and version of each locked package, with the name and the range of what it asks for, a line of it each."""
    text = text_of(file, TODO)
    blocks = {block.line: block for block in _blocks(text) if not block.workspace}
    for line, _, wanted in _asking(text):
        if block := blocks.get(line):
            yield from ((_name(block), block.version, name, wish) for name, wish in wanted)
