"""Whole numbers as bytes that sort like the numbers."""

from collections.abc import Mapping

MAX_DIGITS = 400
"""Longer than any version in the wild, and short enough that one length byte holds the binary form."""

_ONE_BYTE = 0xF0
WRITTEN: Mapping[str | bytes, bytes] = {
    **{str(n): bytes((n,)) for n in range(_ONE_BYTE)},
    **{b"%d" % n: bytes((n,)) for n in range(_ONE_BYTE)},
}
"""The numbers that most versions are made of, as they are written and as they are encoded."""
_LONG = 0xF9


def number(digits: str | bytes) -> bytes:
    """Encode decimal digits: a byte below 240 is itself, more is a length mark and the big-endian bytes.

    Raises ValueError beyond MAX_DIGITS.
    """
    if small := WRITTEN.get(digits):
        return small
    if len(digits) > MAX_DIGITS:
        msg = f"a number of {len(digits)} digits"
        raise ValueError(msg)
    value = int(digits)
    if value < _ONE_BYTE:
        return bytes((value,))
    data = value.to_bytes((value.bit_length() + 7) // 8, "big")
    if len(data) <= _LONG - _ONE_BYTE - 1:
        return bytes((_ONE_BYTE + len(data),)) + data
    return bytes((_LONG, len(data))) + data
