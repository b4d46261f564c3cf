"""SAML 2.0, the service provider's side: web browser single sign-on, redirect out, POST back.

python3-saml checks the signature, the issuer, the status and the times; `shape.py` stands before it, and what it takes
loosely (an audience that is absent, a recipient that contains ours) is asked for strictly behind it.
"""

import base64
import binascii
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from onelogin.saml2.auth import OneLogin_Saml2_Auth
from onelogin.saml2.constants import OneLogin_Saml2_Constants as Names
from onelogin.saml2.errors import OneLogin_Saml2_Error, OneLogin_Saml2_ValidationError
from onelogin.saml2.idp_metadata_parser import OneLogin_Saml2_IdPMetadataParser as Parser
from onelogin.saml2.response import OneLogin_Saml2_Response
from onelogin.saml2.settings import OneLogin_Saml2_Settings
from onelogin.saml2.utils import OneLogin_Saml2_Utils
from xmlsec import Error as XmlsecError

from vallum_web.accounts.sso import shape
from vallum_web.accounts.sso.claims import Claims, from_saml
from vallum_web.accounts.sso.errors import NotGenuineError, UnaskedError, UnusableError

_CONFIRMATION: Final = "./saml:Subject/saml:SubjectConfirmation/saml:SubjectConfirmationData"
_STATEMENT: Final = "./saml:AuthnStatement"
_SMALLEST_KEY: Final = 2048
_SECURITY: Final = {
    "wantAssertionsSigned": True,
    "wantNameId": True,
    # An address may be the NameID itself; then nothing else needs to be sent.
    "wantAttributeStatement": False,
    "allowRepeatAttributeName": False,
    "rejectDeprecatedAlgorithm": True,
    "requestedAuthnContext": False,
    # An installation may stand at a name of its own network.
    "allowSingleLabelDomains": True,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Metadata:
    """What an identity provider publishes about itself."""

    entity: str
    sign_in: str
    certificates: tuple[str, ...]
    """Base64 of DER, without line breaks."""
    good_until: datetime | None = None
    """When the last of its certificates ends. SAML counts a certificate as a bare key, so this warns and refuses nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ours:
    """We, as one provider knows us."""

    entity: str
    consumer: str
    """Where answers are posted to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Assertion:
    """What a genuine answer says."""

    claims: Claims
    id: str
    request: str
    """The id of our request that it answers."""
    until: datetime
    """After this it counts no longer, so nobody needs to remember that it was used."""
    proved_at: datetime
    """When the person proved to the provider who they are."""


def parsed(text: bytes) -> Metadata:
    """Pure. Raises UnusableError with what to do."""
    try:
        root = shape.document(text)
        if len(root.xpath("//md:EntityDescriptor", namespaces=Names.NSMAP)) != 1:
            raise UnusableError("The metadata must describe one identity provider: save only its own part.")
        found = Parser.parse(text)
    except (NotGenuineError, OneLogin_Saml2_Error, ValueError) as error:
        raise UnusableError(f"This is no metadata of an identity provider: {error}") from error
    provider = found.get("idp", {})
    entity, sign_in = provider.get("entityId", ""), provider.get("singleSignOnService", {}).get("url", "")
    if not entity or len(entity) > 500:
        raise UnusableError("The metadata names no entity ID, or one of more than 500 characters.")
    if urlsplit(sign_in).scheme != "https":
        raise UnusableError(
            "The metadata names no sign-in address with the HTTP-Redirect binding that begins with https://."
        )
    if found.get("security", {}).get("authnRequestsSigned"):
        raise UnusableError("The provider wants signed requests, which are not supported: switch that off there.")
    certificates = _certificates(provider)
    return Metadata(
        entity=entity,
        sign_in=sign_in,
        certificates=certificates,
        good_until=max(_certificate(each).not_valid_after_utc for each in certificates),
    )


def _certificates(provider: Mapping[str, Any]) -> tuple[str, ...]:
    several = provider.get("x509certMulti", {}).get("signing", [])
    found = tuple(dict.fromkeys(several or [provider.get("x509cert", "")]))
    if not any(found):
        raise UnusableError("The metadata holds no certificate for signatures.")
    for each in found:
        key = _certificate(each).public_key()
        if not (
            (isinstance(key, rsa.RSAPublicKey) and key.key_size >= _SMALLEST_KEY)
            or isinstance(key, ec.EllipticCurvePublicKey)
        ):
            raise UnusableError(f"A certificate's key is neither RSA of {_SMALLEST_KEY} bits or more nor ECDSA.")
    return found


def _certificate(text: str) -> x509.Certificate:
    try:
        return x509.load_der_x509_certificate(base64.b64decode(text, validate=True))
    except (ValueError, binascii.Error) as error:
        raise UnusableError("A certificate in the metadata cannot be read.") from error


def sign_in_url(there: Metadata, ours: Ours, *, again: bool) -> tuple[str, str]:
    """Where the browser goes, and the id of our request. `again`: the person is to prove who they are now."""
    asked = OneLogin_Saml2_Auth(_at(ours), _settings(there, ours))
    return asked.login(return_to="", force_authn=again), asked.get_last_request_id()


def our_metadata(ours: Ours) -> bytes:
    """What the other side's administrator loads."""
    said = {"strict": True, "sp": _service_provider(ours), "security": _SECURITY}
    settings = OneLogin_Saml2_Settings(said, sp_validation_only=True)
    text = settings.get_sp_metadata()
    return text if isinstance(text, bytes) else text.encode()


def read(there: Metadata, ours: Ours, posted: str) -> Assertion:
    """What was posted as SAMLResponse, believed. Raises NotGenuineError, UnaskedError."""
    try:
        text = base64.b64decode("".join(posted.split()), validate=True)
    except (ValueError, binascii.Error) as error:
        raise NotGenuineError("The answer is not base64.") from error
    shape.response(text)
    try:
        response = OneLogin_Saml2_Response(_settings(there, ours), base64.b64encode(text).decode())
        request = response.get_in_response_to()
        response.is_valid(_at(ours), request, raise_exceptions=True)
        return _strictly(response, ours)
    except (OneLogin_Saml2_Error, OneLogin_Saml2_ValidationError, XmlsecError, ValueError) as error:
        raise NotGenuineError(f"The answer was refused: {error}") from error


def _strictly(response: Any, ours: Ours) -> Assertion:
    """What the library leaves open. Only the assertion is read, which is signed; the response around it may not be."""
    assertion = response.document.find("saml:Assertion", namespaces=Names.NSMAP)
    if response.get_audiences() != [ours.entity]:
        raise NotGenuineError(f"The answer is for {response.get_audiences()}, not for {ours.entity} alone.")
    if response.document.get("Destination", ours.consumer) != ours.consumer:
        raise NotGenuineError("The answer was meant for another address.")
    confirmations = assertion.findall(_CONFIRMATION, namespaces=Names.NSMAP)
    if len(confirmations) != 1:
        raise NotGenuineError("The answer must confirm its subject once.")
    confirmed = confirmations[0]
    if confirmed.get("Recipient") != ours.consumer:
        raise NotGenuineError("The answer's recipient is another address.")
    if not confirmed.get("NotOnOrAfter"):
        raise NotGenuineError("The answer does not say until when it counts.")
    request = confirmed.get("InResponseTo")
    if not request:
        raise UnaskedError("The provider sent an answer that nobody asked for: sign-in begins here.")
    if response.get_in_response_to() not in (None, request):
        raise NotGenuineError("The answer and its assertion answer different requests.")
    statement = assertion.find(_STATEMENT, namespaces=Names.NSMAP)
    drift = Names.ALLOWED_CLOCK_DRIFT
    return Assertion(
        claims=from_saml(response.get_nameid() or "", response.get_nameid_format() or "", response.get_attributes()),
        id=hashlib.sha256(assertion.get("ID").encode()).hexdigest(),
        request=request,
        until=_time(confirmed.get("NotOnOrAfter"), drift),
        proved_at=_time(statement.get("AuthnInstant")),
    )


def _time(text: str, more: int = 0) -> datetime:
    return datetime.fromtimestamp(OneLogin_Saml2_Utils.parse_SAML_to_time(text) + more, UTC)


def _settings(there: Metadata, ours: Ours) -> OneLogin_Saml2_Settings:
    return OneLogin_Saml2_Settings({
        "strict": True,
        "debug": False,
        "sp": _service_provider(ours),
        "idp": {
            "entityId": there.entity,
            "singleSignOnService": {"url": there.sign_in, "binding": Names.BINDING_HTTP_REDIRECT},
            "x509certMulti": {"signing": list(there.certificates)},
        },
        "security": _SECURITY,
    })  # fmt: skip


def _service_provider(ours: Ours) -> dict[str, Any]:
    return {
        "entityId": ours.entity,
        "assertionConsumerService": {"url": ours.consumer, "binding": Names.BINDING_HTTP_POST},
        "NameIDFormat": Names.NAMEID_UNSPECIFIED,
    }


def _at(ours: Ours) -> dict[str, Any]:
    """The library's idea of a request, made of our own address: the Host that somebody sent counts for nothing."""
    parts = urlsplit(ours.consumer)
    return {
        "https": "on" if parts.scheme == "https" else "off",
        "http_host": parts.netloc,
        "script_name": parts.path,
        "get_data": {},
        "post_data": {},
    }
