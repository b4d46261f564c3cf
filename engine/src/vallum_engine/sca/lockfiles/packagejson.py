"""npm: `package.json`, the manifest of a project. An exact version is one; a range, a tag or a Git address is a wish.

Aliases (`npm:real@^1`) count as what they stand for. Folders and members of the workspace are left out.
"""

import re
from collections.abc import Iterator

from vallum_engine.model.file import File
from vallum_engine.model.finding import Location
from vallum_engine.model.package import Package
from vallum_engine.sca.lockfiles.entry import Entry, Member
from vallum_engine.sca.lockfiles.located_json import Cursor

TODO = "Mend it: npm cannot read it either."
_SECTIONS = {
    "dependencies": (),
    "devDependencies": ("dev",),
    "optionalDependencies": ("optional",),
    "peerDependencies": ("peer",),
}
_OWN = ("file:", "link:", "portal:", "workspace:", ".", "/", "~/")
_EXACT = re.compile(r"[=v]*(\d+\.\d+\.\d+(?:[-+][0-9A-Za-z.+-]+)?)", re.ASCII)
_COMMIT = re.compile(r"#([0-9a-f]{40})\Z")


def extract(file: File) -> Iterator[Entry]:
    """Yield what the project asks for, itself, and the members of its workspace. Raises BrokenData."""
    cursor = Cursor(file, TODO)
    wishes: dict[str, Package] = {}
    for key, _ in cursor.members():
        if key in _SECTIONS:
            _section(file, cursor, _SECTIONS[key], wishes)
        elif key == "name":
            name = cursor.value()
            if isinstance(name, str):
                yield Member(name=name)
        elif key == "workspaces":
            yield from _members(cursor.value())
    cursor.finish()
    yield from wishes.values()


def _section(file: File, cursor: Cursor, groups: tuple[str, ...], wishes: dict[str, Package]) -> None:
    """What stands in several sections is needed at run time before it is to develop with, and a peer last of all."""
    if cursor.mark != "{":
        return
    for alias, line in cursor.members():
        wanted = cursor.value()
        if isinstance(wanted, str) and not wanted.startswith(_OWN):
            ranked = wishes.get(alias)
            if ranked is None or _rank(groups) < _rank(ranked.groups):
                wishes[alias] = _wish(file, alias, wanted.strip(), line=line, groups=groups)


def _rank(groups: tuple[str, ...]) -> int:
    return list(_SECTIONS.values()).index(groups)


def _wish(file: File, name: str, wanted: str, *, line: int, groups: tuple[str, ...]) -> Package:
    bare = wanted
    if wanted.startswith("npm:"):
        cut = wanted.find("@", 5)
        name, bare = (wanted[4:cut], wanted[cut + 1 :]) if cut > 0 else (wanted[4:], "*")
    exact, commit = _EXACT.fullmatch(bare), _COMMIT.search(bare)
    return Package(
        ecosystem="npm",
        name=name,
        version=exact[1] if exact else "",
        location=Location(path=file.path, line=line, end_line=line),
        direct=True,
        groups=groups,
        commit=commit[1] if commit else "",
        requested=wanted or "*",
    )


def _members(value: object) -> Iterator[Member]:
    found = value.get("packages") if isinstance(value, dict) else value
    for pattern in found if isinstance(found, list) else ():
        if isinstance(pattern, str) and not pattern.startswith("!"):
            yield Member(folder=pattern.removeprefix("./").rstrip("/"))
