"""What left for whom, and where anything may go at all: the ledger and the registry, for those who answer for the data."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from vallum_web.accounts.access import MemberRequest, may
from vallum_web.tenancy import clock, egress_queries, egress_registry, keyset


@require_safe
@may("egress.read")
def index(request: MemberRequest) -> HttpResponse:
    wanted = egress_queries.Wanted.parse(request.GET)
    page = keyset.page(
        [egress_queries.departures(request.org, wanted)],
        keyset.Order(),
        after=request.GET.get("after", ""),
        before=request.GET.get("before", ""),
    )
    return render(
        request,
        "accounts/egress.html",
        {
            "page": page,
            "wanted": wanted,
            "purposes": sorted(egress_registry.by_purpose()),
            "totals": egress_queries.totals(request.org, clock.now()),
        },
    )
