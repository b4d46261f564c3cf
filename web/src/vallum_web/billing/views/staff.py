"""For people who run the platform: give money back."""

from typing import cast
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from vallum_web.accounts.access import operators_own
from vallum_web.accounts.models import User
from vallum_web.billing import money
from vallum_web.billing.forms import RefundForm
from vallum_web.billing.services import disputes, leaving, refunds
from vallum_web.billing.services.flows import NotNowError
from vallum_web.billing.wire import NoAnswerError, RefusedError
from vallum_web.tenancy.models import Org


@require_http_methods(["GET", "HEAD", "POST"])
@operators_own
def index(request: HttpRequest) -> HttpResponse:
    """`?org=` names whose."""
    user = cast("User", request.user)
    if not settings.BILLING:
        raise Http404
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


@require_safe
@operators_own
def disputed(request: HttpRequest) -> HttpResponse:
    """What waits for an answer at a provider, and how those before ended."""
    if not settings.BILLING:
        raise Http404
    told = {"waiting": disputes.shown(), "ended": disputes.ended(), "dropped": leaving.dropped()}
    return render(request, "billing/disputes.html", told)


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
