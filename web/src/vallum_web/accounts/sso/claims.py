"""The boundary: of all that a provider says about a person, who they are is kept, and nothing else.

A picture, a phone number, groups, an address: none of it is stored, logged or passed on. Only the names of what was
dropped are shown, to an administrator who tests the provider.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from vallum_web.accounts.addresses import normal
from vallum_web.accounts.sso.errors import NotGenuineError

LONGEST_SUBJECT: Final = 255  # OpenID Connect Core, section 2
LONGEST_NAME: Final = 80
TRANSIENT: Final = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"
AS_EMAIL: Final = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"
# What belongs to the token, not to the person.
_PLUMBING: Final = """
iss aud azp exp iat nbf auth_time nonce acr amr at_hash c_hash s_hash jti sid typ ver rh uti tid
"""
_OF_THE_TOKEN: Final = frozenset(_PLUMBING.split())
_KEPT: Final = frozenset({"sub", "email", "email_verified", "xms_edov", "name", "given_name", "family_name"})
# Attribute names under which identity providers send an address and a name: plain, LDAP's, and Microsoft's.
_EMAIL: Final = (
    "urn:oid:0.9.2342.19200300.100.1.3",
    "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress",
    "email",
    "mail",
    "emailAddress",
)
_NAME: Final = (
    "urn:oid:2.16.840.1.113730.3.1.241",
    "http://schemas.microsoft.com/identity/claims/displayname",
    "displayName",
    "name",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """Who somebody is at their provider. `email` is lower case, or empty; `dropped` are names of what stayed outside."""

    subject: str
    email: str = ""
    vouched: bool = False
    """The provider says that the address was verified."""
    name: str = ""
    dropped: tuple[str, ...] = ()

    @property
    def domain(self) -> str:
        return self.email.rpartition("@")[2]


def from_oidc(said: Mapping[str, Any]) -> Claims:
    """Of a verified ID token's claims. Raises NotGenuineError without a subject."""
    given = " ".join(word for key in ("given_name", "family_name") if (word := _text(said.get(key))))
    return Claims(
        subject=_subject(said.get("sub")),
        email=_address(said.get("email")),
        # Entra ID has a claim of its own: the domain's owner has proved it there. It comes as a truth value, a digit or a word.
        vouched=any(said.get(key) in (True, "1", "true") for key in ("email_verified", "xms_edov")),
        name=_name(said.get("name")) or _name(given),
        dropped=_named(set(map(str, said)) - _KEPT - _OF_THE_TOKEN),
    )


def from_saml(name_id: str, name_format: str, attributes: Mapping[str, Sequence[Any]]) -> Claims:
    """Of a verified assertion. SAML knows no verified addresses: what the provider signs, it vouches for.

    Raises NotGenuineError without a lasting identifier.
    """
    if name_format == TRANSIENT:
        raise NotGenuineError(
            "The NameID is transient, another one each time: have the provider send a persistent one."
        )
    address = _first(attributes, _EMAIL) or (name_id if name_format == AS_EMAIL else "")
    email = _address(address)
    return Claims(
        subject=_subject(name_id),
        email=email,
        vouched=bool(email),
        name=_name(_first(attributes, _NAME)),
        dropped=_named(set(attributes) - set(_EMAIL) - set(_NAME)),
    )


def _named(names: Iterable[str]) -> tuple[str, ...]:
    """Enough of them, and enough of each, to recognise them by."""
    return tuple(name[:100] for name in sorted(names)[:100])


def _first(attributes: Mapping[str, Sequence[Any]], names: Sequence[str]) -> str:
    for name in names:
        for value in attributes.get(name, ()):
            if isinstance(value, str) and value:
                return value
    return ""


def _subject(value: object) -> str:
    text = _text(value)
    if not text or len(text) > LONGEST_SUBJECT or not text.isprintable():
        raise NotGenuineError(f"The provider does not say who it is, or not in at most {LONGEST_SUBJECT} characters.")
    return text


def _address(value: object) -> str:
    """ASCII alone: two addresses that look the same must not be two people."""
    text = _text(value).lower()
    try:
        validate_email(text)
        normal(text)
    except (ValidationError, ValueError):
        return ""
    return text if text.isascii() and len(text) <= 254 else ""


def _name(value: object) -> str:
    return "".join(" " if character.isspace() else character for character in _text(value) if character.isprintable())[
        :LONGEST_NAME
    ].strip()


def _text(value: object) -> str:
    return value.strip() if isinstance(value, str) else ""
