"""pnpm: `pnpm-lock.yaml`, formats 5 to 9, read line by line (pnpm writes it, and always in the same shape).

The keys of `packages` name and version each entry: `/name/1.0.0`, `/name@1.0.0(peer@2.0.0)`, `name@1.0.0`; where the
entry comes from elsewhere, its own `name` and `version` do.
"""

import re
from collections.abc import Iterator, Mapping

from vallum_engine.model.file import File
from vallum_engine.model.finding import Location
from vallum_engine.model.graph import Graph, Key
from vallum_engine.model.package import Package
from vallum_engine.sca.lockfiles.entry import Entry, Hashes, Member, broken, text_of
from vallum_engine.sca.lockfiles.integrity import of_sri
from vallum_engine.values import made, mutable

TODO = "Write the lockfile anew with `pnpm install --lockfile-only`."
_KEY = re.compile(r"  (?:\? )?(['\"]?)(\S.*?)\1(?::(?:\s+\{\})?)?")
_FIELD = re.compile(r"(?:    |  : )(name|version|dev|optional|resolution):\s+(.*)")
_AT = re.compile(r"/?((?:@[^/@]+/)?[^/@()]+)@([^()]+?)(?:\(.*|_.*)?")
_SLASH = re.compile(r"(?:[^/]*/)?((?:@[^/]+/)?[^/]+)/(\d[^/_()]*)(?:[_(].*)?")
_NOTHING = re.compile(r"packages:\s+(?:\{\s*\}|null|~|#.*)")
_PROJECT = "project"
_COMMIT = re.compile(r"\b[0-9a-f]{40}\b")


@mutable
class _Block:
    key: str
    line: int
    fields: dict[str, str] = made(factory=dict)


def extract(file: File) -> Iterator[Entry]:
    """Yield every locked package. Raises BrokenData."""
    text = text_of(file, TODO)
    if text.strip() and not re.search(r"^lockfileVersion:", text, re.MULTILINE):
        raise broken(1, "no `lockfileVersion`, so not a pnpm lockfile", TODO)
    yield from _members(text)
    for block in _blocks(text):
        name, version = _named(block)
        if name and version:
            resolution = block.fields.get("resolution", "")
            commit = _COMMIT.search(resolution) if "commit:" in resolution or "codeload" in resolution else None
            yield Package(
                ecosystem="npm",
                name=name,
                version=version,
                location=Location(path=file.path, line=block.line, end_line=block.line),
                groups=tuple(group for group in ("dev", "optional") if block.fields.get(group) == "true"),
                commit=commit[0] if commit else "",
            )


def _members(text: str) -> Iterator[Member]:
    """The folders of the workspace, which stand before the packages."""
    inside = False
    for line in text.split("\n"):
        if line[:1] not in {"", " ", "#"}:
            inside = line.rstrip() == "importers:"
            if line.startswith("packages:"):
                return
        elif inside and line[:2] == "  " and line[2:3] not in {"", " ", "#"}:
            folder = line.strip().removesuffix(" {}").removesuffix(":").strip("'\"")
            if folder != ".":
                yield Member(folder=folder)


def _blocks(text: str) -> Iterator[_Block]:
    block: _Block | None = None
    inside = False
    for number, raw in enumerate(text.split("\n"), 1):
        line = raw.rstrip()
        if not line or line.lstrip().startswith("#"):
            continue
        if line[0] != " ":
            inside = _opens(line, number)
        elif inside and line[:2] == "  " and line[2] not in " :":
            if block:
                yield block
            key = _KEY.fullmatch(line)
            if not key:
                raise broken(number, "not an entry of `packages`", TODO)
            block = _Block(key[2], number)
        elif inside and block and (found := _FIELD.fullmatch(line)):
            if found[2][0] == "{" and found[2][-1] != "}":
                raise broken(number, "a value that breaks off", TODO)
            block.fields[found[1]] = found[2].strip().strip("'\"")
    if block:
        yield block


def _opens(line: str, number: int) -> bool:
    """Whether a line at the margin begins the packages. Raises BrokenData where they stand in another shape than pnpm's."""
    if line.startswith("packages: ") and not _NOTHING.fullmatch(line):
        raise broken(number, "`packages` is not the block that pnpm writes", TODO)
    return line == "packages:"


def _named(block: _Block) -> tuple[str, str]:
    if "name" in block.fields:
        return block.fields["name"], block.fields.get("version", "")
    if block.key.startswith("file:") or "@file:" in block.key or "@link:" in block.key:
        return "", ""
    if found := _SLASH.fullmatch(block.key) or _AT.fullmatch(block.key):
        version = block.fields.get("version", "") or found[2]
        return found[1], "" if "/" in version or ":" in version else version
    if "/" not in block.key and "@" not in block.key:
        raise broken(block.line, f"the key {block.key!r} names no package", TODO)
    return "", ""


def graph(file: File) -> Graph:
    """Who asks for whom. Importers are the projects; what an entry asks for is a version, or a key where it goes by an alias."""
    fields: dict[str, dict[str, str]] = {}
    asked: dict[Key, list[tuple[str, str]]] = {}
    dev: dict[Key, list[tuple[str, str]]] = {}
    roots: dict[Key, str] = {}
    for path, value in _paths(text_of(file, TODO)):
        match path:
            case ["packages" | "snapshots", key]:
                fields.setdefault(key, {})
            case ["packages" | "snapshots", key, "name" | "version" as name]:
                fields.setdefault(key, {})[name] = value
            case ["packages" | "snapshots", key, "dependencies" | "optionalDependencies", name]:
                asked.setdefault(key, []).append((name, value))
            case ["importers", root, ("dependencies" | "optionalDependencies" | "devDependencies") as group, name] | [
                "importers",
                root,
                ("dependencies" | "optionalDependencies" | "devDependencies") as group,
                name,
                "version",
            ] if value:
                roots[_PROJECT, root] = "" if root == "." else root
                (dev if group == "devDependencies" else asked).setdefault((_PROJECT, root), []).append((name, value))
            case [("dependencies" | "optionalDependencies" | "devDependencies") as group, name] | [
                ("dependencies" | "optionalDependencies" | "devDependencies") as group,
                name,
                "version",
            ] if value:
                roots[_PROJECT, "."] = ""
                (dev if group == "devDependencies" else asked).setdefault((_PROJECT, "."), []).append((name, value))
    names: dict[Key, tuple[str, str]] = {
        key: _shown(key, own) for key, own in fields.items() if "@" in key or "/" in key or "name" in own
    }
    return Graph(
        names={**names, **{root: (name, "") for root, name in roots.items()}},
        wants={key: _keys(wanted, fields) for key, wanted in asked.items()},
        roots=list(roots),
        dev={key: _keys(wanted, fields) for key, wanted in dev.items()},
    )


def _shown(key: str, fields: dict[str, str]) -> tuple[str, str]:
    name, version = _named(_Block(key, 1, fields))
    return (name, version) if name else (key, "")


def _keys(wanted: list[tuple[str, str]], known: Mapping[str, object]) -> list[Key]:
    found: list[Key] = []
    for name, version in wanted:
        forms = (f"{name}@{version}", f"/{name}@{version}", f"/{name}/{version}", version, f"/{version}")
        found += [form for form in forms if form in known][:1]
    return found


def _paths(text: str) -> Iterator[tuple[list[str], str]]:
    """The keys that lead to each line, and its value, down to the fifth."""
    above: list[str] = []
    for raw in text.split("\n"):
        line = raw.strip()
        depth = (len(raw) - len(raw.lstrip(" "))) // 2
        if not line or line.startswith("#") or depth > min(len(above), 4):
            continue
        if line.startswith(": "):
            line, depth = line[2:], depth + 1
        key, _, value = line.removeprefix("? ").removesuffix(":").partition(": ")
        above[depth:] = [key.strip("'\"")]
        yield list(above), value.strip("'\"")


def hashes(file: File) -> Hashes:
    """Of what the registry serves for each entry."""
    return {
        _named(block): found
        for block in _blocks(text_of(file, TODO))
        if (found := tuple(of_sri(block.fields.get("resolution", "").strip("{}").removeprefix("integrity: "))))
    }
