"""Every read about minors' accounts."""

from datetime import timedelta
from uuid import UUID

from django.db.models import Q, QuerySet

from vallum_web.privacy.erasure.models import Deletion, Preservation
from vallum_web.privacy.minors.models import Decision
from vallum_web.privacy.requests.models import Request
from vallum_web.tenancy import clock, keyring
from vallum_web.tenancy.scope import looking_back

AT_ONCE = timedelta(hours=1)
LOOKED_AT = timedelta(days=7)


def reports() -> QuerySet[Request]:
    """What waits, confirmed or not: whether an account is a child's does not hang on who says so."""
    waiting = (Request.State.UNCONFIRMED, Request.State.OPEN)
    return Request.objects.filter(kind=Request.Kind.CHILD, state__in=waiting).order_by("received_at", "id")


def report(key: UUID) -> Request | None:
    return Request.objects.filter(pk=key, kind=Request.Kind.CHILD).first()


def decisions(most: int) -> list[tuple[Decision, str]]:
    """The latest, each with how it was settled."""
    return [(row, opened(row)) for row in Decision.objects.order_by("-at", "-pk")[:most]]


def place(row: Decision) -> str:
    return f"privacy_minors.Decision.sealed:{row.pk}"


def opened(row: Decision) -> str:
    """Empty once the key is destroyed."""
    try:
        return keyring.unseal_for(row.pk, place(row), row.sealed)
    except keyring.KeyringError:
        return ""


def left() -> int:
    """Accounts found to be minors' of which something is there an hour later, and an hour after an authority had it preserved."""
    before = clock.now() - AT_ONCE
    decided = Decision.objects.filter(at__lt=before).values("deletion")
    held = Preservation.objects.filter(
        Q(until=None) | Q(until__gt=before), Q(lifted_at=None) | Q(lifted_at__gt=before)
    ).values("subject")
    with looking_back():
        there = Deletion.objects.filter(pk__in=decided).exclude(state=Deletion.State.PURGED)
        return there.exclude(subject__in=held).count()


def unlooked() -> int:
    """Confirmed reports that nobody has answered within a week."""
    return reports().filter(state=Request.State.OPEN, received_at__lt=clock.now() - LOOKED_AT).count()
