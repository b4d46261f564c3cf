"""The difference of two bills of materials, as JSON (an interface, described in `docs/sbom.md`) and for a terminal."""

import json
from collections.abc import Iterator

from vallum_engine.model.text import printable
from vallum_engine.sbom.difference import Change, Difference, Row

FORMAT = 1
"""Rises when a field goes or changes its meaning; new fields do not raise it."""

_MARKS = {
    Change.ADDED: "+",
    Change.REMOVED: "-",
    Change.UPGRADED: "^",
    Change.DOWNGRADED: "v",
    Change.CHANGED: "~",
    Change.RELICENSED: "§",
}
_WIDEST = 44


def render_json(difference: Difference) -> bytes:
    """UTF-8 JSON, a change a line."""
    head = {
        "version": FORMAT,
        "counts": {**{change.value: difference.count(change) for change in Change}, "same": difference.same},
    }
    rows = ",\n    ".join(json.dumps(_row(row), ensure_ascii=False) for row in difference.rows)
    lines = json.dumps(head, indent=2, ensure_ascii=False)[:-2]
    return f'{lines},\n  "changes": [{rows and f"{chr(10)}    {rows}{chr(10)}  "}]\n}}\n'.encode(
        "utf-8", "backslashreplace"
    )


def _row(row: Row) -> dict[str, str | None]:
    """What is not there is null."""
    return {
        "change": row.change.value,
        "ecosystem": row.ecosystem,
        "name": row.name,
        "before": row.before or None,
        "after": row.after or None,
        "version": row.version or None,
        "purl": row.purl or None,
    }


def render_table(difference: Difference) -> bytes:
    """A line for each change, then how many there are of each."""
    rows = [(_MARKS[row.change], row.ecosystem or "-", printable(row.name), *_words(row)) for row in difference.rows]
    widths = [min(max((len(row[at]) for row in rows), default=0), _WIDEST) for at in range(3)]
    lines = [
        "  ".join((*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), *row[3:])).rstrip()
        for row in rows
    ]
    return ("\n".join([*lines, _summary(difference)]) + "\n").encode("utf-8", "backslashreplace")


def _words(row: Row) -> Iterator[str]:
    both = " -> ".join(printable(said) for said in (row.before, row.after) if said)
    yield f"{printable(row.version)}: {both}" if row.version else both or "-"


def _summary(difference: Difference) -> str:
    told = [f"{count:,} {change}" for change in Change if (count := difference.count(change))]
    return f"{', '.join(told) or 'No difference'}; {difference.same:,} the same."
