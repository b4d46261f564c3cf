"""The desk for requests of authorities, and the counts that everybody sees."""

from typing import cast
from uuid import UUID

from django import forms
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from vallum_web.accounts.access import operators_own
from vallum_web.accounts.models import User
from vallum_web.privacy.authorities import queries, services
from vallum_web.privacy.authorities.forms import GagForm, ReceiveForm, StepForm
from vallum_web.privacy.authorities.models import LegalRequest
from vallum_web.tenancy import clock, served

UNPROCESSABLE = 422
READ_OR_SEND = ["GET", "HEAD", "POST"]
GAG_IDS = "gag-%s"


def _user(request: HttpRequest) -> User:
    return cast("User", request.user)


def _row(key: UUID) -> LegalRequest:
    try:
        return queries.one(key)
    except LegalRequest.DoesNotExist:
        raise Http404 from None


@require_safe
@operators_own
def register(request: HttpRequest) -> HttpResponse:
    context = {"rows": queries.listed(), "review": queries.to_review()}
    return render(request, "privacy/authorities.html", context)


@require_http_methods(READ_OR_SEND)
@operators_own
def receive(request: HttpRequest) -> HttpResponse:
    form = ReceiveForm(request.POST or None, initial={"received_at": clock.now()})
    if request.method == "POST" and form.is_valid():
        try:
            made = services.receive(form.cleaned_data, _user(request).pk)
            return redirect("privacy_authorities:request", key=made.pk)
        except services.NotNowError as error:
            form.add_error(None, str(error))
    context = {"form": form}
    return render(request, "privacy/authority_new.html", context, status=UNPROCESSABLE if form.errors else 200)


@require_http_methods(READ_OR_SEND)
@operators_own
def one(request: HttpRequest, key: UUID) -> HttpResponse:
    form = StepForm(request.POST or None, row=_row(key))
    if request.method == "POST" and form.is_valid():
        try:
            _do(key, _user(request).pk, form.cleaned_data["verb"], form.cleaned_data["words"])
            return redirect("privacy_authorities:request", key=key)
        except services.NotNowError as error:
            form.add_error(None, str(error))
    return _page(request, key, form)


def _do(key: UUID, by: UUID, verb: str, words: str) -> None:
    verbs = {
        "review": services.review,
        "agree": services.agree,
        "carry_out": services.carry_out,
        "refuse": services.refuse,
        "end_hold": services.end_hold,
    }
    verbs[verb](key, by, words)


def _page(request: HttpRequest, key: UUID, form: forms.Form, gag: forms.Form | None = None) -> HttpResponse:
    row = _row(key)
    context = {
        "row": row,
        "text": queries.opened(row, row.pk),
        "steps": queries.steps(row),
        "missing": queries.agreed(row).missing(clock.now()) if row.state != LegalRequest.State.REFUSED else "",
        "form": form,
        "gag": gag or GagForm(initial={"gag": row.gag, "gag_until": row.gag_until}, auto_id=GAG_IDS),
    }
    bad = form.errors or (gag and gag.errors)
    return render(request, "privacy/authority.html", context, status=UNPROCESSABLE if bad else 200)


@require_POST
@operators_own
def gag(request: HttpRequest, key: UUID) -> HttpResponse:
    form = GagForm(request.POST, auto_id=GAG_IDS)
    if form.is_valid():
        said = form.cleaned_data
        try:
            services.look_at_gag(key, _user(request).pk, said["words"], gag=said["gag"], until=said["gag_until"])
            return redirect("privacy_authorities:request", key=key)
        except services.NotNowError as error:
            form.add_error(None, str(error))
    return _page(request, key, StepForm(row=_row(key)), form)


@require_POST
@operators_own
def opened(request: HttpRequest, key: UUID) -> HttpResponse:
    try:
        org = services.open_org(key, _user(request))
    except services.NotNowError as error:
        form = StepForm({}, row=_row(key))
        form.errors.clear()
        form.add_error(None, str(error))
        return _page(request, key, form)
    return redirect("overview:home", org=org.slug)


@require_safe
@operators_own
def file(request: HttpRequest, key: UUID) -> HttpResponseBase:
    row = _row(key)
    if row.blob is None:
        raise Http404
    services.fetched(key, _user(request).pk)
    piece = served.Piece(blob=row.blob, size=row.size, digest=row.digest)
    name = f"disclosure-{row.pk}.zip"
    whole = served.File(
        owner=row.subject, shelf=services.SHELF, pieces=[piece], name=name, content_type="application/zip"
    )
    return served.answer(request, whole)


@require_safe
@operators_own
def manifest(_request: HttpRequest, key: UUID) -> HttpResponse:
    row = _row(key)
    if row.manifest is None:
        raise Http404
    return JsonResponse({**row.manifest, "sha256": row.manifest_hash}, json_dumps_params={"indent": 1})


@require_safe
def counts(request: HttpRequest) -> HttpResponse:
    """For everybody."""
    return render(request, "privacy/authority_counts.html", {"counts": list(queries.counts())})
