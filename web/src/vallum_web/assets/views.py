"""Who answers for an asset, what it is worth, and who can reach it."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from vallum_web.accounts.access import MemberRequest, may
from vallum_web.accounts.models import Team
from vallum_web.accounts.queries import team as team_of
from vallum_web.assets import queries, services
from vallum_web.assets.forms import OwnerForm, WorthForm
from vallum_web.assets.models import Asset
from vallum_web.assets.worth import Exposure, Importance


@require_POST
@may("assets.own")
def own(request: MemberRequest, asset: UUID) -> HttpResponse:
    form = OwnerForm(request.POST)
    try:
        found = queries.asset(request.org, asset)
        wanted = form.cleaned_data["team"] if form.is_valid() else UUID(int=0)
        team = team_of(request.org, wanted) if wanted else None
    except (Asset.DoesNotExist, Team.DoesNotExist):
        raise Http404 from None
    services.give_to(found, team, request.user.pk)
    return redirect("overview:asset", org=request.org.slug, asset=asset)


@require_POST
@may("assets.change")
def change(request: MemberRequest, asset: UUID) -> HttpResponse:
    form = WorthForm(request.POST)
    try:
        queries.asset(request.org, asset)
    except Asset.DoesNotExist:
        raise Http404 from None
    if form.is_valid():
        said = form.cleaned_data
        importance = Importance[said["importance"].upper()] if said["importance"] else None
        exposure = Exposure[said["exposure"].upper()] if said["exposure"] else None
        services.change(request.org, asset, request.user.pk, importance=importance, exposure=exposure)
    else:
        messages.error(request, "Nothing was changed: choose from what the lists offer.")
    return redirect("overview:asset", org=request.org.slug, asset=asset)
