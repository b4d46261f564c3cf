"""What rules look for as it reads once it is encoded: triggers that say where to decode, without decoding everything.

A token's fixed part has three forms in base64 (one per position within three bytes) and one in hexadecimal. Looking for
those costs Vectorscan next to nothing, where decoding every long word of a tree would cost more than the scan.
The names that go before a value are looked for by the few words that end them: those of every provider would triple
the database.
"""

import re
from base64 import b64encode
from collections.abc import Iterable, Iterator

from vallum_engine.expressions import anchors
from vallum_engine.secrets.encoding import Disguise, Encoding

_LEAST = 4
"""Bytes of a literal: shorter ones are in every file by chance once they are encoded."""
_GROUP = 40
_WORDS = (b"password", b"passwd", b"secret", b"token", b"api_key", b"apikey", b"access_key", b"credentials")
_SCHEMES = (b"postgres://", b"postgresql://", b"mysql://", b"mongodb://", b"redis://", b"amqp://", b"ftp://")
_NAMED = rb"(?i:secret|token|passw(?:or)?d|pwd|api_?key|access_?key|account_?key|signature)"

_ESCAPED = (
    (Encoding.URL, rb"(?i:%3a(?:%2f%2f|//))"),
    (Encoding.URL, _NAMED + rb"[\w-]{0,20}(?:=|%3[dD])[\w.~-]{0,80}?%[2-7][0-9a-fA-F]"),
    (Encoding.ESCAPES, rb":\\/\\/[^\s\"'\\/]{1,100}?(?::|\\u003[aA])"),
    (
        Encoding.ESCAPES,
        _NAMED
        + rb"[\w-]{0,20}\\?[\"']?\s{0,3}[:=]\s{0,3}\\?[\"'][^\s\"'\\]{0,100}?\\(?:u00[2-7][0-9a-fA-F]|x[2-7][0-9a-fA-F]|/)",
    ),
)


def of(triggers: Iterable[bytes], *, names: bool = True) -> tuple[Disguise, ...]:
    """The disguises of what these triggers match, and of the names before a value, which are needed once in a scan."""
    literals = {literal for trigger in triggers for literal in anchors(trigger) if len(literal) >= _LEAST}
    if names:
        literals.update(word for plain in (*_WORDS, *_SCHEMES) for word in (plain, plain.upper(), plain.title()))
    once = {form for literal in literals for text in (literal, _wide(literal)) for form in in_base64(text)}
    twice = {form for text in once for form in in_base64(text)}
    bare = {literal.hex().encode() for literal in literals}
    escaped = {b"".join(rb"\%s%02x" % (mark, byte) for byte in text) for text in literals for mark in (b"x", b"u00")}
    return (
        *((Encoding.BASE64, pattern) for pattern in _grouped(once | twice)),
        *((Encoding.HEXADECIMAL, b"(?i:" + pattern + b")") for pattern in _grouped(bare)),
        *((Encoding.ESCAPES, b"(?i:" + pattern + b")") for pattern in _grouped(escaped)),
        *(_ESCAPED if names else ()),
    )


def in_base64(literal: bytes) -> Iterator[bytes]:
    """The characters that the literal alone decides, for each of its positions within three bytes, in both alphabets."""
    for shift in range(3):
        text = b64encode(bytes(shift) + literal + bytes(-(shift + len(literal)) % 3))
        kept = text[-(-8 * shift // 6) : 8 * (shift + len(literal)) // 6]
        yield kept
        if b"+" in kept or b"/" in kept:
            yield kept.translate(bytes.maketrans(b"+/", b"-_"))


def _wide(literal: bytes) -> bytes:
    return literal.decode("latin-1").encode("utf-16-le")


def _grouped(literals: Iterable[bytes]) -> Iterator[bytes]:
    ordered = sorted(literals)
    for start in range(0, len(ordered), _GROUP):
        yield b"|".join(re.escape(literal) for literal in ordered[start : start + _GROUP])
