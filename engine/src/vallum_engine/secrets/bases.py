"""Base64 (RFC 4648) read without the standard library's module for all bases: a scan of a small tree has no half millisecond for it."""

from binascii import a2b_base64

_URL_SAFE = bytes.maketrans(b"-_", b"+/")


def from_base64(text: bytes) -> bytes:
    """What is no letter of the alphabet is passed over. Raises `binascii.Error` for a text of no possible length."""
    return a2b_base64(text)


def from_base64url(text: bytes) -> bytes:
    """Likewise, in either alphabet."""
    return a2b_base64(text.translate(_URL_SAFE))
