from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

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


def _listed(row: UserSession, here: str | None) -> Listed:
    return Listed(
        key=row.pk,
        device=devices.read(row.user_agent),
        address=row.ip,
        began=row.created_at,
        seen=row.last_seen_at,
        is_here=row.session_key == here,
    )
