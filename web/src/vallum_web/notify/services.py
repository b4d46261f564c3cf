"""Writes: make, change, delete, switch, test a webhook; renew its secret; send something once more."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import IntegrityError

from vallum_web.notify import address, chat, follow, payload, signing
from vallum_web.notify.models import Delivery, Webhook
from vallum_web.tenancy import clock
from vallum_web.tenancy.events import emit
from vallum_web.tenancy.keyring import place, seal, unseal
from vallum_web.tenancy.models import Org
from vallum_web.tenancy.scope import scope

MOST = 50
KEPT_FOR = timedelta(days=30)
BOTH_VALID = timedelta(hours=24)
TRIAL = "test"


class RefusedError(ValueError):
    """It cannot be so; the message says why and what to do."""


class NameTakenError(RefusedError):
    """The organization has a webhook of this name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a webhook is to be. `url` None: as it is."""

    name: str
    url: str | None
    occasions: tuple[str, ...]
    severity: int = 0
    kinds: tuple[str, ...] = ()
    team: UUID | None = None
    importance: int | None = None
    shape: str = Webhook.Shape.WEBHOOK.value
    authorization: str | None = None
    """Of a collector, what stands in that header; None: as it is."""


def make(org: Org, by: UUID | None, wanted: Wanted) -> tuple[Webhook, str]:
    """The webhook, and its secret, which is shown once. Raises RefusedError, NameTakenError, and GuardError for the address."""
    if not wanted.url:
        raise RefusedError("Give the address that is to be called.")
    host, now = address.check(wanted.url, wanted.shape), clock.now()
    is_collector = wanted.shape == Webhook.Shape.SIEM
    secret = (wanted.authorization or "") if is_collector else signing.new_secret()
    try:
        with scope(org.pk, user=by):
            if Webhook.objects.of(org).count() >= MOST:
                raise RefusedError(f"There are {MOST} webhooks already: change or delete one.")
            row = Webhook(org=org, host=host, made_at=now, made_by=by, changed_at=now, **_told(wanted))
            row.url = seal(org, place(row, "url"), wanted.url)
            row.secret = seal(org, place(row, "secret"), secret)
            row.save(force_insert=True)
            follow.begin(org)
            emit("webhook.made", row.pk, host=host, **_plain(wanted))
            return row, secret
    except IntegrityError as error:
        raise _taken(wanted) from error


def change(org: Org, key: UUID, by: UUID | None, wanted: Wanted) -> Webhook:
    """Raises Webhook.DoesNotExist, NameTakenError, GuardError. What waits goes to the new address, as it was written."""
    host = address.check(wanted.url, wanted.shape) if wanted.url else None
    try:
        with scope(org.pk, user=by):
            row = _held(org, key)
            _keep_secret(org, row, wanted)
            for name, value in _told(wanted).items():
                setattr(row, name, value)
            if wanted.url and host:
                row.url, row.host = seal(org, place(row, "url"), wanted.url), host
            row.changed_at = clock.now()
            row.save()
            emit("webhook.changed", row.pk, host=row.host, address=bool(host), **_plain(wanted))
            return row
    except IntegrityError as error:
        raise _taken(wanted) from error


def _keep_secret(org: Org, row: Webhook, wanted: Wanted) -> None:
    """What was meant for one end is never sent to another: neither a key that signs, nor a collector's authorization."""
    was, now = row.shape == Webhook.Shape.SIEM, wanted.shape == Webhook.Shape.SIEM
    if now and (wanted.authorization is not None or wanted.url or not was):
        secret = wanted.authorization or ""
    elif was and not now:
        secret = signing.new_secret()
    else:
        return
    row.secret = seal(org, place(row, "secret"), secret)
    row.former_secret, row.former_until = "", None


def delete(org: Org, key: UUID, by: UUID | None) -> None:
    """With its log and all that waits. Raises Webhook.DoesNotExist."""
    with scope(org.pk, user=by):
        row = _held(org, key)
        emit("webhook.deleted", row.pk, name=row.name, host=row.host)
        row.delete()


def rotate(org: Org, key: UUID, by: UUID | None) -> tuple[str, datetime]:
    """A new secret, shown once, and until when the one before signs too. Raises Webhook.DoesNotExist, RefusedError."""
    secret, both_until = signing.new_secret(), clock.now() + BOTH_VALID
    with scope(org.pk, user=by):
        row = _held(org, key)
        if row.shape == Webhook.Shape.SIEM:
            raise RefusedError(
                "What a collector wants to see is its own: give the new one where the webhook is changed."
            )
        row.former_secret = seal(org, place(row, "former_secret"), _secret(row))
        row.former_until = both_until
        row.secret = seal(org, place(row, "secret"), secret)
        row.save(update_fields=["former_secret", "former_until", "secret"])
        emit("webhook.rotated", row.pk, name=row.name)
        return secret, both_until


def switch(org: Org, key: UUID, by: UUID | None, *, on: bool) -> Webhook:
    """What waits stays, and goes out when it is on again. Raises Webhook.DoesNotExist."""
    with scope(org.pk, user=by):
        row = _held(org, key)
        if row.on == on:
            return row
        row.on, row.stopped_why, row.stopped_at = on, "", None if on else clock.now()
        row.failing_since = row.rests_until = None
        row.save(update_fields=["on", "stopped_why", "stopped_at", "failing_since", "rests_until"])
        emit("webhook.switched", row.pk, name=row.name, on=on)
        return row


def test(org: Org, key: UUID, by: UUID | None) -> Delivery:
    """Send a message that says it is a test. Raises Webhook.DoesNotExist, RefusedError."""
    with scope(org.pk, user=by):
        row = _held(org, key)
        _at_once(row)
        now = clock.now()
        body = chat.body(row.shape, payload.message(org, TRIAL, now, payload.trial()))
        made: Delivery = Delivery.objects.create(
            org=org, webhook=row, occasion=TRIAL, body=body, made_at=now, due_at=now
        )
        emit("webhook.tested", row.pk, name=row.name)
        return made


def again(org: Org, key: UUID, by: UUID | None) -> Delivery:
    """Send a message once more, the same under the same id. Raises Delivery.DoesNotExist, RefusedError."""
    with scope(org.pk, user=by):
        found: Delivery = Delivery.objects.of(org).get(pk=key)
        row = _held(org, found.webhook_id)
        delivery: Delivery = Delivery.objects.of(org).select_for_update().get(pk=key)
        _at_once(row)
        delivery.status, delivery.tries = Delivery.Status.WAITING, 0
        delivery.due_at, delivery.ended_at = clock.now(), None
        delivery.save(update_fields=["status", "tries", "due_at", "ended_at"])
        emit("webhook.sent_again", row.pk, delivery=str(delivery.pk))
        return delivery


def prune(org: UUID) -> int:
    """Forget messages of more than 30 days ago, and secrets that sign no more."""
    now = clock.now()
    with scope(org):
        gone, _ = Delivery.objects.of(org).filter(made_at__lt=now - KEPT_FOR).delete()
        old = Webhook.objects.of(org).filter(former_until__lt=now)
        old.update(former_secret="", former_until=None)
        return gone


def _held(org: Org, key: UUID) -> Webhook:
    row: Webhook = Webhook.objects.of(org).select_for_update().get(pk=key)
    return row


def _at_once(row: Webhook) -> None:
    """A person waits for it: no rest after a failure holds it up."""
    if not row.on:
        raise RefusedError("The webhook is switched off: switch it on first.")
    row.rests_until = None
    row.save(update_fields=["rests_until"])


def _secret(row: Webhook) -> str:
    return unseal(row.org_id, place(row, "secret"), row.secret)


def _told(wanted: Wanted) -> dict[str, Any]:
    return {
        "name": wanted.name,
        "shape": wanted.shape,
        "occasions": list(wanted.occasions),
        "severity": wanted.severity,
        "kinds": list(wanted.kinds),
        "team": wanted.team,
        "importance": wanted.importance,
    }


def _plain(wanted: Wanted) -> dict[str, Any]:
    told = _told(wanted)
    return {**told, "team": str(wanted.team) if wanted.team else None}


def _taken(wanted: Wanted) -> NameTakenError:
    return NameTakenError(f"There is a webhook called {wanted.name}: choose another name.")
