"""What a list of findings is narrowed to: the query string as a value, and back."""

from dataclasses import dataclass, replace
from typing import Any, Self
from urllib.parse import urlencode
from uuid import UUID

from django.http import QueryDict

from vallum_engine.model.finding import Kind
from vallum_web.findings.models import Finding
from vallum_web.tenancy.keyset import Order

ANY = "any"
STATUSES = (*Finding.Status.values, ANY)
SEVERITIES = tuple(severity.label for severity in Finding.Severity)
CONFIDENCES = tuple(confidence.label for confidence in Finding.Confidence)
KINDS = tuple(kind.value for kind in Kind)
DEFAULT_SORT = "-risk"
BY_PATH = "path"
# Each is served by an index when the status is one; `path` sorts within an asset, which is one index range.
SORTS = {
    "risk": ("risk", "id"),
    "severity": ("severity", "id"),
    "opened": ("id",),
    BY_PATH: ("asset", "path", "id"),
}
MOST_TEXT = 200


def sorts(asset: UUID | None) -> list[str]:
    """The orders that a list can have: by path only within one asset, for no index holds all paths in order."""
    return [name for name in SORTS if asset or name != BY_PATH]


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """Unknown values of a query string are left out: an old link still opens a list."""

    status: str = Finding.Status.OPEN
    severities: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    confidences: tuple[str, ...] = ()
    asset: UUID | None = None
    rule: str = ""
    text: str = ""
    sort: str = DEFAULT_SORT

    @classmethod
    def parse(cls, query: QueryDict) -> Self:
        status, sort = query.get("status", ""), query.get("sort", "")
        return cls(
            status=status if status in STATUSES else Finding.Status.OPEN.value,
            severities=_known(query.getlist("severity"), SEVERITIES),
            kinds=_known(query.getlist("kind"), KINDS),
            confidences=_known(query.getlist("confidence"), CONFIDENCES),
            asset=_uuid(query.get("asset", "")),
            rule=_clean(query.get("rule", ""), 120),
            text=_clean(query.get("q", ""), MOST_TEXT),
            sort=sort if sort.removeprefix("-") in sorts(_uuid(query.get("asset", ""))) else DEFAULT_SORT,
        )

    @property
    def order(self) -> Order:
        return Order(fields=SORTS[self.sort.removeprefix("-")], falling=self.sort.startswith("-"))

    @property
    def narrowed(self) -> bool:
        """Whether anything but status and order is set."""
        return self != Filters(status=self.status, sort=self.sort)

    @property
    def selective(self) -> bool:
        """Whether findings of the assets in question may be left out."""
        return self.but(asset=None).narrowed

    def but(self, **changes: Any) -> "Filters":
        return replace(self, **changes)

    def pairs(self) -> list[tuple[str, str]]:
        """The query string's parts in one fixed order; what is as usual is left out."""
        pairs = [("status", self.status)] if self.status != Finding.Status.OPEN else []
        pairs += [("severity", value) for value in self.severities]
        pairs += [("kind", value) for value in self.kinds]
        pairs += [("confidence", value) for value in self.confidences]
        pairs += [("asset", str(self.asset))] if self.asset else []
        pairs += [(name, value) for name, value in (("rule", self.rule), ("q", self.text)) if value]
        return pairs + ([("sort", self.sort)] if self.sort != DEFAULT_SORT else [])

    def query(self, **cursor: str) -> str:
        """`?…` for an address, or nothing; with a cursor it names one page of the list."""
        text = urlencode([*self.pairs(), *((name, value) for name, value in cursor.items() if value)])
        return f"?{text}" if text else ""


def _known(values: list[str], allowed: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(value for value in allowed if value in values)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _clean(text: str, most: int) -> str:
    return text.replace("\x00", "").encode("utf-8", "ignore").decode().strip()[:most]
