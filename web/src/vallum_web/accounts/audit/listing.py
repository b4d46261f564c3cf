"""An entry as people read it: what, who, when, where."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.urls import reverse

from vallum_web.accounts import queries as people
from vallum_web.accounts.audit import queries
from vallum_web.accounts.audit.filters import Filters
from vallum_web.tenancy.audit import identity
from vallum_web.tenancy.audit.identity import Identity
from vallum_web.tenancy.audit.kinds import FAMILIES, WORDS, words
from vallum_web.tenancy.audit.models import Entry
from vallum_web.tenancy.models import Org

ERASED = "identity erased"
# Where an entry's subject has a page of its own, by the family of its kind.
_PAGES = {
    "finding": ("findings:finding", "finding"),
    "scan": ("scans:scan", "scan"),
    "asset": ("overview:asset", "asset"),
    "repository": ("overview:asset", "asset"),
}
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A row of the list; `identity` is None where it is erased, or was never there."""

    id: UUID
    seq: int
    at: datetime
    what: str
    about: str
    """What it was done to, where that has a name: a person, a token, a team."""
    facts: str
    who: str
    by: str
    """How, where it was not a person with a browser: a token's name, staff."""
    where: str
    erased: bool
    identity: Identity | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """What people and things are called at present."""

    people: Mapping[UUID, str]
    things: Mapping[UUID, str]
    """Tokens and teams."""

    def of(self, key: UUID | None) -> str:
        return (self.people.get(key) or self.things.get(key, "")) if key else ""


NOBODY = Names(people={}, things={})


def names(org: Org | UUID, rows: Sequence[Entry], members: Iterable[tuple[UUID, str]] = ()) -> Names:
    """Of all that these entries name: three queries, however many rows there are.

    Never of an id that an address brings: it may be anybody's.
    """
    return Names(
        people={**dict(members), **people.names(key for row in rows for key in (row.actor, row.subject) if key)},
        things=queries.names(org, (key for row in rows for key in (row.via, row.subject) if key)),
    )


def lines(org: Org | UUID, rows: Sequence[Entry], known: Names) -> list[Line]:
    key = org.pk if isinstance(org, Org) else org
    opened = identity.unsealed(key, [(row.actor or row.via, row.sealed) for row in rows])
    return [_line(row, found, known) for row, found in zip(rows, opened, strict=True)]


def _line(row: Entry, found: Identity | None, known: Names) -> Line:
    by = {Entry.Actor.TOKEN.value: known.of(row.via) or "a token", Entry.Actor.STAFF.value: "staff"}
    return Line(
        id=row.pk,
        seq=row.seq,
        at=row.at,
        what=words(row.kind),
        about=known.of(row.subject),
        facts=", ".join(f"{name} {value}" for name, value in facts(row) if value and not _UUID.fullmatch(value)),
        who=_who(row, found, known),
        by=by.get(row.actor_kind, ""),
        where=found.address if found else "",
        erased=bool(row.sealed_sha256) and found is None,
        identity=found,
    )


def _who(row: Entry, found: Identity | None, known: Names) -> str:
    if row.actor_kind == Entry.Actor.SYSTEM:
        return Entry.Actor.SYSTEM.label
    if row.actor is None:
        return known.of(row.via) or "a token that is gone"
    if name := known.of(row.actor):
        return name
    return (found.name or found.email) if found and (found.name or found.email) else ERASED


def facts(row: Entry) -> Iterator[tuple[str, str]]:
    """Each fact with its value as text."""
    for name, value in json.loads(row.facts).items():
        if isinstance(value, list):
            yield name, ", ".join(map(str, value))
        else:
            yield name, "" if value is None else value if isinstance(value, str) else json.dumps(value)


def subject_page(org: Org, row: Entry) -> str:
    """The address of what it was done to, where that has one; it may be gone."""
    found = _PAGES.get(row.kind.partition(".")[0])
    return reverse(found[0], kwargs={"org": org.slug, found[1]: row.subject}) if found else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chip:
    """A filter in force, and the list without it."""

    label: str
    url: str


def chips(base: str, filters: Filters, known: Names) -> list[Chip]:
    def chip(label: str, **without: str | None) -> Chip:
        return Chip(label=label, url=base + filters.but(**without).query())

    found = []
    if filters.kind:
        label = FAMILIES.get(filters.kind) or WORDS.get(filters.kind, filters.kind)
        found.append(chip(label, kind=""))
    for name, label in (("actor", "by"), ("token", "with the token"), ("subject", "about")):
        if key := getattr(filters, name):
            found.append(chip(f"{label} {known.of(key) or key}", **{name: None}))
    if filters.since:
        found.append(chip(f"from {filters.since}", since=None))
    if filters.until:
        found.append(chip(f"to {filters.until}", until=None))
    return found
