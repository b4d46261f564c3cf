"""Pages for everybody: the record of processing, the cookies, the agreement on processing."""

from importlib.resources import files
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from vallum_web.accounts.legal import markdown
from vallum_web.privacy.centre import record
from vallum_web.tenancy.processors import queries as processors
from vallum_web.ui import spreadsheet

AGREEMENT = "data-processing-agreement-1.md"


@require_safe
def processing(request: HttpRequest) -> HttpResponse:
    context = {
        "activities": record.activities(),
        "recipients": record.recipients(),
        "security": record.SECURITY,
        "processors": [each for each in processors.standing() if each.outside],
    }
    return render(request, "privacy/processing.html", context)


@require_safe
def processing_file(_request: HttpRequest, form: str) -> HttpResponse:
    """The same as a file: `json` or `csv`."""
    if form == "json":
        answer: HttpResponse = JsonResponse(record.told(), json_dumps_params={"indent": 1})
    elif form == "csv":
        lines = [list(record.COLUMNS)]
        rows = [record.row(activity) for activity in record.activities()]
        lines += [[_cell(row[name]) for name in record.COLUMNS] for row in rows]
        answer = HttpResponse("".join(spreadsheet.line(line) for line in lines), content_type="text/csv; charset=utf-8")
    else:
        raise Http404
    answer["Content-Disposition"] = f'attachment; filename="record-of-processing.{form}"'
    return answer


def _cell(value: Any) -> str:
    return " ".join(value) if isinstance(value, list) else str(value)


@require_safe
def cookies(request: HttpRequest) -> HttpResponse:
    """What the settings say is set; there is no other list that could say otherwise."""
    return render(request, "privacy/cookies.html", {"cookies": _cookies()})


def _cookies() -> list[dict[str, Any]]:
    return [
        {
            "name": settings.SESSION_COOKIE_NAME,
            "why": "keeps you signed in, and what a page has to tell you on the next one",
            "days": settings.SESSION_COOKIE_AGE // 86_400,
            "script": not settings.SESSION_COOKIE_HTTPONLY,
            "same_site": settings.SESSION_COOKIE_SAMESITE,
        },
        {
            "name": settings.CSRF_COOKIE_NAME,
            "why": "proves that a form which is sent here was shown by us",
            "days": settings.CSRF_COOKIE_AGE // 86_400,
            "script": not settings.CSRF_COOKIE_HTTPONLY,
            "same_site": settings.CSRF_COOKIE_SAMESITE,
        },
    ]


@require_safe
def agreement(request: HttpRequest) -> HttpResponse:
    return render(request, "privacy/agreement.html", {"blocks": list(markdown.blocks(_agreement()))})


@require_safe
def agreement_file(_request: HttpRequest) -> HttpResponse:
    answer = HttpResponse(_agreement(), content_type="text/markdown; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{AGREEMENT}"'
    return answer


def _agreement() -> str:
    return (files("vallum_web.privacy.centre") / "texts" / AGREEMENT).read_text("utf-8")
