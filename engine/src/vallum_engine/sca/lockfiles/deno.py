"""Deno: `deno.json` and `deno.jsonc`, manifests whose `imports` name packages of npm and of JSR.

`npm:chalk@5.3.0` asks for an exact version, `npm:chalk@^5` for a range, `npm:chalk` for any.
"""

import re
from collections.abc import Iterator

from vallum_engine.model.file import File
from vallum_engine.model.finding import Location
from vallum_engine.model.package import Package
from vallum_engine.sca.lockfiles.entry import Entry, Member
from vallum_engine.sca.lockfiles.located_json import Cursor

TODO = "Mend it: Deno cannot read it either."
KINDS = {"npm": "npm", "jsr": "JSR"}
_SPECIFIER = re.compile(r"(npm|jsr):/?((?:@[^/@]+/)?[^/@]+)(?:@([^/]+))?(?:/.*)?")
_EXACT = re.compile(r"\d+\.\d+\.\d+(?:[-+][0-9A-Za-z.+-]+)?", re.ASCII)


def extract(file: File) -> Iterator[Entry]:
    """Yield what `imports` and `scopes` ask for, and the members of the workspace. Raises BrokenData."""
    cursor = Cursor(file, TODO, relaxed=True)
    for key, _ in cursor.members():
        if key == "imports" and cursor.mark == "{":
            yield from _imports(file, cursor)
        elif key == "scopes" and cursor.mark == "{":
            for _ in cursor.members():
                if cursor.mark == "{":
                    yield from _imports(file, cursor)
        elif key == "workspace":
            found = cursor.value()
            members = found.get("members") if isinstance(found, dict) else found
            for folder in members if isinstance(members, list) else ():
                if isinstance(folder, str):
                    yield Member(folder=folder.removeprefix("./").rstrip("/"))
    cursor.finish()


def _imports(file: File, cursor: Cursor) -> Iterator[Entry]:
    for _, line in cursor.members():
        wanted = cursor.value()
        found = _SPECIFIER.fullmatch(wanted) if isinstance(wanted, str) else None
        if found:
            asked = found[3] or "*"
            yield Package(
                ecosystem=KINDS[found[1]],
                name=found[2],
                version=asked if _EXACT.fullmatch(asked) else "",
                location=Location(path=file.path, line=line, end_line=line),
                direct=True,
                requested=asked,
            )
