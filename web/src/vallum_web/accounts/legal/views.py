"""The documents, for everybody; and the page on which they are accepted."""

from typing import cast

from allauth.account.internal.flows.login import get_authentication_records
from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods, require_safe

from vallum_web.accounts.legal import markdown, queries, services
from vallum_web.accounts.legal.comparing import compare
from vallum_web.accounts.legal.documents import Document, Version
from vallum_web.accounts.legal.forms import AcceptForm
from vallum_web.accounts.models import Acceptance, User
from vallum_web.accounts.services.invitations import INVITED
from vallum_web.accounts.sso import door as sso
from vallum_web.tenancy import clock

UNPROCESSABLE = 422


@require_safe
def document(request: HttpRequest, document: str, number: int | None = None) -> HttpResponse:
    """The version in force; by number, any that ever held here or is announced."""
    version = _version(document, number)
    known = [each for each in queries.versions_here() if each.document == version.document]
    held, today, reasons = queries.in_force_today(), clock.now().date(), queries.reasons()
    context = {
        "version": version,
        "in_force": version in held,
        "to_come": version.since > today,
        "announced": [(each, reasons.get(each.name, "")) for each in known if each.since > today and each != version],
        "blocks": list(markdown.blocks(version.text)),
        "before": next((each for each in reversed(known) if each.number < version.number), None),
        "others": [other for other in reversed(known) if other != version],
        "documents": [each for each in Document if each != version.document],
        "contact": settings.PRIVACY_CONTACT,
        "officer": settings.DATA_PROTECTION_OFFICER,
        "hosting": settings.HOSTING,
    }
    return render(request, "accounts/legal.html", context)


@require_safe
def changes(request: HttpRequest, document: str, number: int, before: int) -> HttpResponse:
    """What one version says that another does not."""
    version, former = _version(document, number), _version(document, before)
    rows = list(compare(former.text, version.text))
    context = {"version": version, "before": former, "rows": rows, "changed": any(row.change != "same" for row in rows)}
    return render(request, "accounts/legal_changes.html", context)


def _version(document: str, number: int | None) -> Version:
    """Raises Http404."""
    known = queries.versions_here() if number is not None else queries.in_force_today()
    for version in known:
        if version.document == document and number in {None, version.number}:
            return version
    raise Http404


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
            services.settle(user, _method(request, user))
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
