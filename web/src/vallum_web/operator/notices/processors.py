"""The page of sub-processors: what lets data go to each, and the register of transfers."""

from typing import cast
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from vallum_web.accounts.access import operators_own
from vallum_web.accounts.models import User
from vallum_web.accounts.subscribers import services as subscribers
from vallum_web.operator.notices.forms import TransferForm
from vallum_web.operator.notices.services import announcing, following
from vallum_web.tenancy.processors import queries, services

UNPROCESSABLE = 422


@require_http_methods(["GET", "HEAD", "POST"])
@operators_own
def index(request: HttpRequest) -> HttpResponse:
    form = TransferForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            services.enter(form.stated(), cast("User", request.user).pk)
            messages.success(request, "It stands in the register, and holds from its date on.")
            return redirect("operator_notices:processors")
        except services.NotATransferError as error:
            form.add_error(None, str(error))
    context = {
        "processors": queries.standing(),
        "register": queries.register(),
        "subscribers": subscribers.count(),
        "form": form,
    }
    return render(request, "operator/notices/processors.html", context, status=UNPROCESSABLE if form.errors else 200)


@require_POST
@operators_own
def announce_again(request: HttpRequest, party: str) -> HttpResponse:
    try:
        following.announce_again(party)
    except announcing.NotNowError as error:
        messages.error(request, str(error))
    return redirect("operator_notices:processors")


@require_POST
@operators_own
def end(request: HttpRequest, transfer: UUID) -> HttpResponse:
    if not services.end(transfer):
        raise Http404
    messages.success(request, "From now on it lets nothing go.")
    return redirect("operator_notices:processors")
