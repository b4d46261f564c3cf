from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.db.models import Count

from vallum_engine.model.finding import Kind
from vallum_web.accounts.models import Team
from vallum_web.assets.worth import Importance
from vallum_web.findings.models import Finding
from vallum_web.notify import happened, telling
from vallum_web.notify.models import Attempt, Delivery, Occasion, Rhythm, Rule, Webhook
from vallum_web.tenancy import clock, keyset
from vallum_web.tenancy.models import Org, OrgQuerySet

PAGE = 50
LOOKS_BACK = timedelta(days=7)
SHOWN = 10
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
    teams = _teams_of(org, listed)
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


def _teams_of(org: Org, rows: Iterable[Webhook | Rule]) -> dict[UUID, str]:
    return dict(Team.objects.of(org).filter(pk__in={row.team for row in rows if row.team}).values_list("pk", "name"))


def _occasions(row: Webhook | Rule) -> str:
    if not row.occasions:
        return "by rules alone"
    return ", ".join(occasion.label for occasion in Occasion if occasion in row.occasions)


def _only(row: Webhook | Rule, teams: dict[UUID, str]) -> str:
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


def webhook_choices(org: Org) -> list[tuple[str, str]]:
    return [(str(row.pk), f"{row.name} ({row.get_shape_display()})") for row in webhooks(org)]


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleLine:
    """A rule in a list, in words."""

    rule: Rule
    occasions: str
    only: str
    to: str


def rules(org: Org, person: UUID | None) -> list[RuleLine]:
    """The organization's own, or one person's; by name."""
    rows = list(Rule.objects.of(org).filter(person=person).select_related("webhook").order_by("name", "pk"))
    teams = _teams_of(org, rows)
    return [RuleLine(rule=row, occasions=_occasions(row), only=_only(row, teams), to=_to(row)) for row in rows]


def rule(org: Org, key: UUID, person: UUID | None) -> Rule:
    """Raises Rule.DoesNotExist."""
    found: Rule = Rule.objects.of(org).select_related("webhook").get(pk=key, person=person)
    return found


def _to(row: Rule) -> str:
    if row.webhook:
        return f"{row.webhook.name} ({row.webhook.get_shape_display()})"
    return row.get_audience_display() if row.audience else "You"


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What a rule would have told in the last days: the newest, and how many it would have been."""

    days: int
    told: Sequence[telling.Told]
    count: int


def preview(org: Org, rule: Rule) -> Preview:
    now = clock.now()
    span = happened.lately(org, now - LOOKS_BACK, now)
    found = list(telling.would_have(org, rule, span))
    shown = [
        telling.of_step(org, rule, steps[0]) if rule.rhythm == Rhythm.ONCE else telling.of_many(org, rule, steps, at)
        for at, steps in found[:SHOWN]
    ]
    return Preview(days=LOOKS_BACK.days, told=shown, count=len(found))
