"""What a person is told on the site: the list behind the bell, and one notice with the proof of its reading."""

from typing import Any, cast
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from vallum_web.accounts.models import User
from vallum_web.accounts.queries import my_orgs
from vallum_web.mail import kinds, letters, notices
from vallum_web.mail.models import Notice

UNREAD = "unread"


@login_required
@require_safe
def listed(request: HttpRequest) -> HttpResponse:
    user, fresh = cast("User", request.user), request.GET.get("show") == UNREAD
    mine = {org.id: org.name for org in my_orgs(user)}
    after, before = request.GET.get("after", ""), request.GET.get("before", "")
    page = notices.page(user.pk, mine, fresh=fresh, after=after, before=before)
    here = reverse("notices:listed")
    context = {
        "page": page,
        "lines": [_line(row, mine) for row in page.rows],
        "fresh": fresh,
        "keys": [("r", "mark as read"), ("a", "mark all as read")],
        "base": f"{here}?show={UNREAD}" if fresh else here,
        "tabs": [
            {"label": "All", "url": here, "current": not fresh},
            {"label": "Not read", "url": f"{here}?show={UNREAD}", "current": fresh},
        ],
    }
    return render(request, "accounts/notices.html", context)


@login_required
@require_safe
def shown(request: HttpRequest, notice: UUID) -> HttpResponse:
    """Looking changes nothing: that it was read is said by a button, here or in the list."""
    user = cast("User", request.user)
    mine = {org.id: org.name for org in my_orgs(user)}
    try:
        row = notices.one(user.pk, mine, notice)
    except Notice.DoesNotExist:
        raise Http404 from None
    keys = [("o", "go where it leads"), ("r", "mark as read")]
    context = {**_line(row, mine), "parts": list(letters.parts(row.text)), "keys": keys}
    return render(request, "accounts/notice.html", context)


@login_required
@require_POST
def read(request: HttpRequest, notice: UUID) -> HttpResponse:
    """With `open`, on to the notice; with `listed`, back to the list it came from."""
    user = cast("User", request.user)
    try:
        notices.read(user.pk, {org.id for org in my_orgs(user)}, notice)
    except Notice.DoesNotExist:
        raise Http404 from None
    return _back(request) if "listed" in request.POST else redirect("notices:shown", notice=notice)


@login_required
@require_POST
def read_all(request: HttpRequest) -> HttpResponse:
    user = cast("User", request.user)
    notices.read_all(user.pk, {org.id for org in my_orgs(user)})
    return _back(request)


def _back(request: HttpRequest) -> HttpResponse:
    here = reverse("notices:listed")
    return redirect(f"{here}?show={UNREAD}" if request.POST.get("listed") == UNREAD else here)


def _line(row: Notice, mine: dict[UUID, str]) -> dict[str, Any]:
    kind = kinds.all_kinds().get(row.kind)
    return {
        "notice": row,
        "kind": kind.title if kind else row.kind,
        "confirmed": kind is not None and kind.confirmed,
        "org": mine.get(row.org, "") if row.org else "",
    }
