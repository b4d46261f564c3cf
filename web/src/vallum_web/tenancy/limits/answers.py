"""How a door tells of limits: fields on answers to machines, one page and one JSON body for a refusal.

The fields are those of the IETF's draft-ietf-httpapi-ratelimit-headers-11: `RateLimit-Policy` says what holds, `RateLimit`
what is left of it. The three older ones (`RateLimit-Limit`, `-Remaining`, `-Reset`) are in no current draft, and several
limits on one answer cannot be told in them.
"""

import math
from collections.abc import Callable, Sequence
from datetime import timedelta

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render

from vallum_web.tenancy.limits.gate import Refused
from vallum_web.tenancy.limits.rate import Verdict

_MINUTE, _HOUR = 60, 3_600
_MISSING = 404


class Answering:
    """Middleware: puts on each answer what was taken for it, and turns a refusal into its page."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        taken = getattr(request, "limits", ())
        # What is missing and what is somebody else's get the same bytes, counters included.
        if taken and response.status_code != _MISSING:
            for name, value in fields(taken).items():
                response.headers[name] = value
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        return refused_page(request, exception) if isinstance(exception, Refused) else None


def note(request: HttpRequest, verdict: Verdict) -> None:
    """Have the answer tell of this verdict."""
    request.limits = (*getattr(request, "limits", ()), verdict)  # type: ignore[attr-defined]  # read by `Answering`


def refused_page(request: HttpRequest, refused: Refused) -> HttpResponse:
    verdict = refused.verdict
    context = {"wait": in_words(verdict.retry_after), "down": verdict.down}
    page = render(request, "429.html", context, status=status(verdict))
    for name, value in retry_after(verdict).items():
        page.headers[name] = value
    return page


def refused_body(refused: Refused) -> dict[str, object]:
    verdict = refused.verdict
    wait = in_words(verdict.retry_after)
    if verdict.down:
        return {
            "detail": f"The platform cannot count calls at the moment: try again in {wait}.",
            "limit": verdict.limit,
        }
    rate = f"{verdict.rate.count:,} in {in_words(verdict.rate.period)}"
    return {
        "detail": f"{verdict.limit} lets {rate} through, and this was more: try again in {wait}.",
        "limit": verdict.limit,
        "retry_after": seconds(verdict.retry_after),
    }


def status(verdict: Verdict) -> int:
    return 503 if verdict.down else 429


def retry_after(verdict: Verdict) -> dict[str, str]:
    return {"Retry-After": str(max(1, seconds(verdict.retry_after)))}


def fields(verdicts: Sequence[Verdict]) -> dict[str, str]:
    return {
        "RateLimit-Policy": ", ".join(
            f'"{verdict.limit}";q={verdict.rate.count};w={seconds(verdict.rate.period)}' for verdict in verdicts
        ),
        "RateLimit": ", ".join(
            f'"{verdict.limit}";r={verdict.remaining};t={seconds(verdict.reset)}' for verdict in verdicts
        ),
    }


def seconds(span: timedelta) -> int:
    return math.ceil(span.total_seconds())


def in_words(span: timedelta) -> str:
    """Rounded up: whoever comes back then is let in."""
    whole = max(1, seconds(span))
    size, name = (_HOUR, "hour") if whole > 2 * _HOUR else (_MINUTE, "minute") if whole > 2 * _MINUTE else (1, "second")
    number = math.ceil(whole / size)
    return f"{number} {name}{'' if number == 1 else 's'}"
