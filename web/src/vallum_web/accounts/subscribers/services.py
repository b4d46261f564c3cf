"""Asking to be told, confirming it, and ending it."""

import json
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from typing import Final

from django.conf import settings
from django.db import IntegrityError, transaction
from django.urls import reverse

from vallum_web.accounts import throttle
from vallum_web.accounts.addresses import normal
from vallum_web.accounts.subscribers.models import Subscriber
from vallum_web.mail import services as mails
from vallum_web.mail.letters import letter
from vallum_web.mail.recipients import Recipient
from vallum_web.mail.recipients import digest as of_address
from vallum_web.tenancy import clock, keyring
from vallum_web.tenancy.keys import uuid7

UNCONFIRMED_FOR: Final = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """An address that is told, and where its reader ends that."""

    address: str
    leave: str


def ask(address: str) -> None:
    """Send the address a link that confirms it. Where it is confirmed already, nothing happens; nobody learns which."""
    address = normal(address)
    try:
        with transaction.atomic():
            known = Subscriber.objects.select_for_update().filter(recipient=of_address(address)).first()
            if known is not None and known.confirmed_at:
                return
            if known is not None:
                _forget(known)
            _begin(address)
    except IntegrityError:  # the same address at the same moment: one mail is enough
        return


def _begin(address: str) -> None:
    key, row = secrets.token_urlsafe(24), Subscriber(id=uuid7(), recipient=of_address(address), asked_at=clock.now())
    row.digest = _digest(key)
    row.sealed = keyring.seal_for(row.pk, _place(row), json.dumps({"address": address, "key": key}))
    row.save()
    if throttle.mail(address):
        mails.queue(kind="processors", to=Recipient(address=address), letter=letter("subscription", link=_link(key)))


def by_link(key: str) -> Subscriber:
    """Raises Subscriber.DoesNotExist."""
    return Subscriber.objects.get(digest=_digest(key))


def confirm(key: str) -> None:
    """Twice is the same as once. Raises Subscriber.DoesNotExist."""
    row = by_link(key)
    Subscriber.objects.filter(pk=row.pk, confirmed_at=None).update(confirmed_at=clock.now())


def end(key: str) -> None:
    """The address is forgotten. Raises Subscriber.DoesNotExist."""
    with transaction.atomic():
        _forget(by_link(key))


def forget(address: str) -> int:
    """For whoever erases a person: their address goes here as well."""
    with transaction.atomic():
        rows = list(Subscriber.objects.filter(recipient=of_address(address)))
        for row in rows:
            _forget(row)
    return len(rows)


def confirmed() -> Iterator[Told]:
    """Everybody who is to be told."""
    for row in Subscriber.objects.filter(confirmed_at__isnull=False).order_by("pk").iterator(chunk_size=500):
        try:
            said = json.loads(keyring.unseal_for(row.pk, _place(row), row.sealed))
        except keyring.KeyringError:
            continue
        yield Told(address=said["address"], leave=_link(said["key"]))


def count() -> int:
    return Subscriber.objects.filter(confirmed_at__isnull=False).count()


def prune() -> int:
    """Forget addresses that nobody confirmed within seven days."""
    rows = list(Subscriber.objects.filter(confirmed_at=None, asked_at__lt=clock.now() - UNCONFIRMED_FOR)[:10_000])
    for row in rows:
        with transaction.atomic():
            _forget(row)
    return len(rows)


def _forget(row: Subscriber) -> None:
    key = row.pk
    row.delete()
    keyring.forget_subject(key)


def _digest(key: str) -> bytes:
    return sha256(key.encode("utf-8", "surrogatepass")).digest()


def _place(row: Subscriber) -> str:
    return f"subscribers.Subscriber.sealed:{row.pk}"


def _link(key: str) -> str:
    return settings.PUBLIC_URL.rstrip("/") + reverse("subscribers:mine", args=[key])
