"""What readers of secret scanners share: the value, where the report has it, and words that do not hold it."""

import base64
import binascii
import re

# The first line of a key is no value: every such key has it.
_FIRST_LINE = re.compile(r"-----BEGIN [A-Z0-9 ]+-----(?:\\n|\s)*")
_STARRED = re.compile(r"\*{3}|(?:^|\W)REDACTED(?:\W|$)|^[*x•.]+$", re.IGNORECASE)
_PRINTABLE = re.compile(rb"[\t\n\r\x20-\x7e]+")


def value(text: object) -> bytes:
    """The raw value; nothing where what is given is not it: starred out, or only the first line of a key."""
    plain = str(text or "").strip()
    if not plain or _FIRST_LINE.fullmatch(plain) or _STARRED.search(plain):
        return b""
    return plain.encode("utf-8", "replace")


def decoded(text: object) -> bytes:
    """The same of a value that may be in Base64, as some write bytes; what does not decode to text is taken as it is."""
    try:
        raw = base64.b64decode(str(text or ""), validate=True)
    except (binascii.Error, ValueError):
        return value(text)
    return value(raw.decode("ascii")) if _PRINTABLE.fullmatch(raw) else value(text)


def told(what: str, more: str = "") -> str:
    """A message for a person."""
    text = f"{what or 'A secret'} in plain text: whoever can read this place can use it."
    return f"{text} {more}".strip()


def without(text: object, secret: object) -> str:
    """A text without the value that it quotes."""
    plain, hidden = str(text or ""), str(secret or "")
    return plain.replace(hidden, "…") if hidden else plain
