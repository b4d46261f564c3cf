"""What may be given of a person or an organization: tables of their own copy, as the data registry has them, and no others."""

from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

from vallum_web.accounts.models import User
from vallum_web.privacy.authorities.models import LegalRequest
from vallum_web.privacy.exports import tables
from vallum_web.privacy.exports.tables import Made, Table
from vallum_web.tenancy import lookups
from vallum_web.tenancy.models import Org
from vallum_web.tenancy.scope import Purpose, person, scope

_ITSELF = frozenset({User._meta.label, Org._meta.label})  # noqa: SLF001 - Django's documented way to a model's name
"""Rows that say who it is about are given whenever they came about."""


class BeyondScopeError(ValueError):
    """A table that is no part of what can be given; the message names it."""


def of(whose: str) -> Mapping[str, Table]:
    return tables.of_person() if whose == LegalRequest.Whose.PERSON else tables.of_organization()


def choices() -> list[tuple[str, str]]:
    """Every table that can be asked for, with whose it is in its title."""
    found = {**of(LegalRequest.Whose.ORG), **of(LegalRequest.Whose.PERSON)}
    return [(label, f"{table.title} ({label})") for label, table in sorted(found.items())]


def demand(whose: str, wanted: list[str], *, timed: bool) -> None:
    """`timed`: of rows that came about in a time alone, which not every table can tell. Raises BeyondScopeError."""
    if beyond := sorted(set(wanted) - of(whose).keys()):
        raise BeyondScopeError(f"Not of {whose}s: {', '.join(beyond)}.")
    whole = sorted(label for label in set(wanted) - _ITSELF if not of(whose)[label].knows_time)
    if timed and whole:
        raise BeyondScopeError(f"When its rows came about is not known, so no time limits them: {', '.join(whole)}.")


def rows(row: LegalRequest, label: str) -> Iterator[dict[str, Any]]:
    """The rows of one table within the scope: of this subject, of this time, and nobody else's."""
    table = of(row.whose)[label]
    made = None if label in _ITSELF else Made(since=row.since, until=row.until)
    for org in _orgs(row, table):
        after: str | None = None
        while page := _page(row, table, org, after, made):
            yield from (values for _, values in page)
            after = page[-1][0]


def _orgs(row: LegalRequest, table: Table) -> list[UUID | None]:
    if row.whose == LegalRequest.Whose.ORG:
        return [row.subject]
    if not table.is_tenants:
        return [None]
    with person(row.subject, purpose=Purpose.PRIVACY):
        return [org.id for org in lookups.my_orgs()]


def _page(
    row: LegalRequest, table: Table, org: UUID | None, after: str | None, made: Made | None
) -> list[tuple[str, dict[str, Any]]]:
    if org is None:
        with person(row.subject, purpose=Purpose.PRIVACY):
            return table.page(row.subject, after, made=made)
    user = row.subject if row.whose == LegalRequest.Whose.PERSON else None
    with scope(org, user=user, purpose=Purpose.PRIVACY):
        return table.page(row.subject, after, made=made)
