"""The door for whoever knows of a minor's account, and the operators' page."""

from typing import cast
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from vallum_web.accounts.access import operators_own
from vallum_web.accounts.models import User
from vallum_web.privacy.minors import queries, services
from vallum_web.privacy.minors.forms import DeleteForm, ReportForm
from vallum_web.privacy.requests import services as requests

UNPROCESSABLE = 422
MOST = 50
READ_OR_SEND = ["GET", "HEAD", "POST"]


@require_http_methods(READ_OR_SEND)
def report(request: HttpRequest) -> HttpResponse:
    """The same answer whatever account is named: nobody learns here whether there is one."""
    form = ReportForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        requests.take_in(form.wanted())
        return redirect("privacy_requests:sent")
    return render(request, "privacy/minor_report.html", {"form": form}, status=UNPROCESSABLE if form.errors else 200)


@require_http_methods(READ_OR_SEND)
@operators_own
def desk(request: HttpRequest, key: UUID | None = None) -> HttpResponse:
    """`key` is the report that led here, if one did."""
    found = queries.report(key) if key else None
    form = DeleteForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        by = cast("User", request.user).pk
        try:
            services.delete(
                said["address"], by, how=said["how"], heir=said["heir"], request=found.pk if found else None
            )
        except services.NotNowError as error:
            form.add_error(None, str(error))
        else:
            messages.success(
                request, "The account is hidden, and is deleted now, or when nothing preserves it any more."
            )
            return redirect("privacy_minors:desk")
    context = {"form": form, "reports": queries.reports(), "report": found, "decisions": queries.decisions(MOST)}
    return render(request, "privacy/minors.html", context, status=UNPROCESSABLE if form.errors else 200)
