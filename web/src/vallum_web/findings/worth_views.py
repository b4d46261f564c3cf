"""What an asset is worth, tried on its open findings before it holds."""

from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from vallum_web.accounts.access import MemberRequest, may
from vallum_web.assets import queries as assets
from vallum_web.assets.models import Asset
from vallum_web.assets.worth import Exposure, Importance
from vallum_web.findings import worth_queries
from vallum_web.findings.forms import WorthForm
from vallum_web.findings.trying import TooManyToTryError

UNPROCESSABLE = 422


@require_safe
@may("assets.change")
def try_worth(request: MemberRequest, asset: UUID) -> HttpResponse:
    """`?importance=&exposure=`: what they would change; what is left out stays as it is."""
    try:
        row = assets.asset(request.org, asset)
    except Asset.DoesNotExist:
        raise Http404 from None
    now = {"importance": row.get_importance_display(), "exposure": row.get_exposure_display()}
    form = WorthForm({**now, **{name: request.GET[name] for name in now if name in request.GET}})
    if not form.is_valid():
        return render(request, "findings/worth.html", {"asset": row, "form": form}, status=UNPROCESSABLE)
    said = form.cleaned_data
    importance, exposure = Importance[said["importance"].upper()], Exposure[said["exposure"].upper()]
    try:
        tried = worth_queries.reweighed(request.org, asset, importance=importance, exposure=exposure)
    except TooManyToTryError:
        form.add_error(
            None, "This asset has too many open findings to try it while you wait; saving it weighs them as a job."
        )
        return render(request, "findings/worth.html", {"asset": row, "form": form}, status=UNPROCESSABLE)
    return render(request, "findings/worth.html", {"asset": row, "form": form, "tried": tried, "same": said == now})
