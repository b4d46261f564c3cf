"""OpenID Connect, the relying party's side: code flow with PKCE, state and nonce. Everything leaves through the guard.

No token is kept: the ID token says who it is, the access token is at most shown once to the userinfo endpoint.
"""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote_plus, urlencode, urlsplit
from uuid import UUID

import requests
from django.core.cache import cache

from vallum_web.accounts.sso import idtoken
from vallum_web.accounts.sso.errors import NotGenuineError, UnreachableError, UnusableError
from vallum_web.accounts.sso.idtoken import Expected, UnknownKeyError
from vallum_web.tenancy import outbound

WELL_KNOWN: Final = "/.well-known/openid-configuration"
SCOPES: Final = "openid email profile"
PURPOSE: Final = "single sign-on"
KEPT_FOR: Final = 3600
"""Seconds for which a provider's metadata and keys are believed without asking again."""
_SECONDS: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Metadata:
    """What a provider publishes about itself."""

    issuer: str
    authorization: str
    token: str
    keys: str
    userinfo: str = ""
    by_post: bool = False
    """The client's secret goes into the form, not into a header: the provider takes nothing else."""
    names_itself: bool = False
    """It says in every answer who it is (RFC 9207)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """We, as one provider knows us."""

    org: UUID
    issuer: str
    id: str
    secret: str
    redirect_uri: str


def issuer_of(address: str) -> str:
    """What an administrator pasted: the issuer, or the address of its discovery document."""
    return address.strip().removesuffix(WELL_KNOWN)


def discover(org: UUID, issuer: str) -> Metadata:
    """Raises UnreachableError, UnusableError."""
    return parsed(_json(org, issuer.rstrip("/") + WELL_KNOWN), issuer)


def parsed(document: Mapping[str, Any], issuer: str) -> Metadata:
    """Pure. Raises UnusableError for a document that is another issuer's, or names addresses that are not encrypted."""
    said = document.get("issuer")
    if said != issuer:
        raise UnusableError(f"The document says that its issuer is {said}, not {issuer}: enter exactly that one.")
    methods = document.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
    return Metadata(
        issuer=issuer,
        authorization=_endpoint(document, "authorization_endpoint"),
        token=_endpoint(document, "token_endpoint"),
        keys=_endpoint(document, "jwks_uri"),
        userinfo=_endpoint(document, "userinfo_endpoint") if document.get("userinfo_endpoint") else "",
        by_post="client_secret_basic" not in methods and "client_secret_post" in methods,
        names_itself=document.get("authorization_response_iss_parameter_supported") is True,
    )


def _endpoint(document: Mapping[str, Any], name: str) -> str:
    url = document.get(name)
    if not isinstance(url, str) or urlsplit(url).scheme != "https" or not urlsplit(url).hostname:
        raise UnusableError(f"The provider's {name} is {url!r}: an address that begins with https:// is needed.")
    return url


def metadata(client: Client) -> Metadata:
    """As published within the last hour."""
    name = f"sso:metadata:{client.org}:{_digest(client.issuer)}"
    known: Metadata | None = cache.get(name)
    if known is None:
        known = discover(client.org, client.issuer)
        cache.set(name, known, KEPT_FOR)
    return known


def authorization_url(there: Metadata, client: Client, *, state: str, nonce: str, verifier: str, again: bool) -> str:
    """Where the browser goes. `again`: the person is to prove who they are now, whatever the provider remembers."""
    asked = {
        "response_type": "code",
        "client_id": client.id,
        "redirect_uri": client.redirect_uri,
        "scope": SCOPES,
        "state": state,
        "nonce": nonce,
        "code_challenge": challenge(verifier),
        "code_challenge_method": "S256",
        **({"prompt": "login", "max_age": "0"} if again else {}),
    }
    joint = "&" if urlsplit(there.authorization).query else "?"
    return f"{there.authorization}{joint}{urlencode(asked)}"


def challenge(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def claims(client: Client, *, code: str, nonce: str, verifier: str, said_issuer: str | None) -> dict[str, Any]:
    """What the provider says about who came back with this code. Raises UnreachableError, NotGenuineError."""
    there = metadata(client)
    if said_issuer != there.issuer and (there.names_itself or said_issuer is not None):
        raise NotGenuineError("The answer came from another provider than the one that was asked.")
    answer = _tokens(there, client, code, verifier)
    token, access = answer.get("id_token"), answer.get("access_token")
    if not isinstance(token, str):
        raise NotGenuineError("The provider sent no ID token: check that the client may use the scope openid.")
    expected = Expected(issuer=there.issuer, client_id=client.id, nonce=nonce)
    access = access if isinstance(access, str) else ""
    said = _verified(client, there, token, expected, access)
    if "email" not in said and there.userinfo and access:
        more = _json(client.org, there.userinfo, bearer=access)
        if more.get("sub") != said["sub"]:
            raise NotGenuineError("The userinfo endpoint speaks of somebody else than the ID token.")
        said = {**more, **said}
    return said


def _verified(client: Client, there: Metadata, token: str, expected: Expected, access: str) -> dict[str, Any]:
    try:
        return idtoken.verified(token, _keys(client, there), expected, access_token=access)
    except UnknownKeyError:
        # A provider signs with a new key as soon as it has published it. Stray key names do not make us ask for ever.
        if not cache.add(f"sso:asked:{client.org}:{_digest(there.keys)}", 1, 60):
            raise
        return idtoken.verified(token, _keys(client, there, fresh=True), expected, access_token=access)


def _keys(client: Client, there: Metadata, *, fresh: bool = False) -> Sequence[Mapping[str, Any]]:
    name = f"sso:keys:{client.org}:{_digest(there.keys)}"
    known = None if fresh else cache.get(name)
    if known is None:
        listed = _json(client.org, there.keys).get("keys")
        known = [key for key in listed if isinstance(key, dict)] if isinstance(listed, list) else []
        cache.set(name, known, KEPT_FOR)
    return list(known)


def _tokens(there: Metadata, client: Client, code: str, verifier: str) -> Mapping[str, Any]:
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": client.redirect_uri,
        "code_verifier": verifier,
    }
    login = None
    if client.secret and not there.by_post:
        login = (quote_plus(client.id), quote_plus(client.secret))  # RFC 6749, section 2.3.1
    else:
        form |= {"client_id": client.id, **({"client_secret": client.secret} if client.secret else {})}
    with outbound.session(client.org, PURPOSE) as session:
        return _read(lambda: session.post(there.token, data=form, auth=login, timeout=_SECONDS))


def _json(org: UUID, url: str, *, bearer: str = "") -> Mapping[str, Any]:
    headers = {"Accept": "application/json", **({"Authorization": f"Bearer {bearer}"} if bearer else {})}
    with outbound.session(org, PURPOSE) as session:
        return _read(lambda: session.get(url, headers=headers, timeout=_SECONDS))


def _read(ask: Any) -> Mapping[str, Any]:
    try:
        answer = ask()
        found = answer.json()
    except (requests.RequestException, ValueError, RecursionError) as error:
        raise UnreachableError(f"The provider could not be read: {error}") from error
    if not isinstance(found, dict):
        raise UnreachableError(f"{answer.url} does not answer with a JSON object.")
    if answer.status_code != requests.codes.ok:
        # `error` is one of a few words of RFC 6749. Their description may quote what was sent, so it is not repeated.
        raise UnreachableError(f"{answer.url} answered {answer.status_code}: {str(found.get('error', ''))[:60]!r}.")
    return found


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]
