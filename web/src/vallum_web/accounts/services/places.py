"""Networks that an account was signed in to from before. No cookie: there are two of those, and no third."""

from datetime import timedelta

from vallum_web.accounts.models import KnownPlace
from vallum_web.tenancy import clock
from vallum_web.tenancy.limits.store import digest

KEPT_FOR = timedelta(days=90)


def is_known(email: str, network: str) -> bool:
    return KnownPlace.objects.filter(pk=_digest(email, network), used_at__gt=clock.now() - KEPT_FOR).exists()


def remember(email: str, network: str) -> None:
    place = KnownPlace(digest=_digest(email, network), used_at=clock.now())
    KnownPlace.objects.bulk_create([place], update_conflicts=True, unique_fields=["digest"], update_fields=["used_at"])


def prune() -> int:
    return KnownPlace.objects.filter(used_at__lt=clock.now() - KEPT_FOR).delete()[0]


def _digest(email: str, network: str) -> bytes:
    return digest("KnownPlace", f"{email.strip().lower()}\0{network}")
