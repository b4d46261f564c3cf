"""mobsfscan's JSON (`mobsfscan --json`): source code of Android and iOS applications."""

from collections.abc import Iterator

from vallum_engine.parsers.document import Document
from vallum_engine.parsers.format import Format, Record
from vallum_engine.parsers.formats._libsast import by_rule, could_not


def recognises(document: Document) -> bool:
    value = document.json
    return isinstance(value, dict) and "results" in value and "mobsfscan_version" in value


def records(document: Document) -> Iterator[Record]:
    yield from by_rule(document.json["results"], "results")
    yield from could_not(document.json.get("errors"))


def tool(document: Document) -> str:
    return str(document.json.get("mobsfscan_version") or "")


FORMAT = Format(
    id="mobsfscan",
    title="mobsfscan",
    docs="https://github.com/MobSF/mobsfscan#command-line-options",
    recognises=recognises,
    records=records,
    tool=tool,
)
