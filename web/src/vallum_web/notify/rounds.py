"""Rounds of sending: who has work, one message after the other, and what becomes of each.

A worker may be killed at any point. Before a try is written down the message still waits, and goes out once more under the
same `webhook-id`: at least once, and recognisably the same.
"""

from datetime import timedelta
from time import monotonic
from uuid import UUID

from django.db.models import Exists, OuterRef, Q

from vallum_web.notify import backoff, telling
from vallum_web.notify.models import Attempt, Delivery, Webhook
from vallum_web.notify.sending import GONE, Outcome, Parcel, send
from vallum_web.tenancy import clock
from vallum_web.tenancy.events import emit
from vallum_web.tenancy.jobs import enqueue
from vallum_web.tenancy.keyring import place, unseal
from vallum_web.tenancy.limits import gate
from vallum_web.tenancy.limits.catalogue import named
from vallum_web.tenancy.models import OrgQuerySet
from vallum_web.tenancy.scope import scope

SEND = "notify.send"
PER_HOST = named("WebhookOutPerHost")
LEASE = timedelta(seconds=60)
"""Longer than a round: ROUND and one last try."""
ROUND = 40.0


def hire(org: UUID) -> None:
    """Have somebody send for each webhook that has messages due and nobody at it."""
    with scope(org):
        now = clock.now()
        due = _due(org).filter(webhook=OuterRef("pk"))
        free = Q(sending_until=None) | Q(sending_until__lt=now)
        rested = Q(rests_until=None) | Q(rests_until__lte=now)
        rows = Webhook.objects.of(org).filter(free, rested, Exists(due), on=True)
        for webhook in rows.select_for_update(skip_locked=True):
            webhook.sending_until = now + LEASE
            webhook.save(update_fields=["sending_until"])
            enqueue(SEND, org=org, lock=f"{SEND}:{webhook.pk}", webhook=webhook.pk)


def work(org: UUID, webhook: UUID) -> None:
    """Send what is due of one webhook, the oldest first, until nothing is, something fails, or the round is over."""
    began = monotonic()
    while monotonic() - began < ROUND and (found := _next(org, webhook)):
        delivery, parcel = found
        given = gate.take(PER_HOST, f"{org} {parcel.host}")
        if not given.allowed:
            _rest(org, webhook, given.retry_after)
            break
        outcome = send(parcel)
        _note(org, delivery, outcome)
        if outcome.problem:
            break
    with scope(org):
        Webhook.objects.of(org).filter(pk=webhook).update(sending_until=None)


def _rest(org: UUID, webhook: UUID, wait: timedelta) -> None:
    """Too much went to this host of late: what is due waits, and no try of it is counted."""
    with scope(org):
        Webhook.objects.of(org).filter(pk=webhook).update(rests_until=clock.now() + wait)


def _due(org: UUID) -> OrgQuerySet[Delivery]:
    return Delivery.objects.of(org).filter(status=Delivery.Status.WAITING, due_at__lte=clock.now())


def _next(org: UUID, webhook: UUID) -> tuple[UUID, Parcel] | None:
    with scope(org):
        row = (
            _due(org)
            .filter(webhook=webhook, webhook__on=True)
            .select_related("webhook")
            .order_by("due_at", "id")
            .first()
        )
        if row is None:
            return None
        hook = row.webhook
        signed = hook.shape == Webhook.Shape.WEBHOOK
        has_key = signed or hook.shape == Webhook.Shape.SIEM
        sealed = [("secret", hook.secret)] if has_key else []
        if signed and hook.former_secret and hook.former_until and hook.former_until > clock.now():
            sealed.append(("former_secret", hook.former_secret))
        return row.pk, Parcel(
            org=org,
            webhook=hook.pk,
            message=row.message,
            shape=hook.shape,
            host=hook.host,
            url=unseal(org, place(hook, "url"), hook.url),
            keys=tuple(key for field, text in sealed if (key := unseal(org, place(hook, field), text))),
            body=row.body.encode(),
        )


def _note(org: UUID, delivery: UUID, outcome: Outcome) -> None:
    """Write a try down, and when the next one is. The webhook may be gone by now, and all of it with it."""
    with scope(org):
        row = Delivery.objects.of(org).select_for_update().filter(pk=delivery).first()
        if row is None:
            return
        webhook = Webhook.objects.of(org).select_for_update().get(pk=row.webhook_id)
        now = clock.now()
        Attempt.objects.create(
            org_id=org,
            delivery=row,
            at=now,
            status=outcome.status,
            milliseconds=outcome.milliseconds,
            answer=outcome.answer,
            problem=outcome.problem,
        )
        row.tries += 1
        pause = backoff.pause(row.tries) if outcome.problem else None
        if pause:
            row.due_at = now + pause
        else:
            row.status = Delivery.Status.FAILED if outcome.problem else Delivery.Status.DELIVERED
            row.due_at, row.ended_at = None, now
        row.save(update_fields=["tries", "status", "due_at", "ended_at"])
        _mark(webhook, outcome, row.tries, over=pause is None)


def _mark(webhook: Webhook, outcome: Outcome, tries: int, *, over: bool) -> None:
    now = clock.now()
    if not outcome.problem:
        webhook.failing_since = webhook.rests_until = None
    else:
        webhook.failing_since = webhook.failing_since or now
        webhook.rests_until = now + backoff.rest(tries)
        if outcome.status == GONE:
            _stop(webhook, "It answered 410: nobody is there any more.")
        elif over and backoff.given_up(webhook.failing_since, now):
            _stop(webhook, f"Nothing was taken for three days. The last time: {outcome.problem}")
    fields = ["failing_since", "rests_until", "on", "stopped_at", "stopped_why"]
    webhook.save(update_fields=fields)


def _stop(webhook: Webhook, why: str) -> None:
    webhook.on, webhook.stopped_at, webhook.stopped_why = False, clock.now(), why[:300]
    emit("webhook.stopped", webhook.pk, name=webhook.name, why=webhook.stopped_why)
    telling.stopped(webhook)
