"""The third labelled tree: whole files in formats that standards and programs publish, with keys made for each run.

`standards.toml` holds them. In a text, a line that begins with `§` is a leak, and one that begins with `¦` belongs to the leak before it;
`«name»` is a key in one of the encodings below, `{hole}` is noise.
"""

import base64
import json
import re
import tomllib
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from bench.secrets.corpus import Labels, Place
from vallum_engine.secrets.samples import fill

_TABLE = Path(__file__).with_name("standards.toml")
_BITS = 2048
_LEAK = "§"
_MORE = "¦"
_Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey


@cache
def _rsa() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, _BITS)


@cache
def _ec() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


@cache
def _ed() -> ed25519.Ed25519PrivateKey:
    return ed25519.Ed25519PrivateKey.generate()


def _pem(key: _Key, form: PrivateFormat, sealed: bool = False) -> str:  # noqa: FBT001, FBT002 - said by name
    lock: KeySerializationEncryption = BestAvailableEncryption(b"a phrase") if sealed else NoEncryption()
    return key.private_bytes(Encoding.PEM, form, lock).decode().rstrip()


def _public(key: _Key) -> str:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode().rstrip()


def _jwk(key: _Key, names: str) -> str:
    """RFC 7517: numbers as base64url without padding."""
    if isinstance(key, rsa.RSAPrivateKey):
        numbers = key.private_numbers()
        parts = {"n": numbers.public_numbers.n, "e": numbers.public_numbers.e, "d": numbers.d, "p": numbers.p}
        parts |= {"q": numbers.q, "dp": numbers.dmp1, "dq": numbers.dmq1, "qi": numbers.iqmp}
        head = {"kty": "RSA"}
    else:
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        point = key.private_numbers()
        parts = {"x": point.public_numbers.x, "y": point.public_numbers.y, "d": point.private_value}
        head = {"kty": "EC", "crv": "P-256"}
    texts = {name: _number(value) for name, value in parts.items() if name in names.split()}
    return json.dumps(head | {"kid": "2026-11"} | texts)


def _number(value: int) -> str:
    return base64.urlsafe_b64encode(value.to_bytes((value.bit_length() + 7) // 8)).decode().rstrip("=")


_KEYS: Mapping[str, Callable[[], str]] = {
    "rsa-pkcs8": lambda: _pem(_rsa(), PrivateFormat.PKCS8),
    "rsa-pkcs1": lambda: _pem(_rsa(), PrivateFormat.TraditionalOpenSSL),
    "rsa-pkcs8-sealed": lambda: _pem(_rsa(), PrivateFormat.PKCS8, sealed=True),
    "rsa-pkcs1-sealed": lambda: _pem(_rsa(), PrivateFormat.TraditionalOpenSSL, sealed=True),
    "rsa-openssh": lambda: _pem(_rsa(), PrivateFormat.OpenSSH),
    "ec-sec1": lambda: _pem(_ec(), PrivateFormat.TraditionalOpenSSL),
    "ec-pkcs8": lambda: _pem(_ec(), PrivateFormat.PKCS8),
    "ed-pkcs8": lambda: _pem(_ed(), PrivateFormat.PKCS8),
    "ed-openssh": lambda: _pem(_ed(), PrivateFormat.OpenSSH),
    "rsa-public": lambda: _public(_rsa()),
    "ec-public": lambda: _public(_ec()),
    "rsa-jwk": lambda: _jwk(_rsa(), "n e d p q dp dq qi"),
    "ec-jwk": lambda: _jwk(_ec(), "x y d"),
    "rsa-jwk-public": lambda: _jwk(_rsa(), "n e"),
    "ec-jwk-public": lambda: _jwk(_ec(), "x y"),
    "rsa-der": lambda: base64.b64encode(
        _rsa().private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    ).decode(),
}


def write(root: Path) -> Labels:
    leaks: dict[Place, tuple[str, str]] = {}
    beside: dict[Place, Place] = {}
    decoys: dict[Place, str] = {}
    for group, entries in tomllib.loads(_TABLE.read_text("utf-8")).items():
        for name, (file, text) in entries.items():
            path = f"{group}/{name}/{file}"
            lines = _made(text, name).split("\n")
            last: Place | None = None
            for number, line in enumerate(lines, 1):
                place = (path, number)
                if group == "public":
                    decoys[place] = name
                elif line.startswith(_LEAK):
                    leaks[place], last = (name, group), place
                elif line.startswith(_MORE) and last:
                    beside[place] = last
            (root / path).parent.mkdir(parents=True)
            (root / path).write_text("\n".join(line.lstrip(_LEAK + _MORE) for line in lines), "utf-8")
    return Labels(leaks=leaks, beside=beside, decoys=decoys)


def _made(text: str, seed: str) -> str:
    """The text with its keys: as they are, indented as in YAML, in one line as in JSON, or in base64 again."""

    def made(found: re.Match[str]) -> str:
        how, key = found[1], _KEYS[found[2]]()
        if how == "\\":
            return key.replace("\n", "\\n") + "\\n"
        if how == "64 ":
            return base64.b64encode(key.encode()).decode()
        return key.replace("\n", f"\n{how}")

    filled = fill(f"{text}\0{seed}").partition("\0")[0]
    return re.sub(r"«(\\|64 | *)([a-z0-9-]+)»", made, filled)
