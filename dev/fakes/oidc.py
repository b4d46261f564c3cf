"""An OpenID provider on loopback: discovery, keys, a sign-in page, a token endpoint that checks PKCE, userinfo.

It speaks the protocol rightly, unless a `Poison` is set: then it lies in exactly that way.
"""

import base64
import functools
import hashlib
import hmac
import html
import json
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from time import time
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from dev.fakes.loopback import Answer, Asked
from dev.fakes.site import Site, running


class Poison(StrEnum):
    """What it does wrong."""

    WRONG_NONCE = "wrong nonce"
    NO_NONCE = "no nonce"
    WRONG_AUDIENCE = "wrong audience"
    TWO_AUDIENCES = "two audiences, none authorised"
    OTHER_PARTY = "another authorised party"
    ALG_NONE = "alg none"
    HMAC_BY_PUBLIC_KEY = "HS256 with the public key as secret"
    HMAC_BY_CLIENT_SECRET = "HS256 with the client's secret"
    UNPUBLISHED_KEY = "a key it does not publish"
    KNOWN_NAME_OTHER_KEY = "another key under a published name"
    EXPIRED = "expired"
    NO_EXPIRY = "no expiry"
    FROM_THE_FUTURE = "issued in the future"
    WRONG_ISSUER = "another issuer in the token"
    WRONG_ISSUER_IN_ANSWER = "another issuer in the answer"
    NO_ISSUER_IN_ANSWER = "no issuer in the answer, though promised"
    NO_SUBJECT = "no subject"
    WRONG_AT_HASH = "at_hash of another token"
    NO_ID_TOKEN = "no ID token"
    OTHER_USERINFO = "userinfo of somebody else"
    BROKEN_SIGNATURE = "a changed payload"
    NOT_JSON = "a token endpoint that answers with a page"
    FAILING = "a token endpoint that fails"


@dataclass(kw_only=True)
class Person:
    """Who sits in front of the sign-in page. `more` are claims that nobody here wants."""

    subject: str = "ada-1"
    email: str = "ada@acme.test"
    email_verified: Any = True
    name: str = "Ada Lovelace"
    more: dict[str, Any] = field(
        default_factory=lambda: {"picture": "https://cdn.test/ada.png", "phone_number": "+44 1", "groups": ["admins"]}
    )


@dataclass(kw_only=True)
class Provider:
    site: Site
    client_id: str = "vallum"
    secret: str = "a client secret: with & signs"
    redirect_uris: set[str] = field(default_factory=set)
    person: Person = field(default_factory=Person)
    algorithm: str = "RS256"
    poison: Poison | None = None
    methods: list[str] = field(default_factory=lambda: ["client_secret_basic"])
    names_itself: bool = True
    email_in_token: bool = True
    remembers: bool = False
    """It does not ask again, whatever it is told."""
    asked: list[dict[str, str]] = field(default_factory=list)
    forms: list[dict[str, str]] = field(default_factory=list)
    _codes: dict[str, dict[str, str]] = field(default_factory=dict)
    _keys: dict[str, Any] = field(default_factory=dict)
    _rotations: int = 0
    _signed_in_at: float = field(default_factory=time)

    def __post_init__(self) -> None:
        self.new_keys()
        self.site.pages |= {
            "/.well-known/openid-configuration": lambda _asked: _json(self.document()),
            "/keys": lambda _asked: _json({"keys": [public for _, public in self._keys.values()]}),
            "/authorize": self._authorize,
            "/token": self._token,
            "/userinfo": lambda _asked: _json(self._userinfo()),
        }

    @property
    def issuer(self) -> str:
        return self.site.url

    def new_keys(self) -> None:
        """As when a provider rotates."""
        self._rotations += 1
        made = _rsa(self._rotations % 3)
        curve = ec.generate_private_key(ec.SECP256R1())
        self._keys = {
            "RS256": (made, self._public(json.loads(RSAAlgorithm.to_jwk(made.public_key())), "RS256")),
            "ES256": (curve, self._public(json.loads(ECAlgorithm.to_jwk(curve.public_key())), "ES256")),
        }

    def _public(self, key: dict[str, Any], algorithm: str) -> dict[str, Any]:
        return {**key, "kid": f"{algorithm}-{secrets.token_hex(4)}", "alg": algorithm, "use": "sig"}

    def document(self) -> dict[str, Any]:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "userinfo_endpoint": f"{self.issuer}/userinfo",
            "token_endpoint_auth_methods_supported": self.methods,
            "authorization_response_iss_parameter_supported": self.names_itself,
        }

    def _authorize(self, asked: Asked) -> Answer:
        """A GET shows who would sign in; the form's POST sends the browser back with a code."""
        wanted = dict(parse_qsl(urlsplit(asked.path).query))
        problem = self._refused(wanted)
        if problem:
            return Answer(status=400, body=problem.encode(), headers={"Content-Type": "text/plain"})
        if asked.method == "GET":
            self.asked.append(wanted)
            return Answer(body=self._page(asked.path).encode(), headers={"Content-Type": "text/html; charset=utf-8"})
        if not (self.remembers and wanted.get("prompt") == "login"):
            self._signed_in_at = time()
        if dict(parse_qsl(asked.body.decode())).get("answer") == "no":
            return self._back(wanted, {"error": "access_denied"})
        code = secrets.token_urlsafe(16)
        self._codes[code] = wanted
        return self._back(wanted, {"code": code})

    def _refused(self, wanted: Mapping[str, str]) -> str:
        checks = {
            "client_id": wanted.get("client_id") == self.client_id,
            "redirect_uri": wanted.get("redirect_uri") in self.redirect_uris,
            "response_type": wanted.get("response_type") == "code",
            "code_challenge_method": wanted.get("code_challenge_method") == "S256",
            "code_challenge": bool(wanted.get("code_challenge")),
            "scope": "openid" in wanted.get("scope", "").split(),
        }
        return ", ".join(name for name, fine in checks.items() if not fine)

    def _back(self, wanted: Mapping[str, str], more: dict[str, str]) -> Answer:
        answer = {**more, "state": wanted["state"]}
        if self.names_itself and self.poison is not Poison.NO_ISSUER_IN_ANSWER:
            lies = self.poison is Poison.WRONG_ISSUER_IN_ANSWER
            answer["iss"] = "https://evil.test" if lies else self.issuer
        return Answer(status=302, headers={"Location": f"{wanted['redirect_uri']}?{urlencode(answer)}"})

    def _page(self, path: str) -> str:
        return (
            "<!doctype html><html lang=en><title>Fake provider</title><main><h1>Fake provider</h1>"
            f"<p>You are {html.escape(str(self.person.email))}.</p><form method=post action='{html.escape(path)}'>"
            "<button name=answer value=yes>Sign in</button><button name=answer value=no>Refuse</button></form></main>"
        )

    def _token(self, asked: Asked) -> Answer:
        form = dict(parse_qsl(asked.body.decode()))
        self.forms.append(form)
        if self.poison is Poison.NOT_JSON:
            return Answer(body=b"<h1>Hello</h1>")
        wanted = self._codes.pop(form.get("code", ""), None)
        if wanted is None or not self._is_client(asked, form) or not self._proves(wanted, form):
            return _json({"error": "invalid_grant", "error_description": form.get("code", "")}, status=400)
        if self.poison is Poison.FAILING:
            return _json({"error": "server_error"}, status=503)
        access = secrets.token_urlsafe(24)
        answer = {"access_token": access, "token_type": "Bearer", "expires_in": 300}
        if self.poison is not Poison.NO_ID_TOKEN:
            answer["id_token"] = self._id_token(wanted, access)
        return _json(answer)

    def _is_client(self, asked: Asked, form: Mapping[str, str]) -> bool:
        if self.methods == ["client_secret_post"]:
            return (form.get("client_id"), form.get("client_secret")) == (self.client_id, self.secret)
        user, _, password = (
            base64.b64decode(asked.headers.get("Authorization", "").removeprefix("Basic ")).decode().partition(":")
        )
        given = dict(parse_qsl(f"user={user}&password={password}"))
        return (given.get("user"), given.get("password")) == (self.client_id, self.secret)

    def _proves(self, wanted: Mapping[str, str], form: Mapping[str, str]) -> bool:
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        return (
            base64.urlsafe_b64encode(digest).rstrip(b"=").decode() == wanted["code_challenge"]
            and form.get("redirect_uri") == wanted["redirect_uri"]
        )

    def _userinfo(self) -> dict[str, Any]:
        subject = "somebody-else" if self.poison is Poison.OTHER_USERINFO else self.person.subject
        return {"sub": subject, **self._about()}

    def _about(self) -> dict[str, Any]:
        said = {"email": self.person.email, "name": self.person.name, **self.person.more}
        if self.person.email_verified is not None:
            said["email_verified"] = self.person.email_verified
        return said

    def claims(self, wanted: Mapping[str, str], access: str) -> dict[str, Any]:
        now = int(time())
        digest = hashlib.sha256(access.encode()).digest()[:16]
        said: dict[str, Any] = {
            "iss": self.issuer,
            "sub": self.person.subject,
            "aud": self.client_id,
            "exp": now + 300,
            "iat": now,
            "auth_time": int(self._signed_in_at),
            "nonce": wanted.get("nonce", ""),
            "at_hash": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
            **(self._about() if self.email_in_token and self.poison is not Poison.OTHER_USERINFO else {}),
        }
        changes: dict[Poison, dict[str, Any]] = {
            Poison.WRONG_NONCE: {"nonce": "another"},
            Poison.WRONG_AUDIENCE: {"aud": "somebody-else"},
            Poison.TWO_AUDIENCES: {"aud": [self.client_id, "somebody-else"]},
            Poison.OTHER_PARTY: {"azp": "somebody-else"},
            Poison.EXPIRED: {"iat": now - 900, "exp": now - 600},
            Poison.FROM_THE_FUTURE: {"iat": now + 900, "exp": now + 1200},
            Poison.WRONG_ISSUER: {"iss": "https://evil.test"},
            Poison.WRONG_AT_HASH: {"at_hash": "AAAA"},
        }
        left_out = {Poison.NO_NONCE: "nonce", Poison.NO_EXPIRY: "exp", Poison.NO_SUBJECT: "sub"}
        if self.poison:
            said |= changes.get(self.poison, {})
            said.pop(left_out.get(self.poison, ""), None)
        return said

    def _id_token(self, wanted: Mapping[str, str], access: str) -> str:
        said = self.claims(wanted, access)
        private, public = self._keys[self.algorithm]
        named = {"kid": public["kid"]}
        right = jwt.encode(said, private, self.algorithm, headers=named)
        head, _, tail = right.split(".")
        lies: dict[Poison, Callable[[], str]] = {
            Poison.ALG_NONE: lambda: _raw({"alg": "none", "typ": "JWT"}, said),
            Poison.HMAC_BY_PUBLIC_KEY: lambda: _raw({"alg": "HS256", **named}, said, json.dumps(public).encode()),
            Poison.HMAC_BY_CLIENT_SECRET: lambda: _raw({"alg": "HS256"}, said, self.secret.encode()),
            Poison.UNPUBLISHED_KEY: lambda: jwt.encode(said, _stray_key(), "RS256", headers={"kid": "unheard-of"}),
            Poison.KNOWN_NAME_OTHER_KEY: lambda: jwt.encode(said, _stray_key(), "RS256", headers=named),
            Poison.BROKEN_SIGNATURE: lambda: ".".join([head, _part({**said, "email": "owner@acme.test"}), tail]),
        }
        lie = lies.get(self.poison) if self.poison else None
        return lie() if lie else right


def _stray_key() -> rsa.RSAPrivateKey:
    return _rsa(3)


@functools.cache
def _rsa(_number: int) -> rsa.RSAPrivateKey:
    """Finding primes takes a tenth of a second: a few keys serve all providers of a process."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _json(value: object, status: int = 200) -> Answer:
    return Answer(status=status, body=json.dumps(value).encode(), headers={"Content-Type": "application/json"})


def _part(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def _raw(header: object, said: object, key: bytes = b"") -> str:
    """By hand, because the library refuses to write such tokens."""
    text = f"{_part(header)}.{_part(said)}"
    if not key:
        return f"{text}."
    signature = hmac.new(key, text.encode(), hashlib.sha256).digest()
    return f"{text}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"


@contextmanager
def provider(folder: Path) -> Iterator[Provider]:
    with running(folder) as site:
        yield Provider(site=site)
