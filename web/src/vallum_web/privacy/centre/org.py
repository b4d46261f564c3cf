"""The privacy page of an organization: a copy of everything, and what the organization has to show others."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from vallum_web.accounts import queries as people
from vallum_web.accounts.access import MemberRequest, may
from vallum_web.privacy.exports import queries, services
from vallum_web.privacy.exports.models import OrgExport
from vallum_web.tenancy import served


@require_safe
@may("privacy.read")
def index(request: MemberRequest) -> HttpResponse:
    rows = queries.of_org(request.org)
    names = people.names(row.by for row in rows)
    context = {
        "copies": [(row, names.get(row.by, "a former member")) for row in rows],
        "writing": any(row.status in services.UNFINISHED for row in rows),
    }
    return render(request, "privacy/org.html", context)


@require_POST
@may("privacy.read")
def make_copy(request: MemberRequest) -> HttpResponse:
    try:
        services.ask_for_org(request.org, request.user.pk)
        messages.success(request, "It is being written. You get a mail when it can be fetched.")
    except services.TooSoonError as error:
        messages.warning(request, str(error))
    return redirect("privacy_org:index", org=request.org.slug)


@require_safe
@may("privacy.export")
def download(request: MemberRequest, copy: UUID) -> HttpResponseBase:
    """That everything is taken is in the audit log before its first byte is sent."""
    row = _found(request, copy)
    if row.status != OrgExport.Status.DONE:
        return redirect("privacy_org:index", org=request.org.slug)
    services.downloaded(row, request.user.pk, asked=request.headers.get("Range", "")[:60])
    return served.answer(request, services.file(row, request.org.slug))


@require_POST
@may("privacy.read")
def delete_copy(request: MemberRequest, copy: UUID) -> HttpResponse:
    services.delete(_found(request, copy))
    return redirect("privacy_org:index", org=request.org.slug)


def _found(request: MemberRequest, key: UUID) -> OrgExport:
    try:
        return queries.one_of_org(request.org, key)
    except OrgExport.DoesNotExist:
        raise Http404 from None
