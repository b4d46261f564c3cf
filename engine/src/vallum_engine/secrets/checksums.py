"""Checksums that issuers document: a token whose own checksum is wrong was never issued."""

from binascii import Error, crc32, crc_hqx
from collections.abc import Callable, Iterable, Mapping
from itertools import chain

from vallum_engine.compiling import expression
from vallum_engine.plugins import load
from vallum_engine.secrets import jwt
from vallum_engine.secrets.bases import from_base64

_BASE62 = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_DIGITS = 6
_SEQUENCE = 0x30
_LONG_FORM = 0x80
_GITHUB = rb"(?:gh[opsu]|npm)_[0-9A-Za-z]{36}"
_BECH32 = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_BECH32_STEPS = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
_BECH32_BITS = 25
_GROUP = 5
_SANCTUM = 48
_AWS_SHIFT = 7
_AWS_ACCOUNT = (1 << 40) - 1
_AWS_MANUALS = (123456789012, 111122223333, 444455556666)
_SANCTUM_DIGITS = 8


def base62(number: int, width: int) -> bytes:
    digits = bytearray()
    while number:
        number, digit = divmod(number, len(_BASE62))
        digits.append(_BASE62[digit])
    return bytes(reversed(digits)).rjust(width, b"0")


def github_crc32(body: bytes) -> bytes:
    """The last six characters of a GitHub or npm token: the CRC-32 of those between the prefix and them, in base 62.

    https://github.blog/engineering/platform-security/behind-githubs-new-authentication-token-formats/
    NetBird (management/server/types/personal_access_token.go) and Polar (server/polar/kit/crypto.py) say that they do the same.
    """
    return base62(crc32(body), _DIGITS)


def _github(token: bytes) -> bool:
    body = token.rpartition(b"_")[2]
    return github_crc32(body[:-_DIGITS]) == body[-_DIGITS:]


def _vallum(token: bytes) -> bool:
    """The last six characters of a token of ours: the CRC-32 of all before them, in base 62."""
    return base62(crc32(token[:-_DIGITS]), _DIGITS) == token[-_DIGITS:]


def with_synapse_crc32(body: bytes) -> bytes:
    """A Matrix token of Synapse: its type, user and noise, `_`, and the CRC-32 of all before that in base 62.

    https://github.com/element-hq/synapse/blob/develop/synapse/handlers/auth.py
    """
    return body + b"_" + base62(crc32(body), _DIGITS)


def _synapse(token: bytes) -> bool:
    return with_synapse_crc32(token.rpartition(b"_")[0]) == token


def with_sanctum_crc32(entropy: bytes) -> bytes:
    """The noise of a token of Laravel's Sanctum, and its CRC-32 in eight digits of base 16.

    https://github.com/laravel/sanctum/blob/4.x/src/HasApiTokens.php
    """
    return entropy + b"%08x" % crc32(entropy)


def _sanctum(token: bytes) -> bool:
    return with_sanctum_crc32(token[-_SANCTUM:-_SANCTUM_DIGITS]) == token[-_SANCTUM:]


_FROM_BASE32, _TO_BASE32 = "base64:b32decode", "base64:b32encode"  # imported where a key is written in it


def with_crc16(body: bytes) -> bytes:
    """Base 32 of bytes and their CRC-16 (XMODEM, the lower byte first): keys of Stellar and NATS.

    https://github.com/stellar/stellar-protocol/blob/master/ecosystem/sep-0023.md, https://github.com/nats-io/nkeys
    """
    encode: Callable[[bytes], bytes] = load(_TO_BASE32)
    return encode(body + crc_hqx(body, 0).to_bytes(2, "little")).rstrip(b"=")


def _crc16(key: bytes) -> bool:
    try:
        body = load(_FROM_BASE32)(key + b"=" * (-len(key) % 8))
    except Error:
        return False
    return with_crc16(body[:-2]) == key


def _aws(key: bytes) -> bool:
    """Whether a key id is not one of the accounts that AWS's manuals write: behind the first four letters it holds the account.

    https://awsteele.com/blog/2020/09/26/aws-access-key-format.html
    """
    account = int.from_bytes(load(_FROM_BASE32)(key[4:])[:6]) >> _AWS_SHIFT & _AWS_ACCOUNT
    return account not in _AWS_MANUALS


def bech32(prefix: bytes, number: int, groups: int) -> bytes:
    """The number in `groups` of five bits behind the prefix, with the checksum of Bitcoin's BIP 173: keys of Nostr."""
    values = [number >> _GROUP * place & 31 for place in range(groups - 1, -1, -1)]
    rest = _bech32_rest(chain(_bech32_prefix(prefix), values, (0,) * _DIGITS)) ^ 1
    values += [rest >> _GROUP * place & 31 for place in range(_DIGITS - 1, -1, -1)]
    return prefix + b"1" + bytes(_BECH32[value] for value in values)


def _bech32(key: bytes) -> bool:
    prefix, _, text = key.rpartition(b"1")
    return _bech32_rest(chain(_bech32_prefix(prefix), map(_BECH32.find, text))) == 1


def _bech32_prefix(prefix: bytes) -> Iterable[int]:
    return chain((byte >> _GROUP for byte in prefix), (0,), (byte & 31 for byte in prefix))


def _bech32_rest(values: Iterable[int]) -> int:
    rest = 1
    for value in values:
        top = rest >> _BECH32_BITS
        rest = (rest & (1 << _BECH32_BITS) - 1) << _GROUP ^ value
        for bit, step in enumerate(_BECH32_STEPS):
            if top >> bit & 1:
                rest ^= step
    return rest


_JOINT = rb"\\+[nr]|[\"']\s{0,40}\+\s{0,40}[\"']"
"""Ends of lines as they are written in strings, and what joins two strings."""
_NO_BASE64 = rb"[^A-Za-z0-9+/]"


def _der(body: bytes) -> bool:
    """Whether as much of a PEM body is there as its first bytes say: manuals and tests leave lines out of keys.

    What cannot be read here counts as whole: a key in a language's own quotes and signs is still a key.
    """
    text = expression(_NO_BASE64).sub(b"", expression(_JOINT).sub(b"", body))
    start = from_base64(text[:8].ljust(8, b"A"))
    if start[0] != _SEQUENCE or not _LONG_FORM < start[1] <= _LONG_FORM + 3:
        return True
    sized = 2 + start[1] - _LONG_FORM
    return len(text) * 6 // 8 >= sized + int.from_bytes(start[2:sized], "big")


CHECKSUMS: Mapping[str, Callable[[bytes], bool]] = {
    "aws-account": _aws,
    "bech32": _bech32,
    "crc16-base32": _crc16,
    "der-length": _der,
    "github-crc32": _github,
    "jwt": jwt.is_token,
    "sanctum-crc32b": _sanctum,
    "synapse-crc32": _synapse,
    "vallum-crc32": _vallum,
}
"""By the name that a rule gives; each says whether a whole token can be genuine."""

DOUBTS: Mapping[str, Callable[[bytes, int | None], Iterable[str]]] = {"jwt": jwt.doubts}
"""What a token that can be genuine says against itself, by the same names; the second argument is the time, or None."""

PROOFS = frozenset({"bech32", "github-crc32", "sanctum-crc32b", "synapse-crc32", "vallum-crc32"})
"""Those that chance hardly ever passes: a token that does is one, whatever it spells."""


def refuted(checksum: str, value: bytes) -> bool:
    """Whether the checksum says that the value was never issued: the rule's own, or that of the form the value has."""
    if checksum:
        return not CHECKSUMS[checksum](value)
    return bool(expression(_GITHUB).fullmatch(value)) and not _github(value)
