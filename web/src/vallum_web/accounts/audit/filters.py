"""What the audit log is narrowed to: the query string as a value, and back."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Self
from urllib.parse import urlencode
from uuid import UUID

PATTERN_OF_KIND = r"[a-z_]{1,30}(\.[a-z_]{1,29})?"
_KIND = re.compile(PATTERN_OF_KIND)


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """Unknown values of a query string are left out: an old link still opens a list. Days are whole ones, in UTC."""

    kind: str = ""
    """A whole kind, or a family of them: what stands before the full stop."""
    actor: UUID | None = None
    token: UUID | None = None
    subject: UUID | None = None
    since: date | None = None
    until: date | None = None

    @classmethod
    def parse(cls, query: Mapping[str, str]) -> Self:
        kind = query.get("kind", "")
        return cls(
            kind=kind if _KIND.fullmatch(kind) else "",
            actor=_uuid(query.get("actor", "")),
            token=_uuid(query.get("token", "")),
            subject=_uuid(query.get("subject", "")),
            since=_day(query.get("from", "")),
            until=_day(query.get("to", "")),
        )

    @property
    def narrowed(self) -> bool:
        return self != Filters()

    def but(self, **changes: Any) -> Self:
        return replace(self, **changes)

    def pairs(self) -> list[tuple[str, str]]:
        """The query string's parts in one fixed order; what is not set is left out."""
        values = {
            "kind": self.kind,
            "actor": self.actor,
            "token": self.token,
            "subject": self.subject,
            "from": self.since,
            "to": self.until,
        }
        return [(name, str(value)) for name, value in values.items() if value]

    def query(self, **cursor: str) -> str:
        """`?…` for an address, or nothing; with a cursor it names one page of the list."""
        text = urlencode([*self.pairs(), *((name, value) for name, value in cursor.items() if value)])
        return f"?{text}" if text else ""


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
