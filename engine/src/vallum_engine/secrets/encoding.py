"""How secrets are encoded where they stand."""

from enum import StrEnum

Disguise = tuple[str, bytes]
"""An encoding's name and an expression that says where to decode it."""


class Encoding(StrEnum):
    """How a secret was written, in the words of a finding."""

    BASE64 = "base64"
    HEXADECIMAL = "hexadecimal"
    ESCAPES = "string escapes"
    URL = "URL escapes"
    UTF_16 = "UTF-16"
