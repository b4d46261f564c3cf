"""Texts that name properties, filled in within limits: a hostile file names properties that name properties."""

import re
from collections.abc import Mapping

from vallum_engine.sca.lockfiles.entry import MAX_NAME

_ROUNDS = 10


def expanded(text: str, expression: re.Pattern[str], said: Mapping[str, str]) -> str:
    """The text with what its properties say, ten deep. What nobody says, or says at more length than a name has, stays.

    `expression` finds a property, its name as the first group. The result is hardly longer than MAX_NAME, which is
    refused later on.
    """
    for _ in range(_ROUNDS):
        if len(text) > MAX_NAME:
            break
        filled = expression.sub(lambda found: _value(said.get(found[1], ""), found[0]), text)
        if filled == text:
            break
        text = filled
    return text[: MAX_NAME + 1]


def _value(value: str, unknown: str) -> str:
    return value if value and len(value) <= MAX_NAME else unknown
