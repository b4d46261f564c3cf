"""What somebody is told whose act had to wait too long for another's, such as a scan of many findings that is digested."""

from collections.abc import Callable

from django.db import OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.template.loader import render_to_string
from psycopg.errors import DeadlockDetected, LockNotAvailable

UNAVAILABLE = 503
AGAIN = "30"
"""Seconds, as `Retry-After` has them."""
DETAIL = "What this is about is being changed by somebody else, or by a scan, and that takes longer. Nothing was done: try again."


def waited(error: Exception) -> bool:
    """Whether it is that, and no trouble of the database's; of two that wait for each other, one is told so."""
    return isinstance(error, OperationalError) and isinstance(error.__cause__, (LockNotAvailable, DeadlockDetected))


class Busy:
    """Answers 503 for such a page. The API has its own words (config/api.py)."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_exception(self, _request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not waited(exception):
            return None
        page = render_to_string("busy.html", {"detail": DETAIL})
        return HttpResponse(page, status=UNAVAILABLE, headers={"Retry-After": AGAIN})
