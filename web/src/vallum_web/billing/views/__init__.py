"""The plan of an organization: what it includes, how far it is used, what was bought, and what a smaller one would not hold."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from vallum_web.accounts.access import MemberRequest, may
from vallum_web.billing import money, queries
from vallum_web.billing.forms import OrderForm
from vallum_web.billing.services import flows, refresh
from vallum_web.billing.wire import NoAnswerError, RefusedError
from vallum_web.tenancy import entitlements
from vallum_web.tenancy.plans import EVERY_PLAN, FREE, PLANS, PRO, Period


@require_safe
@may("plan.read")
def plan(request: MemberRequest) -> HttpResponse:
    return render(request, "billing/plan.html", context(request))


def context(request: MemberRequest) -> dict[str, Any]:
    """Inside the organization's scope."""
    entitled = entitlements.of(request.org)
    meters = queries.meters(request.org, entitled)
    sold = bool(settings.BILLING)
    has = queries.bought(request.org) if sold else None
    return {
        "entitled": entitled,
        "meters": meters,
        "plans": list(PLANS.values()),
        "every_plan": EVERY_PLAN,
        "sold": sold,
        "prices": [
            (each, money.price(PRO.id, Period.MONTH, each, 1), money.price(PRO.id, Period.YEAR, each, 1))
            for each in flows.currencies()
        ],
        "bought": has,
        "next": queries.next_one(request.org, has) if has else None,
        "planned": queries.planned(request.org) if sold else [],
        "trial": sold and queries.trial_left(request.org),
        "form": OrderForm(but=has.account.provider if has else "", initial={"seats": meters[0].used}),
    }


@require_safe
@may("plan.read")
def smaller(request: MemberRequest, plan: str) -> HttpResponse:
    """What would go with a move to this smaller plan, before anybody decides."""
    entitled, wanted = entitlements.of(request.org), PLANS[plan]
    if wanted.rank >= entitled.plan.rank:
        messages.info(request, f"{wanted.name} is not smaller than what {request.org.name} has.")
        return redirect("billing:plan", org=request.org.slug)
    told = {
        "entitled": entitled,
        "wanted": wanted,
        "loss": queries.loss(request.org, wanted),
        "bought": queries.bought(request.org) if settings.BILLING and wanted == FREE else None,
    }
    return render(request, "billing/smaller.html", told)


@require_safe
@may("billing.read", scoped=False)
def live(request: MemberRequest) -> HttpResponse:
    """What the provider says now: a part of the page, loaded after it."""
    if not settings.BILLING:
        return redirect("billing:plan", org=request.org.slug)
    told: dict[str, Any] = {"org": request.org}
    try:
        shown = flows.shown(request.org)
    except (NoAnswerError, RefusedError):
        return render(request, "billing/_live.html", {**told, "silent": True})
    bills = [(bill, money.written(bill.amount, bill.currency)) for bill in shown.bills] if shown else []
    return render(request, "billing/_live.html", {**told, "shown": shown, "bills": bills})


@require_POST
@may("billing.change", scoped=False)
def trial(request: MemberRequest) -> HttpResponse:
    if not settings.BILLING:
        messages.error(request, NOT_SOLD)
    elif refresh.begin_trial(request.org, request.user.pk):
        messages.success(request, "Pro is yours for 14 days. Nothing is paid, and nothing begins by itself afterwards.")
    else:
        messages.error(request, "Pro was tried before, which is once for an organization, or it is there already.")
    return redirect("billing:plan", org=request.org.slug)


NOT_SOLD = "Nothing is sold on this installation: whoever runs it says which plan an organization has."
