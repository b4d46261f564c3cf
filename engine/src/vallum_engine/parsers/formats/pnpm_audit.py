"""`pnpm audit --json`, and `yarn npm audit --json` of Yarn 2 and 3: advisories and a summary. pnpm before 9 writes as npm 6."""

from collections.abc import Iterator

from vallum_engine.parsers.document import Document
from vallum_engine.parsers.format import Format, Record, Rejected
from vallum_engine.parsers.npm import advisory


def recognises(document: Document) -> bool:
    value = document.json
    if not isinstance(value, dict) or not {"advisories", "metadata"} <= value.keys():
        return False
    metadata = value["metadata"]
    return "actions" not in value and isinstance(metadata, dict) and "totalDependencies" in metadata


def records(document: Document) -> Iterator[Record]:
    for key, item in document.json["advisories"].items():
        at = f"advisories.{key}"
        if isinstance(item, dict):
            yield from advisory(at, item)
        else:
            yield Rejected(at=at, why="it is no object")


FORMAT = Format(
    id="pnpm-audit",
    title="pnpm audit",
    docs="https://pnpm.io/cli/audit",
    recognises=recognises,
    records=records,
)
