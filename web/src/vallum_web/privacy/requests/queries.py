"""Every read of the register."""

import json
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from vallum_web.accounts import queries as people
from vallum_web.privacy.requests.models import Request, Step
from vallum_web.tenancy import clock, keyring

SOON = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A step as it is shown."""

    what: str
    at: Any
    words: str
    by: str


def place(row: Request | Step) -> str:
    """What is sealed opens only where it was sealed for."""
    return f"privacy_requests.{type(row).__name__}.sealed:{row.pk}"


def wanted(row: Request) -> dict[str, str]:
    """What was asked, and by whom; empty where the key is gone."""
    try:
        said: dict[str, str] = json.loads(keyring.unseal_for(row.pk, place(row), row.sealed))
    except keyring.KeyringError:
        return {}
    return said


def steps(row: Request) -> list[Told]:
    found = list(row.steps.order_by("at", "id"))
    names = people.names({step.by for step in found if step.by})
    texts = keyring.unseal_all_for
    return [
        Told(
            what=step.get_what_display(),
            at=step.at,
            words=next(texts(place(step), [(row.pk, step.sealed)])) or "" if step.sealed else "",
            by=names.get(step.by, "an operator") if step.by else "",
        )
        for step in found
    ]


def of_person(person: UUID) -> list[Request]:
    return list(Request.objects.filter(person=person).order_by("-received_at"))


def by_link(key: str) -> Request:
    """Raises Request.DoesNotExist."""
    return Request.objects.get(digest=sha256(key.encode("utf-8", "surrogatepass")).digest())


def one(key: UUID) -> Request:
    """Raises Request.DoesNotExist."""
    return Request.objects.get(pk=key)


def waiting() -> QuerySet[Request]:
    """What is to be answered, the most urgent first."""
    return Request.objects.filter(state=Request.State.OPEN).order_by("due_at", "id")


def ended() -> QuerySet[Request]:
    return Request.objects.filter(ended_at__isnull=False).order_by("-ended_at", "-id")


def unconfirmed() -> int:
    return Request.objects.filter(state=Request.State.UNCONFIRMED).count()


def urgency(row: Request) -> str:
    """`late`, `soon`, or nothing."""
    left = row.due_at - clock.now()
    if left < timedelta(0):
        return "late"
    return "soon" if left < SOON else ""


def late() -> int:
    """How many are past their due date: the figure of the trust page, which has to be 0."""
    return Request.objects.filter(state=Request.State.OPEN, due_at__lt=clock.now()).count()
