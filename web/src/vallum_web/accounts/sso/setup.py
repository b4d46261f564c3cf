"""What an administrator entered, made into a provider; and what must be true before one may be switched on or required."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import requests
from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled

from vallum_web.accounts.models import IdentityProvider, User
from vallum_web.accounts.sso import oidc, queries, saml, services
from vallum_web.accounts.sso.domains import Seen
from vallum_web.accounts.sso.errors import UnreachableError, UnusableError
from vallum_web.tenancy import outbound

SEEN: Final[Mapping[Seen, str]] = {
    Seen.PROVED: "The domain is proved to be yours.",
    Seen.ABSENT: "The proof is not there yet. What was published a moment ago can take an hour to be seen.",
    Seen.UNKNOWN: "DNS did not answer, so nothing changed: try again later. {why}",
}


def read(org: UUID, kind: str, entered: Mapping[str, Any], *, known: IdentityProvider | None = None) -> dict[str, Any]:
    """The fields of a provider. Asks it for what it publishes. Raises UnreachableError, UnusableError.

    One that is `known` stays whose it is: what a subject means is its issuer's word, and another one's would make others
    of the people it knows.
    """
    given = {"name": entered["name"], "role": entered["role"]}
    if kind == IdentityProvider.Kind.OIDC:
        oidc.discover(org, entered["issuer"])
        return {
            **given,
            "issuer": entered["issuer"],
            "client_id": entered["client_id"],
            "secret": entered["secret"],
        }
    text = entered["metadata"] or (_fetched(org, entered["metadata_url"]) if entered["metadata_url"] else b"")
    if not text:
        return given
    found = saml.parsed(text)
    if known and known.issuer != found.entity:
        raise UnusableError(
            f"This is the metadata of {found.entity}: add that one as another provider, and switch over."
        )
    try:
        return {
            **given,
            "issuer": found.entity,
            "metadata": text.decode(),
            "metadata_url": entered["metadata_url"],
        }
    except UnicodeDecodeError as error:
        raise UnusableError("The metadata is not UTF-8.") from error


def _fetched(org: UUID, url: str) -> bytes:
    try:
        with outbound.session(org, oidc.PURPOSE) as session:
            answer = session.get(url, timeout=8)
            answer.raise_for_status()
    except requests.RequestException as error:
        raise UnreachableError(f"The metadata could not be fetched: {error}") from error
    return bytes(answer.content)


def good_until(provider: IdentityProvider) -> datetime | None:
    return saml.parsed(provider.metadata.encode()).good_until if provider.metadata else None


def somebody_has_two_factors(people: Iterable[User]) -> bool:
    kinds = [Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN]
    return any(is_mfa_enabled(each, types=kinds) for each in people)


def switch(provider: IdentityProvider, by: User, to: str) -> str:
    """Do what a button asks for, or say why not: `on`, `off`, `required`, `not_required`."""
    if to == "on":
        if provider.tested_at is None:
            return "Test the provider first: what it says must be seen once before it lets people in."
        services.use(provider, by)
    elif to == "off":
        services.stop(provider, by)
    elif to == "not_required":
        services.enforce(provider, by, on=False)
    elif to == "required":
        return _require(provider, by)
    else:
        return "Nothing was changed: the button is not one of this page."
    return ""


def _require(provider: IdentityProvider, by: User) -> str:
    if not provider.enabled:
        return "Switch the provider on first."
    if not queries.domains(provider.org_id).filter(verified_at__isnull=False).exists():
        return "Prove a domain first: single sign-on is required of people with addresses there."
    if not somebody_has_two_factors(queries.owners(provider.org_id)):
        return (
            "No owner has a second factor, so nobody could come in if the provider broke. Have one set up a second factor, "
            "under Your account, first."
        )
    services.enforce(provider, by, on=True)
    return ""
