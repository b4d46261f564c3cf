"""Samples of secrets, assembled when needed: `{base62:36}` in a rule's sample becomes 36 characters of fixed noise.

So no file of the project holds anything that looks like a live secret, and yet every rule is proven on one.
"""

import re
from base64 import b64encode
from collections.abc import Callable, Mapping
from hashlib import shake_128
from zlib import crc32

from vallum_engine.secrets.checksums import (
    base62,
    bech32,
    github_crc32,
    with_crc16,
    with_sanctum_crc32,
    with_synapse_crc32,
)

_LOWER = "abcdefghijklmnopqrstuvwxyz"
_UPPER = _LOWER.upper()
_DIGITS = "0123456789"
_ALPHABETS = {
    "hex": "0123456789abcdef",
    "upper-hex": "0123456789ABCDEF",
    "digits": _DIGITS,
    "lower": _LOWER,
    "alpha": _LOWER + _UPPER,
    "lower-alnum": _LOWER + _DIGITS,
    "upper-alnum": _UPPER + _DIGITS,
    "base32": _UPPER + "234567",
    "bech32": "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L",
    "base62": _DIGITS + _UPPER + _LOWER,
    "base64": _DIGITS + _UPPER + _LOWER + "+/",
    "base64url": _DIGITS + _UPPER + _LOWER + "-_",
    "password": _DIGITS + _UPPER + _LOWER + "!#*+-_=",
}
_CRC = 6
_LINE = 64
_NATS_USER_SEED = b"\x95\x00"
_STELLAR_SEED = b"\x90"
_NOSTR_GROUPS = 52


def fill(sample: str) -> str:
    """The sample with every hole filled; the same text gives the same noise, two holes never the same one."""
    count = 0

    def noise(hole: re.Match[str]) -> str:
        nonlocal count
        count += 1
        kind, size, seed = hole[1], int(hole[2] or 0), f"{sample}#{count}"
        return _MADE[kind](size, seed) if kind in _MADE else _letters(kind, size, seed)

    return re.sub(r"\{(" + "|".join([*_ALPHABETS, *_MADE]) + r")(?::(\d+))?\}", noise, sample)


def _github(size: int, seed: str) -> str:
    body = _letters("base62", size - _CRC, seed)
    return body + github_crc32(body.encode()).decode()


def _jwt_part(size: int, seed: str) -> str:
    claims = f'{{"sub":"{_letters("lower-alnum", size, seed)}"}}'
    return b64encode(claims.encode()).decode().rstrip("=").replace("+", "-").replace("/", "_")


def _nkey(size: int, seed: str) -> str:
    return with_crc16(_NATS_USER_SEED + _bytes(size, seed)).decode()


def _nsec(size: int, seed: str) -> str:
    return bech32(b"nsec", int.from_bytes(_bytes(size, seed)) << 4, _NOSTR_GROUPS).decode()


def _pem(size: int, seed: str) -> str:
    text = _letters("base64", size, seed)
    return "\n".join(text[start : start + _LINE] for start in range(0, size, _LINE))


def _sanctum(size: int, seed: str) -> str:
    return f"{size}|{with_sanctum_crc32(_letters('base62', size, seed).encode()).decode()}"


def _strkey(size: int, seed: str) -> str:
    return with_crc16(_STELLAR_SEED + _bytes(size, seed)).decode()


def _synapse(size: int, seed: str) -> str:
    user = b64encode(_letters("lower", 5, seed).encode()).decode().rstrip("=")
    return with_synapse_crc32(f"syt_{user}_{_letters('alpha', size, seed)}".encode()).decode()


def _uuid(_: int, seed: str) -> str:
    digits = _letters("hex", 32, seed)
    return "-".join((digits[:8], digits[8:12], "4" + digits[13:16], "a" + digits[17:20], digits[20:]))


def _vallum(size: int, seed: str) -> str:
    body = "vlm_api_" + _letters("lower", size, seed)
    return body + base62(crc32(body.encode()), _CRC).decode()


def _encoded_password(size: int, seed: str) -> str:
    return b64encode(_letters("password", size, seed).encode()).decode()


def _encoded_key(size: int, seed: str) -> str:
    key = f"-----BEGIN RSA PRIVATE KEY-----\n{_pem(size, seed)}\n-----END RSA PRIVATE KEY-----\n"
    return b64encode(key.encode()).decode()


def _letters(alphabet: str, size: int, seed: str) -> str:
    letters = _ALPHABETS[alphabet]
    return "".join(letters[byte % len(letters)] for byte in _bytes(size, seed))


def _bytes(size: int, seed: str) -> bytes:
    return shake_128(seed.encode()).digest(size)


_MADE: Mapping[str, Callable[[int, str], str]] = {
    "encoded-key": _encoded_key,
    "encoded-password": _encoded_password,
    "github": _github,
    "jwt-part": _jwt_part,
    "nkey": _nkey,
    "nsec": _nsec,
    "pem": _pem,
    "sanctum": _sanctum,
    "strkey": _strkey,
    "synapse": _synapse,
    "uuid": _uuid,
    "vallum": _vallum,
}
"""What is more than letters of one alphabet: with a checksum, in lines, in groups."""
