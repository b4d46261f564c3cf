"""API tokens: `vlm_api_` + 26 random base32 characters + 6 of a CRC32, so that a typo never reaches the database."""

import secrets
import zlib
from datetime import timedelta
from hashlib import sha256

from vallum_web.accounts.models import ApiToken, Membership, User
from vallum_web.tenancy import clock, lookups
from vallum_web.tenancy.events import emit
from vallum_web.tenancy.models import Org
from vallum_web.tenancy.scope import scope

PREFIX = "vlm_api_"
ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"
DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
RANDOM = 26
DAYS = 90
# From the most powerful on.
_ROLES = tuple(Membership.Role)
# The last use is a fact for people, to the minute; a write per call would be a write per call.
USE_EVERY = timedelta(minutes=1)


def make(org: Org, by: User, *, name: str, role: Membership.Role, days: int = DAYS) -> tuple[ApiToken, str]:
    """A new token and its text, which is shown once and kept nowhere."""
    body = PREFIX + "".join(secrets.choice(ALPHABET) for _ in range(RANDOM))
    text = body + checksum(body)
    with scope(org.pk, user=by.pk):
        token = ApiToken.objects.create(
            org=org,
            name=name,
            start=text[:12],
            digest=sha256(text.encode()).digest(),
            role=role,
            by=by.pk,
            made_at=clock.now(),
            expires_at=clock.now() + timedelta(days=days),
        )
        emit("token.made", token.pk, name=name, role=role)
    return token, text


def revoke(token: ApiToken) -> None:
    with scope(token.org_id):
        if ApiToken.objects.of(token.org_id).filter(pk=token.pk, revoked_at=None).update(revoked_at=clock.now()):
            emit("token.revoked", token.pk, name=token.name)


def authenticate(text: str) -> ApiToken | None:
    """The live token that `text` is, or None: unknown, mistyped, expired and revoked look the same from outside.

    A token acts for its maker: it is dead when they have left or were deactivated, and its role is never above theirs.
    """
    body, check = text[: len(PREFIX) + RANDOM], text[len(PREFIX) + RANDOM :]
    if not text.isascii() or not body.startswith(PREFIX) or check != checksum(body):
        return None
    found = lookups.token(sha256(text.encode()).digest())
    if found is None:
        return None
    org, key = found
    with scope(org):
        token = ApiToken.objects.of(org).filter(pk=key, revoked_at=None, expires_at__gt=clock.now()).first()
        maker = Membership.objects.of(org).filter(user=token.by, user__is_active=True).first() if token else None
        if token is None or maker is None:
            return None
        token.role = weaker(token.role, maker.role)
        if token.used_at is None or clock.now() - token.used_at > USE_EVERY:
            ApiToken.objects.of(org).filter(pk=key).update(used_at=clock.now())
        return token


def weaker(one: str, other: str) -> Membership.Role:
    return max(Membership.Role(one), Membership.Role(other), key=_ROLES.index)


def at_least(role: Membership.Role) -> frozenset[Membership.Role]:
    """The role and those above it: who may hand it out."""
    return frozenset(_ROLES[: _ROLES.index(role) + 1])


def checksum(body: str) -> str:
    """CRC32 of the body, as six base62 digits."""
    value, digits = zlib.crc32(body.encode()), ""
    for _ in range(6):
        value, rest = divmod(value, 62)
        digits = DIGITS[rest] + digits
    return digits
