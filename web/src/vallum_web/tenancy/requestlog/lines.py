"""Lines of the log carry the number of the request they are about, and nothing that was sent with it.

An exception's text repeats what it was raised over, and Django names the path of what failed: both may be a token, a link
from a mail, a password typed into the wrong field.
"""

import json
import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from django.core.exceptions import BadRequest, SuspiciousOperation
from django.http import HttpRequest, RawPostDataException

from vallum_web.tenancy.origin import current_origin

# Shorter ones are words of our own as often as not.
LEAST = 6
LEFT_OUT = "[left out]"
# What a browser or a program says of itself, and how it wants to be spoken to.
HARMLESS = frozenset({
    "ACCEPT", "ACCEPT_ENCODING", "ACCEPT_LANGUAGE", "CACHE_CONTROL", "CONNECTION", "HOST", "ORIGIN", "USER_AGENT",
})  # fmt: skip
# Names of fields are in the code that a traceback quotes.
_FIELD = re.compile(r"[a-z][a-z_]{0,29}[0-9]?")
_present: ContextVar[HttpRequest | None] = ContextVar("vallum_answering", default=None)


@contextmanager
def answering(request: HttpRequest) -> Iterator[None]:
    token = _present.set(request)
    try:
        yield
    finally:
        _present.reset(token)


class Lines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        # Django logs its last word on a request when everything that knew of it is over.
        request = getattr(record, "request", None) or _present.get()
        here = current_origin()
        number = here.request_id if here else getattr(request, "number", None)
        record.request_id = f"{number} " if number else ""
        text = super().format(record)
        if not isinstance(request, HttpRequest):
            return text
        for sent in sorted(_sent(request), key=len, reverse=True):
            text = text.replace(sent, LEFT_OUT)
        return text


def _sent(request: HttpRequest) -> set[str]:
    """Every text that came with the request and is long enough to be a secret, as it was sent and as Python writes it."""
    texts = {
        *_leaves(dict(request.GET.lists())),
        *_leaves(_body(request)),
        *request.COOKIES.values(),
        *request.path.split("/"),
        *(
            part
            for name, value in request.META.items()
            if name.startswith("HTTP_") and name.removeprefix("HTTP_") not in HARMLESS
            for part in (str(value), *str(value).split())
        ),
    }
    route = str(request.resolver_match.route) if request.resolver_match else ""
    long = {text for text in texts if len(text) >= LEAST and text not in route and not _FIELD.fullmatch(text)}
    return long | {repr(text)[1:-1] for text in long}


def _body(request: HttpRequest) -> Any:
    """What was read of it; nothing is read for this."""
    known: dict[str, Any] = request.__dict__
    if "_post" in known:
        return dict(request.POST.lists())
    try:
        return json.loads(known.get("_body", b"null"))
    except (ValueError, RecursionError, BadRequest, SuspiciousOperation, RawPostDataException):
        return known.get("_body", b"").decode(errors="replace")


def _leaves(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield str(key)
            yield from _leaves(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _leaves(inner)
    elif value is not None:
        yield str(value)
