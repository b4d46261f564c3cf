"""How the platform is used, over all organizations: what leads to none of them."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from vallum_web.accounts.access import operators_own
from vallum_web.accounts.usage import published, queries
from vallum_web.tenancy import clock


@require_safe
@operators_own
def index(request: HttpRequest) -> HttpResponse:
    now = clock.now()
    context = {
        "totals": queries.totals(),
        "devices": queries.devices(now),
        "screens": queries.screens(now),
        "outside": queries.outside(now),
        "counted": queries.counted(now),
        "fewest": published.FEWEST,
    }
    return render(request, "operator/usage.html", context)
