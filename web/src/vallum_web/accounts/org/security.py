"""What an organization asks of its members' sign-in, and whose satisfies it."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from vallum_web.accounts import queries
from vallum_web.accounts.access import MemberRequest, may
from vallum_web.accounts.org.forms import TwoStepForm
from vallum_web.accounts.person.queries import with_second_step
from vallum_web.accounts.services import security as services

UNPROCESSABLE = 422


@require_safe
@may("security.read")
def security(request: MemberRequest) -> HttpResponse:
    return _security(request, TwoStepForm())


@require_POST
@may("security.manage")
def ask_for_two_step(request: MemberRequest) -> HttpResponse:
    form = TwoStepForm(request.POST)
    if not form.is_valid():
        return _security(request, form, status=UNPROCESSABLE)
    try:
        services.ask_for_second_step(request.org, request.user, in_days=form.cleaned_data["days"])
    except services.OwnFirstError:
        form.add_error("days", "Set it up for yourself first: you would shut yourself out.")
        return _security(request, form, status=UNPROCESSABLE)
    messages.success(request, "Saved. Members without it are told by mail.")
    return redirect("accounts:security", org=request.org.slug)


@require_POST
@may("security.manage")
def no_longer_ask(request: MemberRequest) -> HttpResponse:
    services.no_longer_ask_for_second_step(request.org, request.user)
    messages.success(request, "Members are no longer asked for two-step sign-in.")
    return redirect("accounts:security", org=request.org.slug)


def _security(request: MemberRequest, form: TwoStepForm, *, status: int = 200) -> HttpResponse:
    members = list(queries.members(request.org))
    have = with_second_step(member.user_id for member in members)
    context = {
        "form": form,
        "members": sorted(((member, member.user_id in have) for member in members), key=lambda pair: pair[1]),
        "lacking": sum(member.user_id not in have for member in members),
    }
    return render(request, "accounts/security.html", context, status=status)
