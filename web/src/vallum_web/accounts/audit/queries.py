"""Reads of the audit log for people: narrowed, in pages, with the names of those in it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

from vallum_web.accounts.audit.filters import Filters
from vallum_web.accounts.models import ApiToken, Membership, Team
from vallum_web.tenancy import keyset
from vallum_web.tenancy.audit.models import Checkpoint, Entry, Head
from vallum_web.tenancy.models import Org, OrgQuerySet

NEWEST = keyset.Order(fields=("seq",))
PAGE = 50
MOST_CHOICES = 200


def entries(org: Org | UUID, filters: Filters) -> OrgQuerySet[Entry]:
    """The entries that `filters` leaves, in no order."""
    rows: OrgQuerySet[Entry] = Entry.objects.of(org)
    if filters.kind:
        whole = "." in filters.kind
        rows = rows.filter(kind=filters.kind) if whole else rows.filter(kind__startswith=f"{filters.kind}.")
    equal = {"actor": filters.actor, "via": filters.token, "subject": filters.subject}
    rows = rows.filter(**{name: value for name, value in equal.items() if value})
    if filters.since:
        rows = rows.filter(at__gte=_midnight(filters.since))
    if filters.until and filters.until < date.max:
        rows = rows.filter(at__lt=_midnight(filters.until + timedelta(days=1)))
    return rows


def page(org: Org, filters: Filters, *, after: str = "", before: str = "") -> keyset.Page[Entry]:
    """One page, the newest first."""
    return keyset.page([entries(org, filters)], NEWEST, after=after, before=before, size=PAGE)


def entry(org: Org, key: UUID) -> Entry:
    """Raises Entry.DoesNotExist."""
    found: Entry = Entry.objects.of(org).get(pk=key)
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """How the log stands: what stands above the list."""

    head: Head | None
    attested: Checkpoint | None


def state(org: Org) -> State:
    daily = Checkpoint.objects.of(org).filter(reason=Checkpoint.Reason.DAILY)
    return State(head=Head.objects.of(org).first(), attested=daily.order_by("-day").first())


def names(org: Org | UUID, keys: Iterable[UUID]) -> Mapping[UUID, str]:
    """What the tokens and teams among these are called."""
    wanted = set(keys)
    if not wanted:
        return {}
    tokens = ApiToken.objects.of(org).filter(pk__in=wanted).values_list("pk", "name")
    return {**dict(tokens), **dict(Team.objects.of(org).filter(pk__in=wanted).values_list("pk", "name"))}


def choices(org: Org) -> list[tuple[UUID, str]]:
    """The members to choose an actor from, by name; a filter's address takes anybody else too."""
    members = Membership.objects.of(org).select_related("user")[:MOST_CHOICES]
    return sorted(((member.user_id, str(member.user)) for member in members), key=lambda item: item[1].casefold())


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=UTC)
