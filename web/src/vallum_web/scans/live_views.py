"""The switch of live checks, with all that it would send to whom."""

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from vallum_web.accounts.access import MemberRequest, may
from vallum_web.scans import asking, command
from vallum_web.scans.issuers import issuers

SWITCH = {"on": True, "off": False}


@require_safe
@may("egress.read")
def live_checks(request: MemberRequest) -> HttpResponse:
    context = {"on": request.org.live_checks, "issuers": issuers(), "able": command.reaches_out()}
    return render(request, "scans/live_checks.html", context)


@require_POST
@may("live.switch")
def switch_live_checks(request: MemberRequest) -> HttpResponse:
    wanted = SWITCH.get(request.POST.get("switch", ""))
    if wanted is None:
        return HttpResponseBadRequest("Say on or off.")
    asking.switch(request.org, request.user.pk, on=wanted)
    said = (
        "Live checks are on: the next scan of each asset asks." if wanted else "Live checks are off: nobody is asked."
    )
    messages.success(request, said)
    return redirect("scans:live_checks", org=request.org.slug)
