"""Every read about minors' accounts."""

from datetime import timedelta
from uuid import UUID

from django.db.models import QuerySet

from vallum_web.privacy.erasure.models import Deletion
from vallum_web.privacy.minors.models import Decision
from vallum_web.privacy.requests.models import Request
from vallum_web.tenancy import clock
from vallum_web.tenancy.scope import looking_back

AT_ONCE = timedelta(hours=1)
LOOKED_AT = timedelta(days=7)


def reports() -> QuerySet[Request]:
    """What waits, confirmed or not: whether an account is a child's does not hang on who says so."""
    waiting = (Request.State.UNCONFIRMED, Request.State.OPEN)
    return Request.objects.filter(kind=Request.Kind.CHILD, state__in=waiting).order_by("received_at", "id")


def report(key: UUID) -> Request | None:
    return Request.objects.filter(pk=key, kind=Request.Kind.CHILD).first()


def decisions() -> QuerySet[Decision]:
    return Decision.objects.order_by("-at", "-pk")


def left() -> int:
    """Accounts found to be minors' of which something is there an hour later."""
    decided = Decision.objects.filter(at__lt=clock.now() - AT_ONCE).values("deletion")
    with looking_back():
        return Deletion.objects.filter(pk__in=decided).exclude(state=Deletion.State.PURGED).count()


def unlooked() -> int:
    """Confirmed reports that nobody has answered within a week."""
    return reports().filter(state=Request.State.OPEN, received_at__lt=clock.now() - LOOKED_AT).count()
