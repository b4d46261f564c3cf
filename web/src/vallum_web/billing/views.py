"""The plan of an organization: what it includes, how far it is used, and what a smaller one would not hold."""

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from vallum_web.accounts.access import MemberRequest, may
from vallum_web.billing import queries
from vallum_web.tenancy import entitlements
from vallum_web.tenancy.plans import EVERY_PLAN, PLANS


@require_safe
@may("plan.read")
def plan(request: MemberRequest) -> HttpResponse:
    entitled = entitlements.of(request.org)
    context = {
        "entitled": entitled,
        "meters": queries.meters(request.org, entitled),
        "plans": list(PLANS.values()),
        "every_plan": EVERY_PLAN,
    }
    return render(request, "billing/plan.html", context)


@require_safe
@may("plan.read")
def smaller(request: MemberRequest, plan: str) -> HttpResponse:
    """What would go with a move to this smaller plan, before anybody decides."""
    entitled, wanted = entitlements.of(request.org), PLANS.get(plan)
    if wanted is None:
        raise Http404
    if wanted.rank >= entitled.plan.rank:  # an address kept from before the plan changed
        return redirect("billing:plan", org=request.org.slug)
    context = {"entitled": entitled, "wanted": wanted, "loss": queries.loss(request.org, wanted)}
    return render(request, "billing/smaller.html", context)
