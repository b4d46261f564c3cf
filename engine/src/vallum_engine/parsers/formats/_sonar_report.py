"""The tables of sonar-report's HTML: the issues, and what it says of rules."""

from collections.abc import Mapping, Sequence
from html.parser import HTMLParser

from vallum_engine.values import made, mutable

_CELLS = frozenset({"td", "th"})


@mutable
class _Table:
    header: list[str] = made(factory=list)
    rows: list[list[str]] = made(factory=list)


class _Tables(HTMLParser):
    """The page's tables by text. A table within a cell is text of that cell, as descriptions of rules have them."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tables: list[_Table] = []
        self._depth = 0
        self._cell: list[str] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002 - the base class names it
        if tag == "table":
            self._depth += 1
            if self._depth == 1:
                self.tables.append(_Table())
        elif self._depth == 1 and tag == "tr":
            self.tables[-1].rows.append([])
        elif self._depth == 1 and tag in _CELLS:
            self._cell = []
        elif self._cell is not None:
            self._cell.append(" ")

    def handle_endtag(self, tag: str) -> None:
        if tag == "table":
            self._depth = max(self._depth - 1, 0)
        elif self._depth == 1 and tag in _CELLS and self._cell is not None:
            self._end(" ".join("".join(self._cell).split()), header=tag == "th")
            self._cell = None

    def _end(self, text: str, *, header: bool) -> None:
        table = self.tables[-1]
        if header:
            table.header.append(text)
        elif table.rows:
            table.rows[-1].append(text)

    def handle_data(self, data: str) -> None:
        if self._cell is not None:
            self._cell.append(data)


def tables(text: str) -> tuple[Sequence[Mapping[str, str]], Mapping[str, str]]:
    """The issues by column, and the descriptions of rules by key."""
    page = _Tables()
    page.feed(text)
    page.close()
    issues: list[Mapping[str, str]] = []
    rules: dict[str, str] = {}
    for table in page.tables:
        names = [name.lower() for name in table.header]
        if names[:2] == ["rule", "description"]:
            rules.update((row[0], row[1]) for row in table.rows if len(row) > 1)
        elif {"rule", "severity", "component", "message"} <= set(names):
            issues.extend(dict(zip(names, row, strict=False)) for row in table.rows if row)
    return issues, rules
