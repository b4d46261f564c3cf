from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession

from vallum_web.accounts.models import User
from vallum_web.accounts.person import devices
from vallum_web.accounts.person.devices import Device


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One place where a person is signed in."""

    key: int
    device: Device
    address: str
    began: datetime
    seen: datetime
    is_here: bool


def sessions(user: User, *, here: str | None) -> list[Listed]:
    """Where the person is signed in, the present place first, then by last use."""
    found = [_listed(row, here) for row in UserSession.objects.purge_and_list(user)]
    return sorted(found, key=lambda session: (not session.is_here, -session.seen.timestamp(), session.key))


def session(user: User, key: int) -> UserSession:
    """Raises UserSession.DoesNotExist."""
    return UserSession.objects.get(user=user, pk=key)


def others(user: User, *, here: str | None) -> Iterator[UserSession]:
    return iter(UserSession.objects.filter(user=user).exclude(session_key=here))


def with_second_step(people: Iterable[UUID]) -> set[UUID]:
    """Which of them have an app or a passkey. Recovery codes alone are none: they come with one of the two."""
    kinds = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)
    return set(Authenticator.objects.filter(user_id__in=set(people), type__in=kinds).values_list("user_id", flat=True))


def _listed(row: UserSession, here: str | None) -> Listed:
    return Listed(
        key=row.pk,
        device=devices.read(row.user_agent),
        address=row.ip,
        began=row.created_at,
        seen=row.last_seen_at,
        is_here=row.session_key == here,
    )
