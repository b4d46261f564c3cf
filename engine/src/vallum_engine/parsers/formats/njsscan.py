"""njsscan's JSON (`njsscan --json`): Node.js code, and templates of pages."""

from collections.abc import Iterator

from vallum_engine.parsers.document import Document
from vallum_engine.parsers.format import Format, Record
from vallum_engine.parsers.formats._libsast import by_rule, could_not


def recognises(document: Document) -> bool:
    return isinstance(document.json, dict) and "njsscan_version" in document.json


def records(document: Document) -> Iterator[Record]:
    for part in ("nodejs", "templates"):
        yield from by_rule(document.json.get(part), part)
    yield from could_not(document.json.get("errors"))


def tool(document: Document) -> str:
    return str(document.json.get("njsscan_version") or "")


FORMAT = Format(
    id="njsscan",
    title="njsscan",
    docs="https://github.com/ajinabraham/njsscan#command-line-options",
    recognises=recognises,
    records=records,
    tool=tool,
)
