"""Which distribution a tree is: `etc/os-release`, as freedesktop.org's os-release(5) describes it, as an OSV ecosystem."""

import re

from vallum_engine.model.file import File
from vallum_engine.model.releases import CODE_NAMES, ecosystem
from vallum_engine.model.text import printable
from vallum_engine.values import immutable

TAILS = ("usr/lib/os-release", "etc/os-release")
"""Where it stands; the later one speaks. The first is the vendor's, the second most often a link to it."""

_MOST_BYTES = 64 << 10
_MOST_LETTERS = 200
_LINE = re.compile(r"([A-Z][A-Z0-9_]*)=(.*)")


@immutable
class Release:
    """A distribution at a release. `ecosystem` is OSV's name for it, or one made alike where OSV has none."""

    id: str
    version: str
    name: str
    ecosystem: str
    path: str
    """The file that said so."""


def root_of(path: str) -> str | None:
    """The root that a release file speaks for: empty, or ending in `/`. None for another file."""
    if not path.endswith("os-release"):
        return None
    roots = (path[: -len(tail)] for tail in TAILS if path.endswith(tail))
    return next((root for root in roots if root[-1:] in ("", "/")), None)


def read(file: File) -> Release | None:
    """What the file says; None where it names no distribution. It may hold anything: it comes with what is scanned."""
    told: dict[str, str] = {}
    for line in file.data[:_MOST_BYTES].decode("utf-8", "replace").splitlines():
        if found := _LINE.fullmatch(line.strip()):
            told[found[1]] = printable(_unquoted(found[2])[:_MOST_LETTERS])
    name = told.get("ID", "").lower()
    if not name:
        return None
    version = told.get("VERSION_ID", "")
    if name == "debian" and not version:
        version = CODE_NAMES["debian"].get(told.get("VERSION_CODENAME", ""), "")
    return Release(
        id=name,
        version=version,
        name=told.get("PRETTY_NAME") or f"{told.get('NAME') or name} {version}".strip(),
        ecosystem=ecosystem(name, version, told),
        path=file.path,
    )


def _unquoted(text: str) -> str:
    """A value in shell quotes; a backslash keeps the letter after it."""
    text = text.strip()
    if len(text) > 1 and text[0] in "\"'" and text[-1] == text[0]:
        text = text[1:-1]
    return re.sub(r"\\(.)", r"\1", text)
