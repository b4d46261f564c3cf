"""What became of a bill of materials, as values."""

from enum import StrEnum

from vallum_engine.values import immutable


class Change(StrEnum):
    ADDED = "added"
    REMOVED = "removed"
    UPGRADED = "upgraded"
    DOWNGRADED = "downgraded"
    CHANGED = "changed"
    """Another version, of which nobody can say whether it is the later one."""
    RELICENSED = "relicensed"


@immutable
class Row:
    """One change of one package. What is not there is empty."""

    change: Change
    ecosystem: str
    name: str
    before: str
    after: str
    """Versions; of what changed its licence the licences."""
    version: str = ""
    """Of what changed its licence: the version that has the new one."""
    purl: str = ""
    """As it is now; of what went as it was."""


@immutable
class Difference:
    rows: tuple[Row, ...]
    same: int
    """Packages of which nothing changed, each version once."""

    def count(self, change: Change) -> int:
        return sum(row.change is change for row in self.rows)
