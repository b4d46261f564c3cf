"""From the event log to messages: read on from where one stopped, and write what is to be sent, in one transaction.

Killed at any point, nothing of a round is there, and the next begins where this one did: no event is passed over, and none
makes two messages.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from vallum_web.assets.models import Asset
from vallum_web.findings.models import Finding
from vallum_web.notify import chat, narrowing, payload, telling
from vallum_web.notify.happened import SOON, Span
from vallum_web.notify.models import Delivery, Follower, Occasion, Webhook
from vallum_web.scans.models import Scan
from vallum_web.tenancy import clock, events
from vallum_web.tenancy.events import Step
from vallum_web.tenancy.models import Event, Org, OrgQuerySet
from vallum_web.tenancy.scope import scope

_OF_FINDINGS = (Occasion.OPENED, Occasion.REOPENED, Occasion.RESOLVED, Occasion.SUPPRESSED)
_EVALUATED, _SCAN_FAILED = "gate.evaluated", "scan.failed"
_FOLLOWED = (*_OF_FINDINGS, _EVALUATED, _SCAN_FAILED)


def begin(org: Org) -> None:
    """Have the organization followed from now on. Inside its scope; again is no change."""
    here = {"transaction": events.settled(), "due_seen": clock.now()}
    Follower.objects.get_or_create(org=org, defaults=here)


def follow(org: UUID) -> None:
    """Read what happened since the last time, and what came due."""
    with scope(org):
        place = Follower.objects.of(org).select_for_update(skip_locked=True).first()
        if place is None:
            return
        owner = Org.objects.get(pk=org)
        webhooks = list(Webhook.objects.of(org).filter(on=True))
        # A restored copy of the database counts its transactions anew.
        since = min(place.transaction, events.settled())
        found, place.transaction = events.steps(org, since, _FOLLOWED)
        for step in found:
            Delivery.objects.bulk_create(_of_step(owner, webhooks, step))
        now = clock.now()
        came_due = _came_due(org, place.due_seen, now)
        for occasion, rows in came_due:
            Delivery.objects.bulk_create(_of_findings(owner, webhooks, occasion, now, rows))
        if found or any(rows.exists() for _, rows in came_due):
            telling.at_once(owner, Span(after=since, upto=place.transaction, since=place.due_seen, until=now))
        telling.together(owner, now)
        place.due_seen = now
        place.save(update_fields=["transaction", "due_seen"])


def _of_step(org: Org, webhooks: Sequence[Webhook], step: Step) -> Iterator[Delivery]:
    wrote = Event.objects.of(org).filter(transaction=step.transaction, kind=step.kind)
    if step.kind in _OF_FINDINGS:
        rows = Finding.objects.of(org).filter(pk__in=wrote.values("subject"))
        yield from _of_findings(org, webhooks, step.kind, step.at, rows)
    elif step.kind == _EVALUATED:
        yield from _of_gates(org, _wanting(webhooks, Occasion.GATE_FAILED), wrote.filter(data__verdict="fail"))
    else:
        yield from _of_scans(org, _wanting(webhooks, Occasion.SCAN_FAILED), wrote)


def _wanting(webhooks: Iterable[Webhook], occasion: str) -> list[Webhook]:
    return [webhook for webhook in webhooks if occasion in webhook.occasions]


def _came_due(org: UUID, since: datetime, now: datetime) -> list[tuple[str, OrgQuerySet[Finding]]]:
    """Each finding once for each of the two, for as long as its date stays where it is."""
    rows = Finding.objects.of(org).filter(status=Finding.Status.OPEN)
    return [
        (Occasion.DUE_SOON, rows.filter(due_at__gte=since + SOON, due_at__lt=now + SOON)),
        (Occasion.OVERDUE, rows.filter(due_at__gte=since, due_at__lt=now)),
    ]


def _of_findings(
    org: Org, webhooks: Sequence[Webhook], occasion: str, at: datetime, rows: OrgQuerySet[Finding]
) -> Iterator[Delivery]:
    for webhook in _wanting(webhooks, occasion):
        fit = narrowing.findings(webhook, rows)
        if count := fit.count():
            listed = list(fit.select_related("asset").order_by("-risk", "-severity", "-id")[: payload.LISTED])
            yield _made(org, webhook, occasion, at, payload.findings(org, listed, count))


def _of_gates(org: Org, webhooks: Sequence[Webhook], wrote: Iterable[Event]) -> Iterator[Delivery]:
    for event in wrote if webhooks else ():
        asset = Asset.objects.of(org).filter(pk=event.data["asset"])
        yield from _of_asset(org, webhooks, Occasion.GATE_FAILED, event, asset)


def _of_scans(org: Org, webhooks: Sequence[Webhook], wrote: Iterable[Event]) -> Iterator[Delivery]:
    for event in wrote if webhooks else ():
        asset = Asset.objects.of(org).filter(pk__in=Scan.objects.of(org).filter(pk=event.subject).values("asset"))
        yield from _of_asset(org, webhooks, Occasion.SCAN_FAILED, event, asset)


def _of_asset(
    org: Org, webhooks: Sequence[Webhook], occasion: str, event: Event, about: OrgQuerySet[Asset]
) -> Iterator[Delivery]:
    said = payload.gate if occasion == Occasion.GATE_FAILED else payload.scan
    for webhook in webhooks:
        if asset := about.filter(narrowing.assets(webhook)).first():
            yield _made(org, webhook, occasion, event.at, said(org, event, asset))


def _made(org: Org, webhook: Webhook, occasion: str, at: datetime, data: dict[str, Any]) -> Delivery:
    now = clock.now()
    body = chat.body(webhook.shape, payload.message(org, occasion, at, data))
    return Delivery(org=org, webhook=webhook, occasion=occasion, body=body, made_at=now, due_at=now)
