"""What those are told who are touched by a breach, and everybody where it was published."""

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from vallum_web.accounts.models import User
from vallum_web.operator.breaches import queries


@require_safe
def published(request: HttpRequest) -> HttpResponse:
    return render(request, "breaches/published.html", {"rows": queries.published()})


@require_safe
def incident(request: HttpRequest, key: UUID) -> HttpResponse:
    """For whom it is not meant there is no such page."""
    found = queries.shown_to(key, request.user.pk if isinstance(request.user, User) else None)
    if found is None:
        raise Http404
    row, tellings = found
    return render(request, "breaches/told.html", {"row": row, "tellings": tellings})
