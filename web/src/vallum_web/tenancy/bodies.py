"""What a stranger sends to a door of ours, whole: no longer than it may be, and read to its end."""

from django.http import HttpRequest
from django.http.request import RawPostDataException, UnreadablePostError

_DIGITS = 9
"""Of thousands `int` makes no number."""


class BodyError(ValueError):
    """It cannot be taken; `status` is the answer to that."""

    status = 400


class TooLongError(BodyError):
    """It says that it is longer than it may be, or says no length at all."""

    status = 413


def read(request: HttpRequest, *, most: int) -> bytes:
    """At most `most` bytes. Raises BodyError."""
    length = request.headers.get("Content-Length") or "0"
    if not length.isascii() or not length.isdigit() or len(length) > _DIGITS or int(length) > most:
        raise TooLongError
    try:
        return request.body
    except (UnreadablePostError, RawPostDataException) as error:
        raise BodyError from error
