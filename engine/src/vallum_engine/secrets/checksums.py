"""Checksums that issuers document: a token whose own checksum is wrong was never issued."""

import re
from base64 import b64decode
from collections.abc import Callable, Mapping
from zlib import crc32

_BASE62 = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_DIGITS = 6
_SEQUENCE = 0x30
_LONG_FORM = 0x80
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


def _vallum(token: bytes) -> bool:
    """The last six characters of a token of ours: the CRC-32 of all before them, in base 62."""
    return base62(crc32(token[:-_DIGITS]), _DIGITS) == token[-_DIGITS:]


def _der(body: bytes) -> bool:
    """Whether as much of a PEM body is there as its first bytes say: manuals and tests leave lines out of keys.

    What cannot be read here counts as whole: a key in a language's own quotes and signs is still a key.
    """
    text = re.sub(rb"[^A-Za-z0-9+/]", b"", re.sub(rb"\\+[nr]|[\"']\s{0,40}\+\s{0,40}[\"']", b"", body))
    start = b64decode(text[:8].ljust(8, b"A"))
    if start[0] != _SEQUENCE or not _LONG_FORM < start[1] <= _LONG_FORM + 3:
        return True
    sized = 2 + start[1] - _LONG_FORM
    return len(text) * 6 // 8 >= sized + int.from_bytes(start[2:sized], "big")


CHECKSUMS: Mapping[str, Callable[[bytes], bool]] = {
    "der-length": _der,
    "github-crc32": _github,
    "vallum-crc32": _vallum,
}
"""By the name that a rule gives; each says whether a whole token can be genuine."""

PROOFS = frozenset({"github-crc32", "vallum-crc32"})
"""Those that chance hardly ever passes: a token that does is one, whatever it spells."""


def refuted(checksum: str, value: bytes) -> bool:
    """Whether the checksum says that the value was never issued: the rule's own, or that of the form the value has."""
    if checksum:
        return not CHECKSUMS[checksum](value)
    return bool(re.fullmatch(_GITHUB, value)) and not _github(value)
