"""Hashes of what a registry serves, as lockfiles write them: `sha512-` and Base64 (https://www.w3.org/TR/SRI/), or digits."""

import binascii
import re
from collections.abc import Iterator

_SIZES = {"md5": 16, "sha1": 20, "sha256": 32, "sha384": 48, "sha512": 64}
_SRI = re.compile(r"(?<!\S)(sha1|sha256|sha384|sha512)-([A-Za-z0-9+/]{1,100}={0,2})")
_DIGITS = re.compile(r"[0-9a-f]+")
MOST = 2000
"""Letters that are looked at; an entry has one or two hashes."""


def of_sri(text: object) -> Iterator[str]:
    """`sha512:` and hexadecimal digits, for each of the hashes that is whole."""
    for name, encoded in _SRI.findall(text[:MOST]) if isinstance(text, str) else ():
        yield from of_base64(name, encoded)


def of_base64(name: str, encoded: str) -> Iterator[str]:
    try:
        value = binascii.a2b_base64(encoded[:MOST], strict_mode=True)
    except ValueError:
        return
    if len(value) == _SIZES[name]:
        yield f"{name}:{value.hex()}"


def of_digits(name: str, digits: object) -> Iterator[str]:
    if isinstance(digits, str) and len(digits) == 2 * _SIZES[name] and _DIGITS.fullmatch(digits.lower()):
        yield f"{name}:{digits.lower()}"
