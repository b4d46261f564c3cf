"""Checksums that issuers document: a token whose own checksum is wrong was never issued."""

import re
from collections.abc import Callable, Mapping
from zlib import crc32

_BASE62 = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_DIGITS = 6
_GITHUB = rb"(?:gh[opsu]|npm)_[0-9A-Za-z]{36}"


def base62(number: int, width: int) -> bytes:
    digits = bytearray()
    while number:
        number, digit = divmod(number, len(_BASE62))
        digits.append(_BASE62[digit])
    return bytes(reversed(digits)).rjust(width, b"0")


def github_crc32(body: bytes) -> bytes:
    """The last six characters of a GitHub or npm token: the CRC-32 of those between the prefix and them, in base 62.

    https://github.blog/engineering/platform-security/behind-githubs-new-authentication-token-formats/
    """
    return base62(crc32(body), _DIGITS)


def _github(token: bytes) -> bool:
    body = token.rpartition(b"_")[2]
    return github_crc32(body[:-_DIGITS]) == body[-_DIGITS:]


CHECKSUMS: Mapping[str, Callable[[bytes], bool]] = {"github-crc32": _github}
"""By the name that a rule gives; each says whether a whole token can be genuine."""


def refuted(checksum: str, value: bytes) -> bool:
    """Whether the checksum says that the value was never issued: the rule's own, or that of the form the value has."""
    if checksum:
        return not CHECKSUMS[checksum](value)
    return bool(re.fullmatch(_GITHUB, value)) and not _github(value)
