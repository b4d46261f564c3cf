"""The one shape that a signed SAML response may have, checked before its signature is.

A signature proves the element it covers and nothing beside it. Wrapping attacks move the signed element aside and put
another one where the reader looks; so whatever could be read otherwise is refused: a second assertion, an id used twice,
a signature that covers anything but the element it stands in, a transformation that changes what was signed.
"""

from collections import Counter
from typing import Any, Final

from onelogin.saml2.xmlparser import fromstring

from vallum_web.accounts.sso.errors import NotGenuineError

LARGEST: Final = 256 * 1024
_SAMLP: Final = "{urn:oasis:names:tc:SAML:2.0:protocol}"
_SAML: Final = "{urn:oasis:names:tc:SAML:2.0:assertion}"
_DS: Final = "{http://www.w3.org/2000/09/xmldsig#}"
_MORE: Final = "http://www.w3.org/2001/04/xmldsig-more#"
_C14N: Final = "http://www.w3.org/2001/10/xml-exc-c14n#"
_ENVELOPED: Final = "http://www.w3.org/2000/09/xmldsig#enveloped-signature"
_SIGNATURES: Final = frozenset(f"{_MORE}{kind}-sha{size}" for kind in ("rsa", "ecdsa") for size in (256, 384, 512))
_DIGESTS: Final = frozenset({
    "http://www.w3.org/2001/04/xmlenc#sha256",
    f"{_MORE}sha384",
    "http://www.w3.org/2001/04/xmlenc#sha512",
})  # fmt: skip


def response(text: bytes) -> Any:
    """The document, parsed without entities, documents from elsewhere or comments. Raises NotGenuineError."""
    root = document(text)
    if root.tag != f"{_SAMLP}Response":
        raise NotGenuineError("The document is no SAML response.")
    _ids_are_unique(root)
    if _count(root, f"{_SAML}EncryptedAssertion"):
        raise NotGenuineError("The assertion is encrypted, which is not supported: have the provider sign it only.")
    assertions = list(root.iter(f"{_SAML}Assertion"))
    if len(assertions) != 1 or assertions[0].getparent() is not root:
        raise NotGenuineError("The response must hold one assertion, directly.")
    signatures = list(root.iter(f"{_DS}Signature"))
    homes = [signature.getparent() for signature in signatures]
    if assertions[0] not in homes:
        raise NotGenuineError("The assertion is not signed: have the provider sign assertions.")
    if any(home not in (root, assertions[0]) for home in homes) or len(homes) != len(set(homes)):
        raise NotGenuineError("A signature stands where none belongs.")
    for signature in signatures:
        _covers_its_home(signature)
    return root


def document(text: bytes) -> Any:
    """Any XML from outside. Raises NotGenuineError."""
    if len(text) > LARGEST:
        raise NotGenuineError(f"The document is larger than {LARGEST // 1024} KiB.")
    try:
        return fromstring(text, forbid_dtd=True, forbid_entities=True)
    except (ValueError, SyntaxError) as error:  # lxml's XMLSyntaxError is one
        raise NotGenuineError(f"The document is no XML that is accepted: {type(error).__name__}.") from error


def _ids_are_unique(root: Any) -> None:
    # libxmlsec finds what a reference means by id; any spelling of the attribute could be taken for one.
    names = Counter(value for node in root.iter() for name, value in node.attrib.items() if name.lower() == "id")
    if any(count > 1 for count in names.values()):
        raise NotGenuineError("An id is used twice.")


def _covers_its_home(signature: Any) -> None:
    references = list(signature.iter(f"{_DS}Reference"))
    own = signature.getparent().get("ID")
    if len(references) != 1 or not own or references[0].get("URI") != f"#{own}":
        raise NotGenuineError("A signature must cover the element that it stands in, and nothing else.")
    if _count(signature, f"{_DS}Object") or _count(signature, f"{_DS}RetrievalMethod"):
        raise NotGenuineError("A signature brings or fetches content of its own.")
    transforms = [node.get("Algorithm") for node in signature.iter(f"{_DS}Transform")]
    if len(transforms) > 2 or not set(transforms) <= {_ENVELOPED, _C14N}:
        raise NotGenuineError("A signature transforms what it covers.")
    _algorithm(signature, "CanonicalizationMethod", frozenset({_C14N}))
    _algorithm(signature, "SignatureMethod", _SIGNATURES)
    _algorithm(signature, "DigestMethod", _DIGESTS)


def _algorithm(signature: Any, name: str, allowed: frozenset[str]) -> None:
    said = [node.get("Algorithm") for node in signature.iter(f"{_DS}{name}")]
    if len(said) != 1 or said[0] not in allowed:
        raise NotGenuineError(f"A signature's {name} is not one that is accepted: RSA or ECDSA with SHA-256 or longer.")


def _count(root: Any, tag: str) -> int:
    return sum(1 for _ in root.iter(tag))
