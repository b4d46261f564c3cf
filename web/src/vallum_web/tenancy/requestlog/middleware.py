"""One row for each request, and its number for whoever asks about it."""

import time
from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponseBase

from vallum_web.tenancy import clock
from vallum_web.tenancy.models import RequestLog
from vallum_web.tenancy.origin import Origin, current_origin
from vallum_web.tenancy.requestlog import lines
from vallum_web.tenancy.requestlog.buffer import BUFFER
from vallum_web.tenancy.requestlog.signal import asks_not_to_be_followed

Handler = Callable[[HttpRequest], HttpResponseBase]
HEADER = "X-Request-Id"
# The first two are asked every few seconds by what watches the process, about nobody. How large a screen is, is counted without a
# row that would have an address beside it.
NOT_KEPT = frozenset({"healthz", "readyz", "screen"})
# What is not there, and what does not take this, is told in the same bytes each time.
NO_NUMBER = frozenset({404, 405})


def logged(get_response: Handler) -> Handler:
    """Middleware: next to `origin.noted`, which knows whence."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        began, here = time.perf_counter(), current_origin()
        request.number = here.request_id if here else None  # type: ignore[attr-defined]  # read by `lines`
        with lines.answering(request):
            response = get_response(request)
        # By now it may be a token's.
        here = current_origin()
        if here is not None:
            if response.status_code not in NO_NUMBER:
                response.headers[HEADER] = str(here.request_id)
            route = request.resolver_match.view_name if request.resolver_match else ""
            if route not in NOT_KEPT:
                BUFFER.add(_row(request, route, response.status_code, here, time.perf_counter() - began))
        return response

    return middleware


def _row(request: HttpRequest, route: str, status: int, here: Origin, took: float) -> RequestLog:
    known: dict[str, Any] = request.__dict__
    token = known.get("auth")
    # Whoever the session was asked for; a page that asked for nobody was nobody's.
    person = None if token else known.get("_cached_user")
    return RequestLog(
        id=here.request_id,
        at=clock.now(),
        method=(request.method or "")[:10],
        route=route[:100],
        status=status,
        milliseconds=round(took * 1000),
        org=_id(getattr(known.get("org"), "pk", None) or getattr(token, "org_id", None)),
        person=_id(getattr(person, "pk", None)),
        token=_id(getattr(token, "pk", None)),
        address=here.address,
        agent=here.agent,
        private=asks_not_to_be_followed(request.headers),
    )


def _id(value: object) -> UUID | None:
    return value if isinstance(value, UUID) else None
