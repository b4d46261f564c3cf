"""Rules: the organization's under its settings, a person's own under their account."""

from typing import cast
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from vallum_web.accounts import matrix
from vallum_web.accounts.access import MemberRequest, may
from vallum_web.accounts.models import User
from vallum_web.accounts.queries import my_orgs
from vallum_web.notify import queries, rule_forms, rules
from vallum_web.notify.models import Rule
from vallum_web.notify.recipients import MAY
from vallum_web.notify.rule_forms import OrgRuleForm, OwnRuleForm
from vallum_web.notify.services import RefusedError
from vallum_web.tenancy.models import Org
from vallum_web.tenancy.scope import scope

UNPROCESSABLE = 422


@require_safe
@may("rules.read")
def listed(request: MemberRequest) -> HttpResponse:
    context = {"lines": queries.rules(request.org, None), "most": rules.MOST}
    return render(request, "notify/rules.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@may("rules.change")
def new(request: MemberRequest) -> HttpResponse:
    return _edited(request, None, own=False)


@require_http_methods(["GET", "HEAD", "POST"])
@may("rules.change")
def edit(request: MemberRequest, rule: UUID) -> HttpResponse:
    return _edited(request, _found(request, rule, own=False), own=False)


@require_POST
@may("rules.change")
def delete(request: MemberRequest, rule: UUID) -> HttpResponse:
    return _deleted(request, rule, own=False)


@login_required
@require_safe
def own_listed(request: HttpRequest) -> HttpResponse:
    """A person's own, of each organization in which they may be told of something."""
    user = cast("User", request.user)
    places = []
    for mine in my_orgs(user):
        if matrix.can(mine.role, MAY):
            with scope(mine.id, user=user.pk):
                places.append((mine, queries.rules(Org.objects.get(pk=mine.id), user.pk)))
    return render(request, "notify/own_rules.html", {"places": places})


@require_http_methods(["GET", "HEAD", "POST"])
@may("rules.own")
def new_own(request: MemberRequest) -> HttpResponse:
    return _edited(request, None, own=True)


@require_http_methods(["GET", "HEAD", "POST"])
@may("rules.own")
def edit_own(request: MemberRequest, own_rule: UUID) -> HttpResponse:
    return _edited(request, _found(request, own_rule, own=True), own=True)


@require_POST
@may("rules.own")
def delete_own(request: MemberRequest, own_rule: UUID) -> HttpResponse:
    return _deleted(request, own_rule, own=True)


def _found(request: MemberRequest, key: UUID, *, own: bool) -> Rule:
    try:
        return queries.rule(request.org, key, request.user.pk if own else None)
    except Rule.DoesNotExist:
        raise Http404 from None


def _deleted(request: MemberRequest, key: UUID, *, own: bool) -> HttpResponse:
    found = _found(request, key, own=own)
    rules.delete(request.org, found.pk, request.user.pk, own=own)
    messages.success(request, f"The rule {found.name} is gone.")
    return _home(request, own=own)


def _home(request: MemberRequest, *, own: bool) -> HttpResponse:
    return redirect("own_rules") if own else redirect("notify:rules", org=request.org.slug)


def _edited(request: MemberRequest, found: Rule | None, *, own: bool) -> HttpResponse:
    form = _form(request, found, own=own)
    shown = found
    if request.method == "POST":
        shown = None
        if form.is_valid():
            try:
                if "preview" not in request.POST:
                    return _saved(request, found, form, own=own)
                shown = rules.draft(request.org, request.user.pk if own else None, form.wanted)
            except RefusedError as error:
                form.add_error(None, str(error))
    preview = queries.preview(request.org, shown) if shown else None
    context = {"rule": found, "form": form, "own": own, "preview": preview}
    return render(request, "notify/rule.html", context, status=UNPROCESSABLE if form.errors else 200)


def _form(request: MemberRequest, found: Rule | None, *, own: bool) -> OwnRuleForm:
    data = request.POST if request.method == "POST" else None
    initial, teams = rule_forms.initial(found) if found else None, queries.teams(request.org)
    if own:
        return OwnRuleForm(data, initial=initial, teams=teams)
    return OrgRuleForm(data, initial=initial, teams=teams, webhooks=queries.webhook_choices(request.org))


def _saved(request: MemberRequest, found: Rule | None, form: OwnRuleForm, *, own: bool) -> HttpResponse:
    if found is None:
        rules.make(request.org, request.user.pk, form.wanted, own=own)
    else:
        rules.change(request.org, found.pk, request.user.pk, form.wanted, own=own)
    messages.success(request, "Saved.")
    return _home(request, own=own)
