"""An ID token, believed or not (OpenID Connect Core 1.0, section 3.1.3.7).

The signature is always checked, by the token endpoint's TLS connection or not, and only with the public keys that the
provider publishes. The cryptography and the checks of registered claims are PyJWT's; what is OpenID's own is here.
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import jwt
from jwt import PyJWK

from vallum_web.accounts.sso.errors import NotGenuineError

# Signatures by a key pair. With "none" anybody could write tokens; with HS256 anybody who has the client secret.
ALGORITHMS: Final = (
    "RS256",
    "RS384",
    "RS512",
    "PS256",
    "PS384",
    "PS512",
    "ES256",
    "ES384",
    "ES512",
    "EdDSA",
)
_KEY_TYPES: Final = {"RS": "RSA", "PS": "RSA", "ES": "EC", "Ed": "OKP"}
LEEWAY: Final = 60
"""Seconds by which two clocks may differ."""
LONGEST: Final = 32_768


class UnknownKeyError(NotGenuineError):
    """Signed by a key that is not among the provider's: it may have published a new one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What a token must say to be meant for us, for this sign-in."""

    issuer: str
    client_id: str
    nonce: str


def verified(
    token: str, keys: Sequence[Mapping[str, Any]], expected: Expected, *, access_token: str = ""
) -> dict[str, Any]:
    """The token's claims. Raises UnknownKeyError, NotGenuineError."""
    if len(token) > LONGEST:
        raise NotGenuineError(f"The ID token is longer than {LONGEST} characters.")
    try:
        header = jwt.get_unverified_header(token)
        algorithm = str(header.get("alg"))
        if algorithm not in ALGORITHMS:
            raise NotGenuineError(f"The ID token's algorithm is {algorithm}: only signatures by a key pair are taken.")
        claims: dict[str, Any] = jwt.decode(
            token,
            _key(keys, header.get("kid"), algorithm),
            algorithms=[algorithm],
            issuer=expected.issuer,
            audience=expected.client_id,
            leeway=LEEWAY,
            options={"require": ["iss", "sub", "aud", "exp", "iat"], "enforce_minimum_key_length": True},
        )
    except (jwt.PyJWTError, ValueError, TypeError, RecursionError) as error:
        raise NotGenuineError(f"The ID token was refused: {error}") from error
    _meant_for_us(claims, expected)
    _goes_with(access_token, claims, algorithm)
    return claims


def _key(keys: Sequence[Mapping[str, Any]], name: object, algorithm: str) -> PyJWK:
    fitting = [key for key in keys if _fits(key, algorithm) and name in (None, key.get("kid"))]
    if not fitting:
        raise UnknownKeyError("The ID token is signed by a key that the provider does not publish.")
    if len(fitting) > 1:
        raise NotGenuineError("The ID token does not say by which of the provider's keys it is signed.")
    return PyJWK(dict(fitting[0]), algorithm)


def _fits(key: Mapping[str, Any], algorithm: str) -> bool:
    return (
        key.get("kty") == _KEY_TYPES[algorithm[:2]]
        and key.get("use", "sig") == "sig"
        and key.get("alg", algorithm) == algorithm
    )


def _meant_for_us(claims: Mapping[str, Any], expected: Expected) -> None:
    audience = claims["aud"]
    several = isinstance(audience, list) and len(audience) > 1
    if claims.get("azp", expected.client_id) != expected.client_id or (several and "azp" not in claims):
        raise NotGenuineError("The ID token was issued to another client.")
    if not _same(claims.get("nonce"), expected.nonce):
        raise NotGenuineError("The ID token's nonce is not the one of this sign-in.")


def _goes_with(access_token: str, claims: Mapping[str, Any], algorithm: str) -> None:
    """`at_hash`, where the provider sends it: half of the digest that the signature uses."""
    said = claims.get("at_hash")
    if said is None or not access_token or algorithm == "EdDSA":  # EdDSA names no digest
        return
    digest = hashlib.new(f"sha{algorithm[2:]}", access_token.encode()).digest()
    if not _same(said, base64.urlsafe_b64encode(digest[: len(digest) // 2]).rstrip(b"=").decode()):
        raise NotGenuineError("The ID token and the access token were not issued together.")


def _same(one: object, other: str) -> bool:
    return isinstance(one, str) and bool(other) and hmac.compare_digest(one.encode(), other.encode())
