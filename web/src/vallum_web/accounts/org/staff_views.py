"""When people who run the platform looked at the organization: its members see it, and may end it."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from vallum_web.accounts import queries
from vallum_web.accounts.access import MemberRequest, may
from vallum_web.accounts.services import staff
from vallum_web.tenancy import keyset

NEWEST = keyset.Order(fields=("began_at", "id"))


@require_safe
@may("staff.read")
def index(request: MemberRequest) -> HttpResponse:
    page = keyset.page([queries.staff_accesses(request.org)], NEWEST, after=request.GET.get("after", ""))
    names = queries.names(access.person for access in page.rows)
    rows = [{"access": access, "who": names.get(access.person, "somebody who has left")} for access in page.rows]
    return render(request, "accounts/staff.html", {"page": page, "rows": rows})


@require_POST
@may("staff.end")
def end(request: MemberRequest, access: UUID) -> HttpResponse:
    if not queries.staff_accesses(request.org).filter(pk=access).exists():
        raise Http404
    if staff.end(request.org, access, request.user.pk):
        messages.success(request, "The access is ended: it opens nothing any more.")
    return redirect("accounts:staff", org=request.org.slug)
