"""Swift: `Package.resolved`, versions 1 to 3. Packages are named by the address of their repository, as OSV does.

https://github.com/swiftlang/swift-package-manager. The file is flat: it says neither what is direct nor who asks.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from vallum_engine.model.file import File
from vallum_engine.model.finding import Location
from vallum_engine.model.package import Package
from vallum_engine.sca.lockfiles.entry import MAX_NAME, Entry, broken, string
from vallum_engine.sca.lockfiles.located_json import Cursor

TODO = "Write the file anew with `swift package resolve`."
_ADDRESS = re.compile(r"(?:(?:https?|ssh|git)://)?(?:[^/@]*@)?([^/:@]+\.[^/:@]+)(?::\d+)?[/:](.+)")
_NAMES = ("identity", "package")
_LOCAL = frozenset({"fileSystem", "localSourceControl"})


def extract(file: File) -> Iterator[Entry]:
    """Yield every pinned package. Raises BrokenData."""
    cursor = Cursor(file, TODO)
    found: list[tuple[dict[str, Any], int]] = []
    for key, _ in cursor.members():
        if key == "pins":
            found = _pins(cursor)
        elif key == "object" and cursor.mark == "{":
            for inner, _ in cursor.members():
                if inner == "pins":
                    found = _pins(cursor)
    cursor.finish()
    for pin, line in found:
        name = _name(pin)
        if not name or pin.get("kind") in _LOCAL:
            continue
        held = pin.get("state")
        state = held if isinstance(held, dict) else {}
        version = string(state.get("version"))
        yield Package(
            ecosystem="SwiftURL",
            name=name,
            version=version,
            location=Location(path=file.path, line=line, end_line=line),
            commit="" if version else string(state.get("revision")),
        )


def _pins(cursor: Cursor) -> list[tuple[dict[str, Any], int]]:
    """Each pin with the line of its name."""
    found: list[tuple[dict[str, Any], int]] = []
    for at in cursor.items():
        if cursor.mark != "{":
            raise broken(at, "a pin that is no object", TODO)
        pin: dict[str, Any] = {}
        line = at
        for key, place in cursor.members():
            pin[key] = cursor.value()
            line = place if key in _NAMES else line
        found.append((pin, line))
    return found


def _name(pin: Mapping[str, Any]) -> str:
    """`https://github.com/apple/swift-nio.git` is `github.com/apple/swift-nio`; a registry's package goes by its identity.

    What is too long to be a name is not taken apart: it will be refused.
    """
    address = string(pin.get("location")) or string(pin.get("repositoryURL"))
    if len(address) > MAX_NAME:
        return address
    found = _ADDRESS.fullmatch(address)
    if not found:
        return string(pin.get("identity")) if not address else ""
    return f"{found[1].lower()}/{found[2].strip('/').removesuffix('.git')}"
