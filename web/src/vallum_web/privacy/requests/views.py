"""The door for people without an account, the page that they follow their request on, and the operators' register."""

from typing import cast
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from vallum_web.accounts.access import operators_own
from vallum_web.accounts.models import User
from vallum_web.accounts.objections import queries as objections
from vallum_web.privacy.requests import queries, services
from vallum_web.privacy.requests.forms import IntakeForm, UnrestrictForm, WorkForm
from vallum_web.privacy.requests.models import Request

UNPROCESSABLE = 422
MOST_ENDED = 50


@require_http_methods(["GET", "HEAD", "POST"])
def intake(request: HttpRequest) -> HttpResponse:
    """The same answer whoever the address belongs to: nobody learns here whether somebody has an account."""
    if request.method != "POST":
        return render(request, "privacy/intake.html", {"form": IntakeForm()})
    form = IntakeForm(request.POST)
    if not form.is_valid():
        return render(request, "privacy/intake.html", {"form": form}, status=UNPROCESSABLE)
    services.take_in(form.wanted())
    return redirect("privacy_requests:sent")


@require_http_methods(["GET", "HEAD"])
def sent(request: HttpRequest) -> HttpResponse:
    return render(request, "privacy/intake_sent.html")


@require_http_methods(["GET", "HEAD", "POST"])
def status(request: HttpRequest, key: str) -> HttpResponse:
    """Looking confirms nothing: mail programs follow links before people do."""
    try:
        if request.method == "POST":
            services.confirm(key)
            return redirect("privacy_requests:status", key=key)
        row = queries.by_link(key)
    except Request.DoesNotExist:
        raise Http404 from None
    return render(request, "privacy/status.html", {"row": row, "steps": queries.steps(row)})


@require_http_methods(["GET", "HEAD"])
@operators_own
def register(request: HttpRequest) -> HttpResponse:
    waiting = list(queries.waiting())
    context = {
        "waiting": [(row, queries.urgency(row)) for row in waiting],
        "ended": queries.ended()[:MOST_ENDED],
        "unconfirmed": queries.unconfirmed(),
    }
    return render(request, "privacy/register.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@operators_own
def work(request: HttpRequest, key: UUID) -> HttpResponse:
    form = WorkForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        verb = {
            "identify": services.identify,
            "extend": services.extend,
            "answer": services.answer,
            "refuse": services.refuse,
        }[form.cleaned_data["verb"]]
        try:
            verb(key, cast("User", request.user).pk, form.cleaned_data["words"])
            return redirect("privacy_requests:work", key=key)
        except services.NotNowError as error:
            form.add_error(None, str(error))
    try:
        row = queries.one(key)
    except Request.DoesNotExist:
        raise Http404 from None
    context = {
        "row": row,
        "said": queries.wanted(row),
        "steps": queries.steps(row),
        "form": form,
        "restricted": row.person is not None and objections.restricted(row.person),
        "unrestrict": UnrestrictForm(),
    }
    return render(request, "privacy/work.html", context, status=UNPROCESSABLE if form.errors else 200)


@require_POST
@operators_own
def end_restriction(request: HttpRequest, key: UUID) -> HttpResponse:
    """The person is told first (Article 18, paragraph 3)."""
    form = UnrestrictForm(request.POST)
    try:
        if form.is_valid():
            services.end_restriction(key, cast("User", request.user).pk, form.cleaned_data["reason"])
            messages.success(request, "They are told, and data on them is used again as usual.")
        else:
            messages.error(request, "Say why, in ten letters or more: they read it.")
    except services.NotNowError as error:
        messages.error(request, str(error))
    return redirect("privacy_requests:work", key=key)
