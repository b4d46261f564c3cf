"""Samples of secrets, assembled when needed: `{base62:36}` in a rule's sample becomes 36 characters of fixed noise.

So no file of the project holds anything that looks like a live secret, and yet every rule is proven on one.
"""

import re
from base64 import b64encode
from hashlib import shake_128
from zlib import crc32

from vallum_engine.secrets.checksums import base62, github_crc32

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
_HOLE = re.compile(r"\{(" + "|".join([*_ALPHABETS, "github", "vallum", "jwt-part", "pem", "uuid"]) + r")(?::(\d+))?\}")


def fill(sample: str) -> str:
    """The sample with every hole filled; the same text gives the same noise, two holes never the same one."""
    count = 0

    def noise(hole: re.Match[str]) -> str:
        nonlocal count
        count += 1
        return _noise(hole[1], int(hole[2] or 0), f"{sample}#{count}")

    return _HOLE.sub(noise, sample)


def _noise(kind: str, size: int, seed: str) -> str:
    if kind == "github":
        body = _letters("base62", size - _CRC, seed)
        return body + github_crc32(body.encode()).decode()
    if kind == "vallum":
        body = "vlm_api_" + _letters("lower", size, seed)
        return body + base62(crc32(body.encode()), _CRC).decode()
    if kind == "uuid":
        digits = _letters("hex", 32, seed)
        return "-".join((digits[:8], digits[8:12], "4" + digits[13:16], "a" + digits[17:20], digits[20:]))
    if kind == "jwt-part":
        claims = f'{{"sub":"{_letters("lower-alnum", size, seed)}"}}'
        return b64encode(claims.encode()).decode().rstrip("=").replace("+", "-").replace("/", "_")
    if kind == "pem":
        text = _letters("base64", size, seed)
        return "\n".join(text[start : start + _LINE] for start in range(0, size, _LINE))
    return _letters(kind, size, seed)


def _letters(alphabet: str, size: int, seed: str) -> str:
    letters = _ALPHABETS[alphabet]
    return "".join(letters[byte % len(letters)] for byte in shake_128(seed.encode()).digest(size))
