"""The pages of a deletion: asking for it, taking it back by the mailed link, and its receipt."""

from typing import Any, cast

from allauth.account.internal.flows.reauthentication import raise_if_reauthentication_required
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from vallum_web.accounts.access import MemberRequest, may
from vallum_web.accounts.models import User
from vallum_web.privacy.erasure import door, owners, proof, queries, receipts, services
from vallum_web.privacy.erasure.forms import SureForm, SureOfOrgForm
from vallum_web.privacy.erasure.models import Deletion

UNPROCESSABLE = 422
READ_OR_SEND = ["GET", "HEAD", "POST"]


@login_required
@require_http_methods(READ_OR_SEND)
def delete_account(request: HttpRequest) -> HttpResponse:
    user = cast("User", request.user)
    raise_if_reauthentication_required(request, app="vallum")
    form = SureForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            made = services.ask_for_person(user)
        except services.SoleOwnerError:
            return redirect("delete_account")
        logout(request)
        return render(request, "privacy/asked.html", {"deletion": made})
    context = {
        "form": form,
        "alone": queries.owned_alone(user),
        "kept": services.KEPT_FOR,
        "backups": receipts.BACKUPS_KEPT,
    }
    return render(request, "privacy/delete_account.html", context, status=UNPROCESSABLE if form.is_bound else 200)


@require_http_methods(READ_OR_SEND)
@may("org.delete", scoped=False)
def delete_org(request: MemberRequest) -> HttpResponse:
    form = SureOfOrgForm(request.POST if request.method == "POST" else None, slug=request.org.slug)
    if request.method == "POST" and form.is_valid():
        made = services.ask_for_org(request.org, request.user)
        told = f"{request.org.name} is hidden, and deleted for good on {made.purge_at:%Y-%m-%d}."
        messages.success(request, f"{told} Its owners have a mail by which it can be had back.")
        return redirect("start")
    context = {"form": form, "kept": services.KEPT_FOR, "backups": receipts.BACKUPS_KEPT}
    return render(request, "privacy/delete_org.html", context, status=UNPROCESSABLE if form.is_bound else 200)


@require_http_methods(READ_OR_SEND)
def have_back(request: HttpRequest, key: str) -> HttpResponse:
    """GET changes nothing: scanners open every link of a mail."""
    deletion = queries.pending(key)
    if deletion is None:
        return render(request, "privacy/over.html", status=404)
    try:
        if deletion.whose == Deletion.Whose.PERSON:
            return _person(request, deletion)
        return _org(request, deletion)
    except services.TooLateError:
        return render(request, "privacy/over.html", status=404)


def _person(request: HttpRequest, deletion: Deletion) -> HttpResponse:
    user = queries.leaving_person(deletion)
    form = proof.form(user, request.POST if request.method == "POST" else None)
    if request.method != "POST" or not proof.is_right(request, user, form):
        return _asking(request, deletion, form)
    if "sooner" in request.POST:
        return _sooner(request, deletion)
    if "look" in request.POST:
        door.open_for(request, deletion)
        return redirect("leaving")
    services.have_person_back(deletion)
    messages.success(request, "Your account is back. Tokens that you had made stay revoked.")
    return redirect("account_login")


def _org(request: HttpRequest, deletion: Deletion) -> HttpResponse:
    """Whoever owned it, and has just shown that it is them; for others the link opens nothing."""
    if not isinstance(request.user, User):
        return redirect_to_login(request.get_full_path())
    if not queries.was_owner(deletion, request.user.pk):
        raise Http404
    raise_if_reauthentication_required(request, app="vallum")
    if page := owners.shut(request, deletion):
        return page
    if request.method != "POST":
        return _asking(request, deletion, None)
    if "sooner" in request.POST:
        return _sooner(request, deletion)
    org = services.have_org_back(deletion, request.user.pk)
    messages.success(request, f"{org.name} is back. Tokens, and those of private repositories, are to be given anew.")
    return redirect("overview:home", org=org.slug)


def _sooner(request: HttpRequest, deletion: Deletion) -> HttpResponse:
    deletion.purge_at = services.sooner(deletion)
    return render(request, "privacy/asked.html", {"deletion": deletion})


def _asking(request: HttpRequest, deletion: Deletion, form: Any) -> HttpResponse:
    context = {"deletion": deletion, "what": queries.called(deletion), "form": form}
    return render(
        request, "privacy/back.html", context, status=UNPROCESSABLE if form is not None and form.is_bound else 200
    )


@require_safe
def receipt(request: HttpRequest, secret: str) -> HttpResponse:
    deletion = _with_receipt(secret)
    return render(request, "privacy/receipt.html", {"deletion": deletion, "secret": secret})


@require_safe
def receipt_file(request: HttpRequest, secret: str, number: int) -> HttpResponse:  # noqa: ARG001 - Django's signature
    deletion = _with_receipt(secret)
    found = {1: deletion.receipt, 2: deletion.second_receipt}.get(number)
    if found is None:
        raise Http404
    answer = JsonResponse(found, json_dumps_params={"indent": 1})
    answer["Content-Disposition"] = f'attachment; filename="receipt-{number}.json"'
    return answer


def _with_receipt(secret: str) -> Deletion:
    deletion = queries.with_receipt(secret)
    if deletion is None:
        raise Http404
    return deletion
