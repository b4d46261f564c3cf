"""Who has not used their account for long. Any sign-in counts, by whatever means, and any use of a token of theirs."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Max, Q, QuerySet

from vallum_web.accounts.models import ApiToken, Operator, User
from vallum_web.accounts.queries import my_orgs
from vallum_web.privacy.inactivity.models import Idle
from vallum_web.tenancy import clock
from vallum_web.tenancy.scope import scope

LATE = timedelta(days=2)
"""The job comes once a day."""


def allowed() -> timedelta | None:
    """How long an account may lie unused; None: as long as it likes."""
    months: int = settings.INACTIVE_MONTHS
    return timedelta(days=months * 365 / 12) if months else None


def last_used(user: User) -> datetime:
    moments = [user.joined_at, *([user.last_login] if user.last_login else [])]
    for org in my_orgs(user):
        with scope(org.id, user=user.pk):
            used = ApiToken.objects.of(org.id).filter(by=user.pk).aggregate(at=Max("used_at"))["at"]
        if used:
            moments.append(used)
    return max(moments)


def unused_since(before: datetime) -> QuerySet[User]:
    """Whoever did not sign in since; operators are never among them. Their tokens are looked at one by one."""
    people = User.objects.filter(Q(last_login=None) | Q(last_login__lt=before), joined_at__lt=before)
    return people.exclude(pk__in=Operator.objects.values("user")).order_by("pk")


def late() -> int:
    """How many should be gone and are neither gone nor wait for another owner of their organization."""
    return Idle.objects.filter(due_at__lt=clock.now() - LATE, waits=False).count()
