"""Reads of what a provider made."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Q
from scim2_models import InvalidFilterException, SearchRequest, TooManyException

from vallum_web.accounts.models import ApiToken, Provisioning, ScimGroup, ScimGroupMember, ScimUser
from vallum_web.accounts.scim import mapping, narrowing, resources
from vallum_web.accounts.scim.narrowing import Columns, among, flag, key, moment, text
from vallum_web.accounts.sso import queries as sso
from vallum_web.tenancy.models import Org, OrgQuerySet

MOST_MATCHED = 5_000
"""Rows that are read to match a filter which the database cannot answer: below a second."""
FURTHEST = 1_000_000_000

_TIMES: Columns = {("meta", "created"): moment("made_at"), ("meta", "last_modified"): moment("changed_at")}
PEOPLE: Columns = {
    ("id", None): key,
    ("user_name", None): text("user_name_key"),
    ("external_id", None): text("external_id"),
    ("active", None): flag("active"),
    ("emails", "value"): among(lambda value: Q(address_keys__contains=[value])),
    **_TIMES,
}


def _holding(value: str) -> Q:
    found = narrowing.as_key(value)
    return Q(pk__in=ScimGroupMember.objects.filter(user=found).values("group")) if found else Q(pk__in=[])


GROUPS: Columns = {
    ("id", None): key,
    ("display_name", None): text("name_key"),
    ("external_id", None): text("external_id"),
    ("members", "value"): among(_holding),
    **_TIMES,
}
Orders = Mapping[tuple[str, str | None], str]
_BY_ROW: Orders = {("id", None): "id", ("meta", "created"): "made_at", ("meta", "last_modified"): "changed_at"}
PEOPLE_ORDERS: Orders = {("user_name", None): "user_name_key", **_BY_ROW}
GROUP_ORDERS: Orders = {("display_name", None): "name_key", **_BY_ROW}


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One page of what a search found, and how much it found in all."""

    resources: list[Any]
    total: int
    start: int


def people(org: UUID) -> OrgQuerySet[ScimUser]:
    return ScimUser.objects.of(org).select_related("member")


def groups(org: UUID) -> OrgQuerySet[ScimGroup]:
    return ScimGroup.objects.of(org).select_related("team")


def person(org: UUID, key: UUID | None) -> ScimUser | None:
    return people(org).filter(pk=key).first() if key else None


def group(org: UUID, key: UUID | None) -> ScimGroup | None:
    return groups(org).filter(pk=key).first() if key else None


def people_of(row: ScimGroup) -> list[UUID]:
    return list(
        ScimGroupMember.objects.of(row.org_id).filter(group=row).order_by("user").values_list("user", flat=True)
    )


def settings(org: UUID) -> Provisioning:
    """As the organization has them, or as they are by default."""
    return Provisioning.objects.of(org).first() or Provisioning(org_id=org)


def may_provision(org: UUID, address: str) -> bool:
    """Whether the organization has proved that the address's domain is its own; anybody else is invited."""
    return sso.proved(org, address.rpartition("@")[2])


def tokens(org: Org) -> OrgQuerySet[ApiToken]:
    return ApiToken.objects.of(org).filter(kind=ApiToken.Kind.SCIM).order_by("-id")


def find_people(org: UUID, search: SearchRequest[Any]) -> Found:
    """Raises InvalidFilterException, TooManyException."""
    where = narrowing.narrowed(search.filter, PEOPLE) if search.filter else narrowing.ALL
    rows, order = people(org).filter(where.where), _order(search, resources.User, PEOPLE_ORDERS)
    start, count = _window(search, resources.PAGE)
    if where.exact and order:
        total = rows.count()
        page = rows.order_by(*order)[start : start + count] if start < total else []
        return Found(resources=[mapping.user(row) for row in page], total=total, start=start)
    candidates = list(rows.order_by("id")[: MOST_MATCHED + 1])
    if len(candidates) > MOST_MATCHED:
        raise TooManyException(
            detail=f"This filter or order has to look at more than {MOST_MATCHED:,} people: "
            "add a condition on userName, externalId, emails.value, active or meta.lastModified."
        )
    everybody = [mapping.user(row) for row in candidates]
    found = search.sort(each for each in everybody if search.filter is None or search.filter.match(each))
    return Found(resources=found[start : start + count], total=len(found), start=start)


def find_groups(org: UUID, search: SearchRequest[Any], *, with_people: bool) -> Found:
    """Raises InvalidFilterException."""
    where = narrowing.narrowed(search.filter, GROUPS) if search.filter else narrowing.ALL
    order = _order(search, resources.Group, GROUP_ORDERS)
    if not where.exact or not order:
        raise InvalidFilterException(
            detail="Groups are found by id, displayName, externalId, members.value eq, and meta, and sorted by those "
            "but members and externalId."
        )
    rows = groups(org).filter(where.where)
    start, count = _window(search, resources.PAGE_WITH_PEOPLE if with_people else resources.PAGE)
    total = rows.count()
    page = list(rows.order_by(*order)[start : start + count]) if start < total else []
    inside = _people_of_all(org, [row.pk for row in page]) if with_people else {}
    return Found(resources=[mapping.group(row, inside.get(row.pk)) for row in page], total=total, start=start)


def _people_of_all(org: UUID, keys: Collection[UUID]) -> dict[UUID, list[UUID]]:
    inside: dict[UUID, list[UUID]] = {}
    places = ScimGroupMember.objects.of(org).filter(group__in=keys).order_by("group", "user")
    for holder, member in places.values_list("group", "user"):
        inside.setdefault(holder, []).append(member)
    return inside


def _window(search: SearchRequest[Any], most: int) -> tuple[int, int]:
    """Fewer than were asked for are a legal page (RFC 7644 §3.4.2.4)."""
    start = min(search.start_index_0 or 0, FURTHEST)
    return start, most if search.count is None else min(search.count, most)


def _order(search: SearchRequest[Any], kind: type[Any], orders: Orders) -> tuple[str, ...] | None:
    """None where the database has no column in that order."""
    if search.sort_by is None:
        return ("id",)
    binding = search.sort_binding(kind)
    column = orders.get((binding.field_name, binding.sub_field_name)) if binding else None
    descending = search.sort_order == SearchRequest.SortOrder.descending
    return (f"{'-' if descending else ''}{column}", "id") if column else None
