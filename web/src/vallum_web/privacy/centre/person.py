"""A person's privacy page. It asks for no organization, no plan and no acceptance: it is there for whoever can sign in."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, cast
from uuid import UUID

from allauth.account.internal.flows.reauthentication import raise_if_reauthentication_required
from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from vallum_web.accounts.models import Acceptance, User
from vallum_web.accounts.objections import queries as objections
from vallum_web.accounts.objections import services as objecting
from vallum_web.accounts.objections.models import Purpose
from vallum_web.accounts.usage import queries as used
from vallum_web.accounts.usage import services as usage
from vallum_web.privacy.erasure import queries as deletions
from vallum_web.privacy.exports import queries as exports
from vallum_web.privacy.exports import services as exporting
from vallum_web.privacy.exports import tables
from vallum_web.privacy.exports.models import PersonExport
from vallum_web.privacy.requests import queries as requests
from vallum_web.privacy.requests import services as requesting
from vallum_web.privacy.requests.forms import AskForm
from vallum_web.tenancy import served
from vallum_web.tenancy.announcing import queries as announcing

UNPROCESSABLE = 422


class ObjectionsForm(forms.Form):
    purposes = forms.MultipleChoiceField(
        required=False, choices=Purpose.choices, label="I object to", widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args: Any, said: Collection[str] = (), **kwargs: Any) -> None:
        """What nobody plans can be objected to by nobody; what was said is never lost by what a form does not show."""
        super().__init__(*args, **kwargs)
        if Purpose.HANDOVER not in said and not announcing.successor():
            field = cast("forms.MultipleChoiceField", self.fields["purposes"])
            field.choices = [each for each in Purpose.choices if each[0] != Purpose.HANDOVER]


@require_safe
@login_required
def centre(request: HttpRequest) -> HttpResponse:
    return render(request, "privacy/centre.html", _context(request))


def _context(request: HttpRequest, **forms_: forms.Form) -> dict[str, Any]:
    user = cast("User", request.user)
    copies, said = exports.of_person(user), objections.open_objections(user.pk)
    return {
        "tables": _tables(),
        "paired": [(row, "") for row in copies],
        "writing": any(row.status in exporting.UNFINISHED for row in copies),
        "objections": forms_.get("objections") or ObjectionsForm(initial={"purposes": sorted(said)}, said=said),
        "successor": announcing.successor(),
        "signalled": objections.signalled(request),
        "restricted": objections.restricted(user.pk),
        "acceptances": Acceptance.objects.filter(user=user.pk).order_by("-at"),
        "requests": requests.of_person(user.pk),
        "ask": forms_.get("ask") or AskForm(),
        "leaving": deletions.orgs_of(user),
    }


def _tables() -> Sequence[Mapping[str, Any]]:
    return [
        {
            "title": table.title,
            "purposes": sorted({field.purpose for field in table.fields}),
            "kept": sorted({field.retention for field in table.fields}),
        }
        for table in tables.of_person().values()
    ]


@require_POST
@login_required
def make_copy(request: HttpRequest) -> HttpResponse:
    raise_if_reauthentication_required(request, app="vallum")
    try:
        exporting.ask_for_person(cast("User", request.user))
        messages.success(request, "It is being written. You get a mail when it can be fetched.")
    except exporting.TooSoonError as error:
        messages.warning(request, str(error))
    return redirect("privacy:centre")


@require_safe
@login_required
def download(request: HttpRequest, export: UUID) -> HttpResponseBase:
    raise_if_reauthentication_required(request, app="vallum")
    row = _found(request, export)
    if row.status != PersonExport.Status.DONE:
        return redirect("privacy:centre")
    return served.answer(request, exporting.file(row, "personal"))


@require_POST
@login_required
def delete_copy(request: HttpRequest, export: UUID) -> HttpResponse:
    exporting.delete(_found(request, export))
    return redirect("privacy:centre")


def _found(request: HttpRequest, key: UUID) -> PersonExport:
    try:
        return exports.one_of_person(cast("User", request.user), key)
    except PersonExport.DoesNotExist:
        raise Http404 from None


@require_POST
@login_required
def object_to(request: HttpRequest) -> HttpResponse:
    user = cast("User", request.user)
    form = ObjectionsForm(request.POST, said=objections.open_objections(user.pk))
    if not form.is_valid():
        return render(request, "privacy/centre.html", _context(request, objections=form), status=UNPROCESSABLE)
    objecting.settle(user, form.cleaned_data["purposes"])
    if Purpose.USAGE in form.cleaned_data["purposes"]:
        usage.forget(user.pk)
    messages.success(request, "Saved. It holds from now on.")
    return redirect("privacy:centre")


@require_safe
@login_required
def use(request: HttpRequest) -> HttpResponse:
    person = cast("User", request.user).pk
    context = {
        "shares": used.of_person(person),
        "days": used.days_of_person(person),
        "objects": objections.objects(person, Purpose.USAGE),
        "signalled": objections.signalled(request),
    }
    return render(request, "privacy/use.html", context)


@require_POST
@login_required
def ask(request: HttpRequest) -> HttpResponse:
    """Asked from the account itself, by whoever has just proved that it is theirs: nothing more is asked of them."""
    raise_if_reauthentication_required(request, app="vallum")
    form = AskForm(request.POST)
    if not form.is_valid():
        return render(request, "privacy/centre.html", _context(request, ask=form), status=UNPROCESSABLE)
    row = requesting.ask(cast("User", request.user), form.wanted())
    messages.success(request, f"Your request is in the register. It is answered by {row.due_at:%Y-%m-%d}.")
    return redirect("privacy:centre")


@require_safe
@login_required
def request_page(request: HttpRequest, key: UUID) -> HttpResponse:
    found = [row for row in requests.of_person(cast("User", request.user).pk) if row.pk == key]
    if not found:
        raise Http404
    context = {"row": found[0], "steps": requests.steps(found[0]), "said": requests.wanted(found[0])}
    return render(request, "privacy/request.html", context)
