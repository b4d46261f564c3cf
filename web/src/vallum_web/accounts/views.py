"""Organizations, members, tokens, and how a person likes the pages."""

from typing import cast
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from vallum_web.accounts import matrix, queries, services, tokens
from vallum_web.accounts.access import MemberRequest, may, working
from vallum_web.accounts.forms import OrgForm, ThemeForm, TokenForm
from vallum_web.accounts.models import ApiToken, User

UNPROCESSABLE = 422


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
@working
def new_org(request: HttpRequest) -> HttpResponse:
    if request.method != "POST":
        return render(request, "accounts/new_org.html", {"form": OrgForm()})
    form = OrgForm(request.POST)
    if form.is_valid():
        try:
            org = services.found(form.cleaned_data["name"], form.cleaned_data["slug"], cast("User", request.user))
            return redirect("overview:home", org=org.slug)
        except services.SlugTakenError:
            form.add_error("slug", "This address is taken: choose another one.")
    return render(request, "accounts/new_org.html", {"form": form}, status=UNPROCESSABLE)


@login_required
@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    form = ThemeForm(request.POST)
    if form.is_valid():
        services.set_theme(cast("User", request.user), form.cleaned_data["theme"])
    back = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(back, allowed_hosts={request.get_host()}, require_https=request.is_secure())
    return redirect(back if safe else "/")


@require_safe
@may("tokens.read")
def token_list(request: MemberRequest) -> HttpResponse:
    return _tokens(request, TokenForm(holder=request.role))


@require_POST
@may("tokens.make")
def make_token(request: MemberRequest) -> HttpResponse:
    """The new token's text stands in this answer and nowhere else."""
    form = TokenForm(request.POST, holder=request.role)
    if not form.is_valid():
        return _tokens(request, form, status=UNPROCESSABLE)
    values = form.cleaned_data
    made = tokens.make(request.org, request.user, tokens.Wanted(**values))
    return _tokens(request, TokenForm(holder=request.role), made=made)


@require_POST
@may("tokens.revoke")
def revoke_token(request: MemberRequest, token: UUID) -> HttpResponse:
    try:
        found = queries.token(request.org, token)
    except ApiToken.DoesNotExist:
        raise Http404 from None
    tokens.revoke(found)
    messages.success(request, f"The token “{found.name}” is revoked: it no longer opens anything.")
    return redirect("accounts:tokens", org=request.org.slug)


def _tokens(
    request: MemberRequest, form: TokenForm, *, made: tuple[ApiToken, str] | None = None, status: int = 200
) -> HttpResponse:
    kept = list(queries.tokens(request.org))
    context = {
        "tokens": kept,
        "names": queries.names(token.by for token in kept),
        "form": form,
        "made": made,
        "actions": matrix.actions(),
    }
    return render(request, "accounts/tokens.html", context, status=status)
