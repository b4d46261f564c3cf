"""What people and machines may call things, and what they may write: pure, for forms and API alike."""

from typing import Annotated

from django.core.exceptions import ValidationError
from pydantic import AfterValidator

# Letters of some scripts are joined by these; anything else that is invisible is there to deceive.
_JOINERS = "\u200c\u200d"


def one_line(text: str) -> str:
    """The text without the space around it. Raises ValueError where it would not be shown as it is."""
    text = text.strip()
    if not "".join(letter for letter in text if letter not in _JOINERS).isprintable():
        raise ValueError("Write it in one line, without control characters or marks that change its direction.")
    return text


def storable(text: str) -> str:
    """Raises ValueError for what PostgreSQL's text cannot hold."""
    if "\x00" in text:
        raise ValueError("Write it without the character NUL.")
    return text


def validate_one_line(text: str) -> None:
    """`one_line` as a validator of Django's forms."""
    try:
        one_line(text)
    except ValueError as error:
        raise ValidationError(str(error)) from error


OneLine = Annotated[str, AfterValidator(one_line)]
Storable = Annotated[str, AfterValidator(storable)]
