"""What a stranger sends, read within limits: pure. Nothing of it reaches a database or a recursion before this."""

import json
from typing import Any

from scim2_models import InvalidSyntaxException, InvalidValueException

DEPTH = 12
"""A PATCH is four deep; what is deeper means nothing here and costs a stack."""
ITEMS = 30_000
"""Values in one body. A group of 5,000 people with addresses and types is 20,000."""
LONGEST = 2_000
DIGITS = 20


def parsed(body: bytes) -> dict[str, Any]:
    """The JSON object that the body is. Raises InvalidSyntaxException, InvalidValueException."""
    try:
        value = json.loads(body, parse_constant=_no_constant, parse_int=_number, parse_float=_fraction)
    except (ValueError, RecursionError):
        raise InvalidSyntaxException(
            detail="The body is no JSON that can be read here: send one object in UTF-8, without NaN."
        ) from None
    if not isinstance(value, dict):
        raise InvalidSyntaxException(detail="The body has to be one JSON object.")
    checked(value)
    return value


def storable(text: str) -> bool:
    """Whether the database can hold it: no NUL, no half of a character."""
    return "\0" not in text and not any("\ud800" <= letter <= "\udfff" for letter in text)


def checked(root: object) -> None:
    """Raises InvalidSyntaxException, InvalidValueException. Without recursion, whatever the depth."""
    waiting, seen = [(root, 1)], 0
    while waiting:
        value, depth = waiting.pop()
        seen += 1
        if depth > DEPTH or seen > ITEMS:
            raise InvalidSyntaxException(
                detail=f"The body nests deeper than {DEPTH} or holds more than {ITEMS:,} values: send less at once."
            )
        if isinstance(value, str):
            _text(value)
        elif isinstance(value, dict):
            waiting.extend((key, depth) for key in value)
            waiting.extend((item, depth + 1) for item in value.values())
        elif isinstance(value, list):
            waiting.extend((item, depth + 1) for item in value)


def _text(text: str) -> None:
    if len(text) > LONGEST:
        raise InvalidValueException(detail=f"A text is longer than {LONGEST:,} characters.")
    if not storable(text):
        raise InvalidValueException(detail="A text holds NUL or half of a character.")


def _no_constant(name: str) -> Any:
    raise ValueError(name)


def _number(digits: str) -> int:
    """No attribute here is a number; one of 4,000 digits is only there to be expensive."""
    if len(digits) > DIGITS:
        raise ValueError(digits[:DIGITS])
    return int(digits)


def _fraction(digits: str) -> float:
    if len(digits) > DIGITS:
        raise ValueError(digits[:DIGITS])
    return float(digits)
