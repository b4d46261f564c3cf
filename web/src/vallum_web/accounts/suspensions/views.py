"""The page of a suspension: a person's own, or their organization's; and the appeal against it."""

from typing import cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from vallum_web.accounts.access import MemberRequest, may
from vallum_web.accounts.models import User
from vallum_web.accounts.suspensions import queries, services
from vallum_web.accounts.suspensions.forms import AppealForm
from vallum_web.accounts.suspensions.models import Suspension
from vallum_web.tenancy import clock

UNPROCESSABLE = 422


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def own(request: HttpRequest) -> HttpResponse:
    user = cast("User", request.user)
    found = queries.of(user.pk)
    form = AppealForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and found and _appealed(request, found[0], user, form):
        return redirect("suspension")
    return _page(request, "accounts/suspension_own.html", found, form)


@require_safe
@may("suspension.read")
def of_org(request: MemberRequest) -> HttpResponse:
    return _page(request, "accounts/suspension_org.html", queries.of(request.org.pk), AppealForm())


@require_POST
@may("suspension.appeal", scoped=False)
def appeal(request: MemberRequest) -> HttpResponse:
    found, form = queries.of(request.org.pk), AppealForm(request.POST)
    if found and _appealed(request, found[0], request.user, form):
        return redirect("suspensions:org", org=request.org.slug)
    return _page(request, "accounts/suspension_org.html", found, form)


def _appealed(request: HttpRequest, row: Suspension, by: User, form: AppealForm) -> bool:
    if not form.is_valid():
        return False
    try:
        made = services.appeal(row.pk, by, form.cleaned_data["text"])
    except services.NotNowError as error:
        form.add_error(None, str(error))
        return False
    messages.success(request, f"Your appeal is decided by {made.due_at:%Y-%m-%d}, and you get the reason by mail.")
    return True


def _page(request: HttpRequest, template: str, found: list[Suspension], form: AppealForm) -> HttpResponse:
    row = found[0] if found and found[0].ended_at is None else None
    free = queries.may_appeal_from(row) if row else None
    context = {
        "row": row,
        "past": [each for each in found if each.ended_at],
        "appeals": queries.appeals(row) if row else [],
        "form": form,
        "free_from": free,
        "free": free is not None and free <= clock.now(),
    }
    return render(request, template, context, status=UNPROCESSABLE if form.errors else 200)
