"""A SAML identity provider on loopback: metadata, a sign-in page, responses signed by xmlsec.

It speaks the protocol rightly, unless a `Poison` is set: then it lies in exactly that way. The page that carries a
response to us is a form with a button, as browsers without scripts see it.
"""

import base64
import html
import re
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from time import time
from typing import Final
from urllib.parse import parse_qsl, urlsplit
from uuid import uuid4

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from onelogin.saml2.constants import OneLogin_Saml2_Constants as Names
from onelogin.saml2.utils import OneLogin_Saml2_Utils as Tools

from dev.fakes.loopback import Answer, Asked
from dev.fakes.site import Site, running

PERSISTENT: Final = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"
AS_EMAIL: Final = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"
_EMAIL: Final = "urn:oid:0.9.2342.19200300.100.1.3"
_NAME: Final = "urn:oid:2.16.840.1.113730.3.1.241"


def _now() -> datetime:
    return datetime.fromtimestamp(time(), UTC)


class Poison(StrEnum):
    """What it does wrong."""

    UNSIGNED = "unsigned"
    RESPONSE_SIGNED_ONLY = "only the response signed"
    OTHER_KEY = "signed by another key"
    OTHER_KEY_SHOWN = "signed by another key, whose certificate it shows"
    SHA1 = "signed with SHA-1"
    CHANGED = "changed after signing"
    BROKEN_SIGNATURE = "a signature of nothing"
    WRAPPED_BESIDE = "a forged assertion before the signed one"
    WRAPPED_AROUND = "the signed assertion inside the forged one"
    WRAPPED_IN_SIGNATURE = "the signed assertion inside the signature's object"
    WRAPPED_IN_EXTENSIONS = "the signed assertion in the response's extensions"
    SAME_ID = "a forged assertion with the signed one's id"
    EMPTY_REFERENCE = "a signature that covers nothing by name"
    TRANSFORMED = "a signature that transforms what it covers"
    WRONG_AUDIENCE = "another audience"
    NO_AUDIENCE = "no audience"
    MORE_AUDIENCES = "an audience beside us"
    WRONG_RECIPIENT = "another recipient"
    LONGER_RECIPIENT = "a recipient that contains our address"
    WRONG_DESTINATION = "another destination"
    LONGER_DESTINATION = "a destination that begins with our address"
    WRONG_ISSUER = "another issuer"
    WRONG_REQUEST = "an answer to another request"
    TWO_REQUESTS = "an answer to two requests"
    EXPIRED = "expired"
    TOO_EARLY = "not yet valid"
    NO_EXPIRY = "without an end"
    NOT_BEARER = "for holders of a key"
    TRANSIENT = "a name for once"
    NO_NAME = "nobody's name"
    FAILED = "a status of failure"
    XXE = "an external entity"
    BOMB = "entities that multiply"
    DOCTYPE = "a document type"
    ENCRYPTED = "an encrypted assertion"
    NOT_BASE64 = "no base64"
    NOT_XML = "no XML"
    HUGE = "larger than anybody needs"
    OTHER_DOCUMENT = "another document"


@dataclass(kw_only=True)
class Person:
    """Who sits in front of the sign-in page. `more` are attributes that nobody here wants."""

    name_id: str = "ada-1"
    name_format: str = PERSISTENT
    email: str = "ada@acme.test"
    name: str = "Ada Lovelace"
    more: dict[str, str] = field(default_factory=lambda: {"picture": "https://cdn.test/ada.png", "phone": "+44 1"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    key: str
    certificate: str


def pair(bits: int = 2048) -> Pair:
    key = rsa.generate_private_key(public_exponent=65537, key_size=bits)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "fake provider")])
    now = _now()
    made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    made = made.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=365))
    certificate = made.sign(key, hashes.SHA256())
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return Pair(key=private.decode(), certificate=certificate.public_bytes(serialization.Encoding.PEM).decode())


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a request asked for."""

    id: str
    consumer: str
    audience: str
    force: bool


@dataclass(kw_only=True)
class Provider:
    site: Site
    person: Person = field(default_factory=Person)
    poison: Poison | None = None
    asked: list[Wanted] = field(default_factory=list)
    remembers: bool = False
    """It does not ask again, whatever it is told."""
    solicited: bool = True
    pair: Pair = field(default_factory=pair)
    _signed_in_at: datetime = field(default_factory=_now)

    def __post_init__(self) -> None:
        self.site.pages |= {
            "/metadata": lambda _asked: Answer(body=self.metadata().encode()),
            "/sign-in": self._sign_in,
        }

    @property
    def entity(self) -> str:
        return f"{self.site.url}/metadata"

    def metadata(self, *, certificate: str = "", wants_signed: bool = False, binding: str = "HTTP-Redirect") -> str:
        body = _bare(certificate or self.pair.certificate)
        return (
            f'<md:EntityDescriptor xmlns:md="{Names.NS_MD}" entityID="{self.entity}">'
            f'<md:IDPSSODescriptor WantAuthnRequestsSigned="{str(wants_signed).lower()}" '
            f'protocolSupportEnumeration="{Names.NS_SAMLP}"><md:KeyDescriptor use="signing">'
            f'<ds:KeyInfo xmlns:ds="{Names.NS_DS}"><ds:X509Data><ds:X509Certificate>{body}</ds:X509Certificate>'
            f"</ds:X509Data></ds:KeyInfo></md:KeyDescriptor><md:SingleSignOnService "
            f'Binding="urn:oasis:names:tc:SAML:2.0:bindings:{binding}" Location="{self.site.url}/sign-in"/>'
            f"</md:IDPSSODescriptor></md:EntityDescriptor>"
        )

    def _sign_in(self, asked: Asked) -> Answer:
        query = dict(parse_qsl(urlsplit(asked.path).query))
        text = zlib.decompress(base64.b64decode(query["SAMLRequest"]), -15).decode()
        wanted = Wanted(
            id=_found(r'\bID="([^"]+)"', text),
            consumer=_found(r'AssertionConsumerServiceURL="([^"]+)"', text),
            audience=_found(r"<saml:Issuer>([^<]+)<", text),
            force='ForceAuthn="true"' in text,
        )
        if asked.method == "GET":
            self.asked.append(wanted)
            path = html.escape(asked.path)
            return _page(
                f"<p>You are {html.escape(self.person.email)}.</p><form method=post action='{path}'>", "Sign in"
            )
        if not (self.remembers and wanted.force):
            self._signed_in_at = _now()
        carried = f"<input type=hidden name=SAMLResponse value='{self.response(wanted)}'>"
        return _page(f"<form method=post action='{html.escape(wanted.consumer)}'>{carried}", "Continue")

    def response(self, wanted: Wanted) -> str:
        """As it is posted: base64."""
        lie = _LIES.get(self.poison) if self.poison else None
        text = lie(self, wanted) if lie else self.genuine(wanted)
        return text if self.poison is Poison.NOT_BASE64 else base64.b64encode(text.encode()).decode()

    def genuine(self, wanted: Wanted, **changes: str) -> str:
        return self.envelope(wanted, self.signed(self.assertion(wanted, **changes)), **changes)

    def signed(
        self, xml: str, pair_: Pair | None = None, algorithm: str = Names.RSA_SHA256, digest: str = Names.SHA256
    ) -> str:
        by = pair_ or self.pair
        made = Tools.add_sign(xml, by.key, by.certificate, sign_algorithm=algorithm, digest_algorithm=digest)
        return made.decode() if isinstance(made, bytes) else str(made)

    def envelope(self, wanted: Wanted, inside: str, **changes: str) -> str:
        answers = changes.get("response_to", wanted.id) if self.solicited else ""
        status = changes.get("status", Names.STATUS_SUCCESS)
        return (
            f'<samlp:Response xmlns:samlp="{Names.NS_SAMLP}" xmlns:saml="{Names.NS_SAML}" ID="_{uuid4().hex}" '
            f'Version="2.0" IssueInstant="{_time()}" Destination="{changes.get("destination", wanted.consumer)}"'
            f"{_attribute('InResponseTo', answers)}><saml:Issuer>{changes.get('issuer', self.entity)}</saml:Issuer>"
            f"{changes.get('extensions', '')}"
            f'<samlp:Status><samlp:StatusCode Value="{status}"/></samlp:Status>{inside}</samlp:Response>'
        )

    def assertion(self, wanted: Wanted, **changes: str) -> str:
        person, answers = self.person, changes.get("request", wanted.id) if self.solicited else ""
        until = changes.get("until", _time(300))
        audiences = changes.get("audiences", f"<saml:Audience>{wanted.audience}</saml:Audience>")
        restriction = f"<saml:AudienceRestriction>{audiences}</saml:AudienceRestriction>" if audiences else ""
        said = {_EMAIL: person.email, _NAME: person.name, **person.more}
        attributes = "".join(
            f'<saml:Attribute Name="{html.escape(name)}"><saml:AttributeValue>{html.escape(value)}</saml:AttributeValue>'
            "</saml:Attribute>"
            for name, value in said.items()
            if value
        )
        statement = f"<saml:AttributeStatement>{attributes}</saml:AttributeStatement>" if attributes else ""
        return (
            f'<saml:Assertion xmlns:saml="{Names.NS_SAML}" ID="{changes.get("id", "_" + uuid4().hex)}" Version="2.0" '
            f'IssueInstant="{_time()}"><saml:Issuer>{changes.get("issuer", self.entity)}</saml:Issuer><saml:Subject>'
            f'<saml:NameID Format="{changes.get("name_format", person.name_format)}">'
            f"{changes.get('name_id', person.name_id)}</saml:NameID>"
            f'<saml:SubjectConfirmation Method="{changes.get("method", Names.CM_BEARER)}"><saml:SubjectConfirmationData'
            f"{_attribute('NotOnOrAfter', until)}{_attribute('InResponseTo', answers)} "
            f'Recipient="{changes.get("recipient", wanted.consumer)}"/></saml:SubjectConfirmation></saml:Subject>'
            f'<saml:Conditions NotBefore="{changes.get("since", _time(-60))}"{_attribute("NotOnOrAfter", until)}>'
            f"{restriction}</saml:Conditions>"
            f'<saml:AuthnStatement AuthnInstant="{self._signed_in_at:%Y-%m-%dT%H:%M:%SZ}" SessionIndex="_1">'
            "<saml:AuthnContext><saml:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:Password"
            "</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement>"
            f"{statement}</saml:Assertion>"
        )

    def forged(self, wanted: Wanted, **changes: str) -> str:
        """What an attacker would like to be read: unsigned, of somebody else."""
        mine = self.assertion(wanted, name_id="owner", **changes)
        return mine.replace(self.person.email, "owner@acme.test")


def _attribute(name: str, value: str) -> str:
    return f' {name}="{value}"' if value else ""


def _time(seconds: float = 0) -> str:
    return f"{_now() + timedelta(seconds=seconds):%Y-%m-%dT%H:%M:%SZ}"


def _found(pattern: str, text: str) -> str:
    match = re.search(pattern, text)
    if match is None:
        raise ValueError(f"{pattern} is not in {text}")
    return match.group(1)


def _bare(certificate: str) -> str:
    return "".join(certificate.split("-----")[2].split())


def _page(form: str, button: str) -> Answer:
    text = (
        f"<!doctype html><html lang=en><title>Fake provider</title><main><h1>Fake provider</h1>{form}"
        f"<button>{button}</button></form></main>"
    )
    return Answer(body=text.encode(), headers={"Content-Type": "text/html; charset=utf-8"})


def _signature(xml: str) -> str:
    return _found(r"(?s)(<ds:Signature .*</ds:Signature>)", xml)


def _wrapped_beside(fake: Provider, wanted: Wanted) -> str:
    return fake.envelope(wanted, fake.forged(wanted) + fake.signed(fake.assertion(wanted)))


def _wrapped_around(fake: Provider, wanted: Wanted) -> str:
    real = fake.signed(fake.assertion(wanted))
    return fake.envelope(wanted, fake.forged(wanted).replace("</saml:Issuer>", f"</saml:Issuer>{real}", 1))


def _wrapped_in_signature(fake: Provider, wanted: Wanted) -> str:
    real = fake.signed(fake.assertion(wanted))
    signature = _signature(real)
    inside = signature.replace(
        "</ds:Signature>", f"<ds:Object>{real.replace(signature, '')}</ds:Object></ds:Signature>"
    )
    return fake.envelope(wanted, fake.forged(wanted).replace("</saml:Issuer>", f"</saml:Issuer>{inside}", 1))


def _wrapped_in_extensions(fake: Provider, wanted: Wanted) -> str:
    real = fake.signed(fake.assertion(wanted))
    signature = _signature(real)
    forged = fake.forged(wanted).replace("</saml:Issuer>", f"</saml:Issuer>{signature}", 1)
    hidden = f"<samlp:Extensions>{real.replace(signature, '')}</samlp:Extensions>"
    return fake.envelope(wanted, forged, extensions=hidden)


def _same_id(fake: Provider, wanted: Wanted) -> str:
    name = f"_{uuid4().hex}"
    real = fake.signed(fake.assertion(wanted, id=name))
    forged = fake.forged(wanted, id=name).replace("</saml:Issuer>", f"</saml:Issuer>{_signature(real)}", 1)
    return fake.envelope(wanted, forged, extensions=f"<samlp:Extensions>{real}</samlp:Extensions>")


def _transformed(fake: Provider, wanted: Wanted) -> str:
    xpath = '<ds:Transform Algorithm="http://www.w3.org/TR/1999/REC-xpath-19991116"><ds:XPath>true()</ds:XPath></ds:Transform>'
    return fake.genuine(wanted).replace("</ds:Transforms>", f"{xpath}</ds:Transforms>", 1)


def _bomb(fake: Provider, wanted: Wanted) -> str:
    entities = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    doctype = f'<!DOCTYPE r [<!ENTITY l0 "lol">{entities}]>'
    return doctype + fake.genuine(wanted).replace("ada-1", "&l9;")


def _xxe(fake: Provider, wanted: Wanted) -> str:
    return '<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + fake.genuine(wanted).replace("ada-1", "&x;")


def _encrypted(fake: Provider, wanted: Wanted) -> str:
    data = '<xenc:EncryptedData xmlns:xenc="http://www.w3.org/2001/04/xmlenc#"/>'
    return fake.envelope(wanted, f"<saml:EncryptedAssertion>{data}</saml:EncryptedAssertion>")


def _huge(fake: Provider, wanted: Wanted) -> str:
    return fake.genuine(wanted).replace("<saml:Issuer>", f"<!--{'x' * (1 << 19)}--><saml:Issuer>", 1)


def _changed(**changes: str) -> Callable[[Provider, Wanted], str]:
    return lambda fake, wanted: fake.genuine(wanted, **changes)


def _sha1(fake: Provider, wanted: Wanted) -> str:
    return fake.envelope(wanted, fake.signed(fake.assertion(wanted), algorithm=Names.RSA_SHA1, digest=Names.SHA1))


_LIES: Final[dict[Poison, Callable[[Provider, Wanted], str]]] = {
    Poison.UNSIGNED: lambda fake, wanted: fake.envelope(wanted, fake.assertion(wanted)),
    Poison.RESPONSE_SIGNED_ONLY: lambda fake, wanted: fake.signed(fake.envelope(wanted, fake.assertion(wanted))),
    Poison.OTHER_KEY: lambda fake, wanted: fake.envelope(
        wanted, re.sub(r"(?s)<ds:KeyInfo>.*</ds:KeyInfo>", "", fake.signed(fake.assertion(wanted), pair()))
    ),
    Poison.OTHER_KEY_SHOWN: lambda fake, wanted: fake.envelope(wanted, fake.signed(fake.assertion(wanted), pair())),
    Poison.SHA1: _sha1,
    Poison.CHANGED: lambda fake, wanted: fake.genuine(wanted).replace(fake.person.email, "owner@acme.test"),
    Poison.BROKEN_SIGNATURE: lambda fake, wanted: re.sub(
        r"(?s)(<ds:SignatureValue>).*(</ds:SignatureValue>)", r"\1AAAA\2", fake.genuine(wanted)
    ),
    Poison.WRAPPED_BESIDE: _wrapped_beside,
    Poison.WRAPPED_AROUND: _wrapped_around,
    Poison.WRAPPED_IN_SIGNATURE: _wrapped_in_signature,
    Poison.WRAPPED_IN_EXTENSIONS: _wrapped_in_extensions,
    Poison.SAME_ID: _same_id,
    Poison.EMPTY_REFERENCE: lambda fake, wanted: re.sub(r' URI="#[^"]+"', ' URI=""', fake.genuine(wanted)),
    Poison.TRANSFORMED: _transformed,
    Poison.WRONG_AUDIENCE: _changed(audiences="<saml:Audience>https://other.test</saml:Audience>"),
    Poison.NO_AUDIENCE: _changed(audiences=""),
    Poison.MORE_AUDIENCES: lambda fake, wanted: fake.genuine(
        wanted,
        audiences=f"<saml:Audience>{wanted.audience}</saml:Audience><saml:Audience>https://other.test</saml:Audience>",
    ),
    Poison.WRONG_RECIPIENT: _changed(recipient="https://other.test/acs"),
    Poison.LONGER_RECIPIENT: lambda fake, wanted: fake.genuine(
        wanted, recipient=f"https://other.test/?{wanted.consumer}"
    ),
    Poison.WRONG_DESTINATION: _changed(destination="https://other.test/acs"),
    Poison.LONGER_DESTINATION: lambda fake, wanted: fake.genuine(wanted, destination=f"{wanted.consumer}.evil"),
    Poison.WRONG_ISSUER: _changed(issuer="https://other.test/metadata"),
    Poison.WRONG_REQUEST: _changed(request="_another", response_to="_another"),
    Poison.TWO_REQUESTS: _changed(response_to="_another"),
    Poison.EXPIRED: lambda fake, wanted: fake.genuine(wanted, since=_time(-900), until=_time(-600)),
    Poison.TOO_EARLY: lambda fake, wanted: fake.genuine(wanted, since=_time(600), until=_time(900)),
    Poison.NO_EXPIRY: _changed(until=""),
    Poison.NOT_BEARER: _changed(method="urn:oasis:names:tc:SAML:2.0:cm:holder-of-key"),
    Poison.TRANSIENT: _changed(name_format="urn:oasis:names:tc:SAML:2.0:nameid-format:transient"),
    Poison.NO_NAME: _changed(name_id=""),
    Poison.FAILED: _changed(status="urn:oasis:names:tc:SAML:2.0:status:Responder"),
    Poison.XXE: _xxe,
    Poison.BOMB: _bomb,
    Poison.DOCTYPE: lambda fake, wanted: f"<!DOCTYPE r>{fake.genuine(wanted)}",
    Poison.ENCRYPTED: _encrypted,
    Poison.NOT_BASE64: lambda _fake, _wanted: "%%%",
    Poison.NOT_XML: lambda _fake, _wanted: "hello",
    Poison.HUGE: _huge,
    Poison.OTHER_DOCUMENT: lambda fake, _wanted: fake.metadata(),
}


@contextmanager
def provider(folder: Path) -> Iterator[Provider]:
    with running(folder) as site:
        yield Provider(site=site)
