"""The documents, for everybody; and the page on which they are accepted."""

from typing import cast

from allauth.account.internal.flows.login import get_authentication_records
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods, require_safe

from vallum_web.accounts.legal import markdown, queries, services
from vallum_web.accounts.legal.documents import Version, versions
from vallum_web.accounts.legal.forms import AcceptForm
from vallum_web.accounts.models import Acceptance, User
from vallum_web.accounts.services.invitations import INVITED
from vallum_web.accounts.sso import door as sso

UNPROCESSABLE = 422


@require_safe
def document(request: HttpRequest, document: str, number: int | None = None) -> HttpResponse:
    """The version in force; by number, any that ever was or is announced."""
    known = [version for version in versions() if version.document == document]
    wanted = [version for version in (known if number else queries.held()) if version in known and _is(version, number)]
    if not wanted:
        raise Http404
    version = wanted[0]
    context = {
        "version": version,
        "in_force": version in queries.held(),
        "blocks": list(markdown.blocks(version.text)),
        "others": [other for other in reversed(known) if other != version],
    }
    return render(request, "accounts/legal.html", context)


def _is(version: Version, number: int | None) -> bool:
    return number is None or version.number == number


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def accept(request: HttpRequest) -> HttpResponse:
    user = cast("User", request.user)
    back = _back(request)
    missing = queries.missing(user.pk)
    if not missing:
        return redirect(back)
    attested = user.attested_adult_at is not None
    if request.method == "POST":
        form = AcceptForm(request.POST, attested=attested)
        if form.is_valid():
            services.accept(user, missing, _method(request, user))
            return redirect(back)
    else:
        form = AcceptForm(attested=attested)
    again = queries.accepted_before(user.pk)
    context = {"form": form, "missing": missing, "again": again, "next": back}
    return render(request, "accounts/accept.html", context, status=UNPROCESSABLE if form.is_bound else 200)


def _method(request: HttpRequest, user: User) -> Acceptance.Method:
    if queries.accepted_before(user.pk):
        return Acceptance.Method.LATER
    if any(proof["method"] == sso.METHOD for proof in get_authentication_records(request, user)):
        return Acceptance.Method.SSO
    return Acceptance.Method.INVITATION if INVITED in request.session else Acceptance.Method.LATER


def _back(request: HttpRequest) -> str:
    back = request.POST.get("next") or request.GET.get("next") or "/"
    safe = url_has_allowed_host_and_scheme(back, allowed_hosts={request.get_host()}, require_https=request.is_secure())
    return back if safe else "/"
