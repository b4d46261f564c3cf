"""Teams: a page of them, and what changes one."""

from collections.abc import Callable
from functools import wraps
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from vallum_web.accounts import queries
from vallum_web.accounts.access import MemberRequest, may
from vallum_web.accounts.models import Membership, Team
from vallum_web.accounts.org.forms import PlaceForm, TeamForm
from vallum_web.accounts.services import teams

UNPROCESSABLE = 422
TeamView = Callable[[MemberRequest, UUID], HttpResponse]


def unless_the_providers(view: TeamView) -> TeamView:
    """A team that an identity provider looks after is changed there: say so."""

    @wraps(view)
    def guarded(request: MemberRequest, team: UUID) -> HttpResponse:
        try:
            return view(request, team)
        except teams.ProvidersTeamError as error:
            messages.error(request, str(error))
            return _page(request, TeamForm(), status=UNPROCESSABLE)

    return guarded


@require_safe
@may("org.read")
def index(request: MemberRequest) -> HttpResponse:
    return _page(request, TeamForm())


@require_POST
@may("teams.manage")
def make(request: MemberRequest) -> HttpResponse:
    form = TeamForm(request.POST)
    if form.is_valid():
        try:
            teams.make(request.org, request.user.pk, form.cleaned_data["name"])
            return _back(request)
        except teams.TeamNameTakenError:
            form.add_error("name", "There is a team of this name: choose another one.")
    return _page(request, form, status=UNPROCESSABLE)


@require_POST
@may("teams.manage")
@unless_the_providers
def rename(request: MemberRequest, team: UUID) -> HttpResponse:
    found, form = _team(request, team), TeamForm(request.POST)
    if form.is_valid():
        try:
            teams.rename(found, request.user.pk, form.cleaned_data["name"])
            return _back(request)
        except teams.TeamNameTakenError:
            pass
    messages.error(request, "The name was not changed: another team has it, or it is no name in one line.")
    return _page(request, TeamForm(), status=UNPROCESSABLE)


@require_POST
@may("teams.manage")
@unless_the_providers
def delete(request: MemberRequest, team: UUID) -> HttpResponse:
    found = _team(request, team)
    teams.delete(found, request.user.pk)
    messages.success(request, f"The team {found.name} is gone; what it owned is owned by nobody now.")
    return _back(request)


@require_POST
@may("teams.manage")
@unless_the_providers
def put(request: MemberRequest, team: UUID) -> HttpResponse:
    teams.put(_team(request, team), request.user.pk, _member(request))
    return _back(request)


@require_POST
@may("teams.manage")
@unless_the_providers
def take_out(request: MemberRequest, team: UUID) -> HttpResponse:
    teams.take_out(_team(request, team), request.user.pk, _member(request))
    return _back(request)


def _team(request: MemberRequest, key: UUID) -> Team:
    try:
        return queries.team(request.org, key)
    except Team.DoesNotExist:
        raise Http404 from None


def _member(request: MemberRequest) -> Membership:
    form = PlaceForm(request.POST)
    try:
        return queries.member_by_key(request.org, form.cleaned_data["member"] if form.is_valid() else UUID(int=0))
    except Membership.DoesNotExist:
        raise Http404 from None


def _back(request: MemberRequest) -> HttpResponse:
    return redirect("accounts:teams", org=request.org.slug)


def _page(request: MemberRequest, form: TeamForm, status: int = 200) -> HttpResponse:
    found = list(queries.teams(request.org))
    members = list(queries.members(request.org)) if "teams.manage" in request.may else []
    rows = []
    for team in found:
        inside = {place.member_id for place in team.places.all()}
        by_hand = not team.scim_groups.all()
        others = [member for member in members if member.pk not in inside] if by_hand else []
        rows.append({"team": team, "others": others, "by_hand": by_hand})
    return render(request, "accounts/teams.html", {"rows": rows, "form": form}, status=status)
