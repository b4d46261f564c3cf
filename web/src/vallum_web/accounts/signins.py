"""What is known of how a person's account was used: for their own page, and to tell a place they come from."""

from datetime import timedelta
from uuid import UUID

from django.db.models import QuerySet

from vallum_web.accounts.models import SignIn, User
from vallum_web.accounts.networks import neighbourhood
from vallum_web.tenancy import clock

SUCCESSES = (SignIn.Kind.PASSWORD, SignIn.Kind.PASSKEY, SignIn.Kind.SSO)
KEPT_FOR = timedelta(days=90)


def known_prefix(user: User | UUID, prefix: str) -> bool:
    """Whether the person has signed in from the neighbourhood of this network or address within 90 days."""
    place = neighbourhood(prefix)
    return bool(place) and successes().filter(user=user, network=place).exists()


def known_to(email: str, prefix: str) -> bool:
    """As `known_prefix`, before anybody is known to be behind the address: one query, whether or not somebody is."""
    place = neighbourhood(prefix)
    return bool(place) and successes().filter(user__email=email.strip().lower(), network=place).exists()


def of(user: User) -> QuerySet[SignIn]:
    return SignIn.objects.filter(user=user)


def successes() -> QuerySet[SignIn]:
    """Those within 90 days: older ones are forgotten, whether or not they are pruned yet."""
    return SignIn.objects.filter(kind__in=SUCCESSES, at__gt=clock.now() - KEPT_FOR)


def came_from(user: User, *, family: str, network: str) -> QuerySet[SignIn]:
    return successes().filter(user=user, family=family, network=network)
