"""What a browser's session remembers between leaving for a provider and coming back: each attempt once, for ten minutes.

An answer counts only in the session that asked, and for the provider that was asked.
"""

import secrets
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from django.http import HttpRequest

from vallum_web.accounts.sso.claims import Claims
from vallum_web.tenancy.clock import now

_ATTEMPTS: Final = "sso_attempts"
_OFFER: Final = "sso_offer"
LASTS: Final = 600
"""Seconds."""
MOST: Final = 5
"""Attempts at once: a few windows. The oldest gives way."""


class Purpose(StrEnum):
    ENTER = "enter"
    AGAIN = "again"
    """Somebody who is signed in proves once more who they are."""
    TEST = "test"
    """An administrator looks at what the provider says; nobody is signed in by it."""


def _secret() -> str:
    return secrets.token_urlsafe(32)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One way to a provider and back. `key` is the state of OIDC, or the id of SAML's request."""

    provider: str
    purpose: str = Purpose.ENTER
    then: str = ""
    """Where the person wanted to go."""
    key: str = field(default_factory=_secret)
    nonce: str = field(default_factory=_secret)
    verifier: str = field(default_factory=_secret)
    at: float = field(default_factory=lambda: now().timestamp())

    @property
    def fresh(self) -> bool:
        return 0 <= now().timestamp() - self.at <= LASTS


def begin(request: HttpRequest, attempt: Attempt) -> None:
    kept = [item for item in request.session.get(_ATTEMPTS, []) if Attempt(**item).fresh]
    request.session[_ATTEMPTS] = [*kept, asdict(attempt)][-MOST:]


def take(request: HttpRequest, key: str, provider: UUID) -> Attempt | None:
    """The attempt of this key, once; none that was made for another provider."""
    kept = [Attempt(**item) for item in request.session.get(_ATTEMPTS, [])]
    found = next((item for item in kept if secrets.compare_digest(item.key.encode(), key.encode())), None)
    if found is None:
        return None
    request.session[_ATTEMPTS] = [asdict(item) for item in kept if item.key != found.key]
    return found if found.fresh and found.provider == str(provider) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """An identity that waits for its person to say yes: signed in by means of their own, as `account`."""

    org: str
    provider: str
    account: str
    subject: str
    email: str
    vouched: bool
    then: str = ""
    at: float = field(default_factory=lambda: now().timestamp())

    @property
    def claims(self) -> Claims:
        return Claims(subject=self.subject, email=self.email, vouched=self.vouched)


def offer(request: HttpRequest, provider: tuple[UUID, UUID], account: UUID, *, claims: Claims, then: str) -> None:
    """`provider`: its organization's id, and its own."""
    org, key = provider
    made = Offer(
        org=str(org),
        provider=str(key),
        account=str(account),
        subject=claims.subject,
        email=claims.email,
        vouched=claims.vouched,
        then=then,
    )
    request.session[_OFFER] = asdict(made)


def offered(request: HttpRequest) -> Offer | None:
    kept: dict[str, Any] | None = request.session.get(_OFFER)
    if not kept:
        return None
    found = Offer(**kept)
    return found if 0 <= now().timestamp() - found.at <= LASTS else None


def withdraw(request: HttpRequest) -> None:
    request.session.pop(_OFFER, None)
