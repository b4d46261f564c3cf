"""What is known of how a person's account was used."""

from datetime import timedelta

from django.db.models import QuerySet

from vallum_web.accounts.models import SignIn, User
from vallum_web.tenancy import clock

SUCCESSES = (SignIn.Kind.PASSWORD, SignIn.Kind.PASSKEY, SignIn.Kind.SSO)
KEPT_FOR = timedelta(days=90)


def of(user: User) -> QuerySet[SignIn]:
    return SignIn.objects.filter(user=user)


def successes() -> QuerySet[SignIn]:
    """Those within 90 days: older ones are forgotten, whether or not they are pruned yet."""
    return SignIn.objects.filter(kind__in=SUCCESSES, at__gt=clock.now() - KEPT_FOR)


def came_from(user: User, *, family: str, network: str) -> QuerySet[SignIn]:
    return successes().filter(user=user, family=family, network=network)
