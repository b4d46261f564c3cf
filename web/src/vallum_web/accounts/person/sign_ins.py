"""The tab on which a person sees how their account was used. Nobody else sees it there, no owner and no admin."""

from typing import cast

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from vallum_web.accounts import letters, signins
from vallum_web.accounts.models import User
from vallum_web.accounts.services.signins import MOST_FAILURES
from vallum_web.tenancy import keyset


@login_required
@require_safe
def listed(request: HttpRequest) -> HttpResponse:
    page = keyset.page(
        [signins.of(cast("User", request.user))],
        keyset.Order(fields=("at", "id")),
        after=request.GET.get("after", ""),
        before=request.GET.get("before", ""),
    )
    context = {
        "page": page,
        "rows": [(row, letters.words(row)) for row in page.rows],
        "successes": signins.SUCCESSES,
        "most": MOST_FAILURES,
    }
    return render(request, "accounts/sign_ins.html", context)
