"""What a list of findings is narrowed to: the query string as a value, and back."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from string import hexdigits
from typing import Any, Self
from urllib.parse import urlencode
from uuid import UUID

from django.http import QueryDict

from vallum_engine.model.finding import Kind
from vallum_web.findings.models import Finding
from vallum_web.tenancy import clock
from vallum_web.tenancy.keyset import Order

ANY = "any"
STATUSES = (*Finding.Status.values, ANY)
SEVERITIES = tuple(severity.label for severity in Finding.Severity)
CONFIDENCES = tuple(confidence.label for confidence in Finding.Confidence)
KINDS = tuple(kind.value for kind in Kind)
OPENED = "opened"
DEFAULT_SORT = "-risk"
BY_PATH = "path"
BY_DUE = "due"
# Each is served by an index when the status is one; `path` sorts within an asset, which is one index range.
SORTS = {
    "risk": ("risk", "id"),
    "severity": ("severity", "id"),
    "opened": ("id",),
    BY_PATH: ("asset", "path", "id"),
    BY_DUE: ("due_at", "id"),
}
MOST_TEXT = 200
LENGTH_OF_FIX = 32
MOST_PACKAGE = 1000
NO_PACKAGE = "-"
"""Of findings that are about no package; a package's name and version are parted by a blank."""
CHANGES = {"opened": "Opened", "reopened": "Came back", "resolved": "Resolved"}
"""What can have happened to a finding since a moment."""
AGES = {"24h": timedelta(hours=24), "7d": timedelta(days=7), "30d": timedelta(days=30)}
LIVENESS = {"live": "Live secrets", "revoked": "Revoked secrets", "unknown": "Issuer could not say"}
"""What the issuers of secrets said when they were asked."""
GROUPS = ("fix", "rule", "asset", "package")
CHOSEN = ("q", "asset", "kind", "confidence", "assignee", "team", "due", "liveness", "since", "group", "sort")
"""Parts of an address that the list's form has fields for."""
ME, NOBODY = "me", "nobody"
DUE = {"overdue": "Overdue", "week": "Due within 7 days", "set": "With a due date"}
"""Of what is open: by when it should have ended."""


def sorts(asset: UUID | None, due: str = "") -> list[str]:
    """The orders that a list can have.

    By path only within one asset, for no index holds all paths in order; by due date only of what has one.
    """
    return [name for name in SORTS if (asset or name != BY_PATH) and (due or name != BY_DUE)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """Unknown values of a query string are left out: an old link still opens a list."""

    status: str = Finding.Status.OPEN
    severities: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    confidences: tuple[str, ...] = ()
    asset: UUID | None = None
    rule: str = ""
    assignee: str = ""
    """`me`, `nobody`, or a person's id."""
    team: UUID | None = None
    due: str = ""
    exploited: bool = False
    liveness: str = ""
    """Of secrets: what the issuer said, one of `LIVENESS`."""
    fix: str = ""
    """What one fix ends: the key of `Finding.fix`."""
    package: str = ""
    """A name and a version, as `Finding.package` has them; `-`: about no package."""
    since: str = ""
    """One of `AGES`, a day, or a moment with its offset: something happened to the finding then or later."""
    change: str = ""
    """What happened; set where `since` is."""
    group: str = ""
    """What brings findings together to one line each; empty: a line for every finding."""
    text: str = ""
    sort: str = DEFAULT_SORT

    @classmethod
    def parse(cls, query: QueryDict) -> Self:
        status, sort = query.get("status", ""), query.get("sort", "")
        due = _one_of(query.get("due", ""), DUE)
        since = _since(query.get("since", ""))
        change = _one_of(query.get("change", ""), CHANGES)
        change = (change or OPENED) if since else ""
        return cls(
            status=status if status in STATUSES else _usual(change),
            severities=_known(query.getlist("severity"), SEVERITIES),
            kinds=_known(query.getlist("kind"), KINDS),
            confidences=_known(query.getlist("confidence"), CONFIDENCES),
            asset=_uuid(query.get("asset", "")),
            rule=_clean(query.get("rule", ""), 120),
            assignee=_assignee(query.get("assignee", "")),
            team=_uuid(query.get("team", "")),
            due=due,
            exploited=query.get("exploited", "") == "yes",
            liveness=_one_of(query.get("liveness", ""), LIVENESS),
            fix=_fix(query.get("fix", "")),
            package=_plain(query.get("package", ""), MOST_PACKAGE),
            since=since,
            change=change,
            group=_one_of(query.get("group", ""), GROUPS),
            text=_clean(query.get("q", ""), MOST_TEXT),
            sort=sort if sort.removeprefix("-") in sorts(_uuid(query.get("asset", "")), due) else DEFAULT_SORT,
        )

    @property
    def from_moment(self) -> datetime | None:
        """Since when; None where that is no matter."""
        if self.since in AGES:
            return clock.now() - AGES[self.since]
        return _moment(self.since)

    @property
    def order(self) -> Order:
        return Order(fields=SORTS[self.sort.removeprefix("-")], falling=self.sort.startswith("-"))

    @property
    def narrowed(self) -> bool:
        """Whether anything but status and order is set."""
        return self != Filters(status=self.status, sort=self.sort, group=self.group)

    @property
    def tallied(self) -> bool:
        """Whether nothing is asked but what is always counted (`tallies`)."""
        return self.but(asset=None, kinds=(), severities=(), group="") == Filters(status=self.status, sort=self.sort)

    @property
    def selective(self) -> bool:
        """Whether findings of the assets in question may be left out."""
        return self.but(asset=None).narrowed

    def of_person(self, person: UUID) -> "Filters":
        """The same for whoever reads it later: `me` by name."""
        return replace(self, assignee=str(person)) if self.assignee == ME else self

    def but(self, **changes: Any) -> "Filters":
        return replace(self, **changes)

    def within(self, key: str) -> "Filters":
        """The findings of one group, one by one. Raises ValueError where no group has such a key."""
        if not self.group or (not key and self.group != "package") or _plain(key) != key:
            raise ValueError("no group has this key")
        given = {"asset": UUID(key)} if self.group == "asset" else {self.group: key or NO_PACKAGE}
        return self.but(group="", **given)

    def kept(self) -> list[tuple[str, str]]:
        """What no field of the list's form says, so that the form must carry it on."""
        fields = [name for name in CHOSEN if name != "sort" or not self.group]
        return [(name, value) for name, value in self.pairs() if name not in fields]

    def pairs(self) -> list[tuple[str, str]]:
        """The query string's parts in one fixed order; what is as usual is left out."""
        pairs = [("status", self.status)] if self.status != _usual(self.change) else []
        pairs += [("severity", value) for value in self.severities]
        pairs += [("kind", value) for value in self.kinds]
        pairs += [("confidence", value) for value in self.confidences]
        pairs += [("asset", str(self.asset))] if self.asset else []
        pairs += [(name, value) for name, value in (("rule", self.rule), ("assignee", self.assignee)) if value]
        pairs += [("team", str(self.team))] if self.team else []
        pairs += [("due", self.due)] if self.due else []
        pairs += [("exploited", "yes")] if self.exploited else []
        pairs += [("liveness", self.liveness)] if self.liveness else []
        pairs += [(name, value) for name, value in (("fix", self.fix), ("package", self.package)) if value]
        pairs += [(name, value) for name, value in (("since", self.since), ("change", self.change)) if value]
        pairs += [("group", self.group)] if self.group else []
        pairs += [("q", self.text)] if self.text else []
        return pairs + ([("sort", self.sort)] if self.sort != DEFAULT_SORT else [])

    def query(self, **cursor: str) -> str:
        """`?…` for an address, or nothing; with a cursor it names one page of the list."""
        text = urlencode([*self.pairs(), *((name, value) for name, value in cursor.items() if value)])
        return f"?{text}" if text else ""


def _known(values: list[str], allowed: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(value for value in allowed if value in values)


def _one_of(value: str, allowed: Collection[str]) -> str:
    return value if value in allowed else ""


def _usual(change: str) -> str:
    """The status of a list that names none: what ended is among what has ended."""
    return (Finding.Status.RESOLVED if change == "resolved" else Finding.Status.OPEN).value


def _since(text: str) -> str:
    return text if text in AGES or _moment(text) else ""


def _moment(text: str) -> datetime | None:
    """A day begins at midnight UTC; before 1970 there are no keys."""
    try:
        found = datetime.fromisoformat(text)
        found = (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return found if found.year >= 1970 else None


def _fix(text: str) -> str:
    return text if len(text) == LENGTH_OF_FIX and set(text) <= set(hexdigits) else ""


def _assignee(text: str) -> str:
    return text if text in (ME, NOBODY) else str(_uuid(text) or "")


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _clean(text: str, most: int) -> str:
    return _plain(text).strip()[:most]


def _plain(text: str, most: int | None = None) -> str:
    return text.replace("\x00", "").encode("utf-8", "ignore").decode()[:most]
