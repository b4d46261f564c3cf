from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Count

from vallum_engine.model.finding import Kind
from vallum_web.accounts.models import Team
from vallum_web.assets.worth import Importance
from vallum_web.findings.models import Finding
from vallum_web.notify.models import Attempt, Delivery, Occasion, Webhook
from vallum_web.tenancy import keyset
from vallum_web.tenancy.models import Org, OrgQuerySet

PAGE = 50
NEWEST = keyset.Order()
BY_NAME = keyset.Order(fields=("name", "id"), falling=False)


def webhooks(org: Org) -> OrgQuerySet[Webhook]:
    return Webhook.objects.of(org).order_by("name", "id")


def webhook(org: Org, key: UUID) -> Webhook:
    """Raises Webhook.DoesNotExist."""
    found: Webhook = Webhook.objects.of(org).get(pk=key)
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A webhook in the list, in words."""

    webhook: Webhook
    occasions: str
    only: str
    """What it is narrowed to; empty: nothing."""
    waiting: int


def lines(org: Org, rows: Iterable[Webhook]) -> list[Line]:
    listed = list(rows)
    teams = dict(Team.objects.of(org).filter(pk__in={row.team for row in listed if row.team}).values_list("pk", "name"))
    waiting = dict(
        Delivery.objects.of(org)
        .filter(webhook__in=listed, status=Delivery.Status.WAITING)
        .order_by()
        .values_list("webhook")
        .annotate(Count("pk"))
    )
    return [
        Line(webhook=row, occasions=_occasions(row), only=_only(row, teams), waiting=waiting.get(row.pk, 0))
        for row in listed
    ]


def _occasions(row: Webhook) -> str:
    return ", ".join(occasion.label for occasion in Occasion if occasion in row.occasions)


def _only(row: Webhook, teams: dict[UUID, str]) -> str:
    parts = []
    if row.severity:
        parts.append(f"findings of {Finding.Severity(row.severity).label} severity or worse")
    if row.kinds:
        parts.append(f"of kind {', '.join(kind.value for kind in Kind if kind.value in row.kinds)}")
    if row.team:
        parts.append(f"on assets of {teams.get(row.team, 'a team that is gone: nothing fits')}")
    if row.importance is not None:
        parts.append(f"on assets of {Importance(row.importance).word} importance or more")
    return ", ".join(parts)


def deliveries(org: Org, webhook: UUID | None = None) -> OrgQuerySet[Delivery]:
    rows = Delivery.objects.of(org).select_related("webhook").defer("body")
    return rows.filter(webhook=webhook) if webhook else rows


def delivery_page(org: Org, *, webhook: UUID | None = None, after: str = "", before: str = "") -> keyset.Page[Delivery]:
    """The newest first."""
    return keyset.page([deliveries(org, webhook)], NEWEST, after=after, before=before, size=PAGE)


def delivery(org: Org, key: UUID) -> Delivery:
    """Raises Delivery.DoesNotExist."""
    found: Delivery = Delivery.objects.of(org).select_related("webhook").get(pk=key)
    return found


def attempts(org: Org, delivery: UUID) -> Sequence[Attempt]:
    """The newest first."""
    return list(Attempt.objects.of(org).filter(delivery=delivery).order_by("-id")[:PAGE])


def with_last(org: Org, rows: Iterable[Delivery]) -> list[tuple[Delivery, Attempt | None]]:
    """Each with its last try."""
    listed = list(rows)
    newest = Attempt.objects.of(org).filter(delivery__in=listed).order_by("delivery", "-id").distinct("delivery")
    last = {row.delivery_id: row for row in newest}
    return [(row, last.get(row.pk)) for row in listed]


def teams(org: Org) -> list[tuple[str, str]]:
    return [(str(key), name) for key, name in Team.objects.of(org).order_by("name").values_list("pk", "name")]
