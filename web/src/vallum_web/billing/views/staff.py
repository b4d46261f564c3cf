"""For people who run the platform: give money back."""

from typing import cast
from uuid import UUID

from allauth.account.internal.flows.reauthentication import raise_if_reauthentication_required
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from vallum_web.accounts.models import User
from vallum_web.accounts.services import staff
from vallum_web.billing import money
from vallum_web.billing.forms import RefundForm
from vallum_web.billing.services import refunds
from vallum_web.billing.services.flows import NotNowError
from vallum_web.billing.wire import NoAnswerError, RefusedError
from vallum_web.tenancy.models import Org


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def index(request: HttpRequest) -> HttpResponse:
    """`?org=` names whose. Everybody who is no operator meets a missing page."""
    user = cast("User", request.user)
    if not staff.is_operator(user) or not settings.BILLING:
        raise Http404
    raise_if_reauthentication_required(request, app="vallum")
    slug = request.GET.get("org", "")
    try:
        org = refunds.org_at(slug, user) if slug else None
        if org and request.method == "POST":
            _done(request, org, user)
            return redirect(f"{request.path}?org={org.slug}")
        rows = refunds.bills(org) if org else []
    except (NotNowError, RefusedError) as error:
        messages.error(request, str(error))
        org, rows = None, []
    except NoAnswerError:
        messages.warning(
            request, "The payment provider does not answer: what was asked for is sent again until it does."
        )
        org, rows = None, []
    told = {
        "shown": org,
        "slug": slug,
        "bills": [(bill, money.written(bill.amount, bill.currency)) for _, bill in rows],
        "waiting": [(row, money.written(row.args["amount"], row.args["currency"])) for row in refunds.waiting(org)]
        if org
        else [],
        "me": user.pk,
    }
    return render(request, "billing/refunds.html", told)


def _done(request: HttpRequest, org: Org, user: User) -> None:
    if "agree" in request.POST:
        try:
            key = UUID(request.POST["agree"])
        except ValueError:
            raise NotNowError("Nothing waits under this number.") from None
        refunds.agree(org, user, key)
        messages.success(request, "The money is on its way back.")
        return
    form = RefundForm(request.POST)
    if not form.is_valid():
        raise NotNowError("Say which invoice, and how much.")
    row = refunds.propose(org, user, form.cleaned_data["invoice"], int(form.cleaned_data["amount"] * 100))
    if row.state == row.State.WAITING:
        until = "another person agrees" if row.args.get("waits") else "24 hours are over: there is no second person"
        messages.info(request, f"It waits until {until}.")
    else:
        messages.success(request, "The money is on its way back.")
