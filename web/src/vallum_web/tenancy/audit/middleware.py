"""What a person is told when an act could not be recorded, and so did not happen."""

import logging
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.template.loader import render_to_string

from vallum_web.tenancy.audit.errors import NotRecordedError

log = logging.getLogger(__name__)
UNAVAILABLE = 503
AGAIN = "30"
"""Seconds, as `Retry-After` has them."""


class Unrecorded:
    """Answers 503 for a page whose act the audit log did not take. The API has its own words (config/api.py)."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_exception(self, _request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, NotRecordedError):
            return None
        told(exception)
        return HttpResponse(render_to_string("503.html"), status=UNAVAILABLE, headers={"Retry-After": AGAIN})


def told(error: NotRecordedError) -> str:
    """Write the cause into the log, and give the words for whoever asked."""
    log.error("An act was undone because the audit log did not take it: %s", error.__cause__ or error)
    return str(error)
