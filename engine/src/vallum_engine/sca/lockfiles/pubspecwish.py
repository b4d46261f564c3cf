"""Dart and Flutter: `pubspec.yaml`, what a package asks for, read line by line: a name and a range, or a block that says more.

https://dart.dev/tools/pub/dependencies. Left out: what lies in a folder, and what Flutter brings itself (`sdk:`).
"""

import re
from collections.abc import Iterator, Mapping

from vallum_engine.model.file import File
from vallum_engine.model.finding import Location
from vallum_engine.model.package import Package
from vallum_engine.sca.lockfiles.entry import Entry, Member, text_of
from vallum_engine.values import made, mutable

TODO = "Mend it: `dart pub get` says what is wrong."
_GROUPS: Mapping[str, tuple[str, ...]] = {
    "dependencies": (),
    "dependency_overrides": (),
    "dev_dependencies": ("dev",),
}
_LINE = re.compile(r"([ ]*)([\"']?)([A-Za-z_][\w.-]*)\2[ ]*:(?:[ ]+(\S.*))?")
_COMMENT = re.compile(r"(?:^|[ \t])#.*")
_PAIR = re.compile(r"(sdk|path|git|version)[ ]*:[ ]*([^,{}]*)")
_FETCHED = "/.pub-cache/"
"""Where the packages lie that pub fetched: what they ask for is no wish of a project's."""
_EXACT = re.compile(r"\d+\.\d+\.\d+[0-9A-Za-z.+-]*", re.ASCII)


@mutable
class _Wish:
    name: str
    line: int
    groups: tuple[str, ...]
    asked: str
    said: dict[str, str] = made(factory=dict)


def extract(file: File) -> Iterator[Entry]:
    """Yield what it asks for. Raises BrokenData."""
    if _FETCHED in f"/{file.path}":
        return
    section, indent, wish = "", 0, None
    for number, raw in enumerate(text_of(file, TODO).split("\n"), 1):
        found = _LINE.fullmatch(_COMMENT.sub("", raw).rstrip())
        if not found:
            continue
        depth, key, value = len(found[1]), found[3], _plain(found[4] or "")
        if not depth:
            yield from _told(file, wish)
            section, indent, wish = key, 0, None
            if key == "name" and value:
                yield Member(name=value)
        elif section in _GROUPS and depth <= (indent or depth):
            yield from _told(file, wish)
            indent, wish = depth, _Wish(key, number, _GROUPS[section], value)
        elif wish:
            wish.said.setdefault(key, value)
    yield from _told(file, wish)


def _told(file: File, wish: _Wish | None) -> Iterator[Package]:
    if wish is None:
        return
    asked, said = wish.asked, wish.said
    if asked.startswith("{"):
        said = {key: _plain(value) for key, value in _PAIR.findall(asked)}
        asked = ""
    if "sdk" in said or "path" in said:
        return
    asked = asked or ("git" if "git" in said else said.get("version", "any"))
    yield Package(
        ecosystem="Pub",
        name=wish.name,
        version=asked if _EXACT.fullmatch(asked) else "",
        location=Location(path=file.path, line=wish.line, end_line=wish.line),
        direct=True,
        groups=wish.groups,
        requested=asked,
    )


def _plain(text: str) -> str:
    return text.strip().strip("\"'").strip()
