"""What stays open to whoever is being deleted: the state of it, a copy, having it back, and having it sooner. Nothing else."""

from collections.abc import Callable
from functools import wraps
from typing import Any, cast
from uuid import UUID

from allauth.account.internal.flows.reauthentication import raise_if_reauthentication_required
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.hashers import make_password
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from vallum_web.accounts import guesses
from vallum_web.accounts.abuse import signing_in
from vallum_web.accounts.models import User
from vallum_web.privacy.erasure import door, owners, proof, queries, services
from vallum_web.privacy.erasure.forms import EntranceForm, SoonerForm
from vallum_web.privacy.erasure.models import Deletion
from vallum_web.privacy.exports import queries as exports
from vallum_web.privacy.exports import services as exporting
from vallum_web.privacy.exports.models import OrgExport, PersonExport
from vallum_web.tenancy import served
from vallum_web.tenancy.models import Org
from vallum_web.tenancy.scope import Purpose, meant_for, scope

UNPROCESSABLE = 422
NOT_RIGHT = (
    "This opens no account that is being deleted: the address, the password or the code is not right. Accounts that have no "
    "password, or a passkey for the second step, come in by the link in the mail."
)
WRITTEN = "It is being written. You get a mail when it can be fetched."


@require_http_methods(["GET", "HEAD", "POST"])
def entrance(request: HttpRequest) -> HttpResponse:
    deletion = door.whose(request)
    if deletion is not None and request.method != "POST":
        return _page(request, deletion)
    form = EntranceForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        deletion = _proved(request, form)
        if deletion is not None:
            door.open_for(request, deletion)
            return redirect("leaving")
        signing_in.failed(form.cleaned_data["email"], form.cleaned_data["password"])
        form.add_error(None, NOT_RIGHT)
    return render(request, "privacy/entrance.html", {"form": form}, status=UNPROCESSABLE if form.errors else 200)


def _proved(request: HttpRequest, form: EntranceForm) -> Deletion | None:
    """The same is counted and as long is thought about whoever's address it is. Raises Refused."""
    deletion = queries.of_address(form.cleaned_data["email"])
    user = queries.leaving_person(deletion) if deletion else None
    given = QueryDict(mutable=True)
    given.update({"password": form.cleaned_data["password"], "code": form.cleaned_data["code"]})
    asked = proof.form(user, given) if user and proof.is_enough(user) else None
    if deletion is None or user is None or asked is None or not asked.is_valid():
        # A code that is missing as well: an answer that came sooner, or uncounted, would tell that one is asked for.
        guesses.begin(form.cleaned_data["email"])
        make_password(form.cleaned_data["password"])
        return None
    return deletion if proof.is_right(request, user, asked) else None


def _page(request: HttpRequest, deletion: Deletion) -> HttpResponse:
    with meant_for(Purpose.PRIVACY):
        copies = exports.of_person(queries.leaving_person(deletion))
    context = {"deletion": deletion, "what": "Your account", "copies": copies, "sooner": SoonerForm()}
    return render(request, "privacy/leaving.html", context)


@require_POST
def act(request: HttpRequest) -> HttpResponse:
    """One of four things, by whoever came in a moment ago."""
    deletion = door.whose(request)
    if deletion is None:
        return redirect("leaving")
    try:
        return _done(request, deletion)
    except services.TooLateError as error:
        messages.warning(request, str(error))
        return redirect("leaving")


def _done(request: HttpRequest, deletion: Deletion) -> HttpResponse:
    if "back" in request.POST:
        services.have_person_back(deletion)
        door.shut(request)
        messages.success(request, "Your account is back. Tokens that you had made stay revoked.")
        return redirect("account_login")
    if "sooner" in request.POST:
        _sooner(request, deletion)
    elif "copy" in request.POST:
        user = queries.leaving_person(deletion)
        _written(request, lambda: exporting.ask_for_person(user))
    else:
        door.shut(request)
    return redirect("leaving")


@require_safe
def download(request: HttpRequest, export: UUID) -> HttpResponseBase:
    deletion = door.whose(request)
    if deletion is None:
        return redirect("leaving")
    try:
        row = exports.one_of_person(queries.leaving_person(deletion), export)
    except PersonExport.DoesNotExist:
        raise Http404 from None
    if row.status != PersonExport.Status.DONE:
        return redirect("leaving")
    return served.answer(request, exporting.file(row, "personal"))


def _sooner(request: HttpRequest, deletion: Deletion) -> None:
    if SoonerForm(request.POST).is_valid():
        messages.success(request, f"It is deleted for good on {services.sooner(deletion):%Y-%m-%d %H:%M} UTC.")
    else:
        messages.warning(request, "Nothing was changed: tick that you know that nobody can bring it back.")


def _written(request: HttpRequest, ask: Callable[[], object]) -> None:
    """Seen as by the privacy centre: everyday work knows nothing of who is being deleted."""
    try:
        with meant_for(Purpose.PRIVACY):
            ask()
        messages.success(request, WRITTEN)
    except exporting.TooSoonError as error:
        messages.warning(request, str(error))


OwnerView = Callable[..., HttpResponseBase]


def _owners_own(view: OwnerView) -> OwnerView:
    """For whoever owned an organization that is being deleted, and has just shown that it is them; else there is no such page."""

    @login_required
    @wraps(view)
    def guarded(request: HttpRequest, key: UUID, **more: Any) -> HttpResponseBase:
        user, deletion = cast("User", request.user), queries.open_one(key)
        if deletion is None or deletion.whose != Deletion.Whose.ORG or not queries.was_owner(deletion, user.pk):
            raise Http404
        raise_if_reauthentication_required(request, app="vallum")
        return owners.shut(request, deletion) or view(request, deletion, **more)

    return cast("OwnerView", guarded)


@require_safe
@_owners_own
def org(request: HttpRequest, deletion: Deletion) -> HttpResponse:
    with scope(deletion.subject, purpose=Purpose.PRIVACY):
        copies = exports.of_org(Org.objects.get(pk=deletion.subject))
    what = queries.called(deletion)
    context = {"deletion": deletion, "what": what, "copies": copies, "sooner": SoonerForm(), "of_org": True}
    return render(request, "privacy/leaving.html", context)


@require_POST
@_owners_own
def act_for_org(request: HttpRequest, deletion: Deletion) -> HttpResponse:
    try:
        return _done_for_org(request, deletion)
    except services.TooLateError as error:
        messages.warning(request, str(error))
        return redirect("start")


def _done_for_org(request: HttpRequest, deletion: Deletion) -> HttpResponse:
    by = cast("User", request.user)
    if "back" in request.POST:
        found = services.have_org_back(deletion, by.pk)
        messages.success(
            request, f"{found.name} is back. Tokens, and those of private repositories, are to be given anew."
        )
        return redirect("overview:home", org=found.slug)
    if "sooner" in request.POST:
        _sooner(request, deletion)
    elif "copy" in request.POST:
        _written(request, lambda: _ask_for_org(deletion, by))
    return redirect("leaving_org", key=deletion.pk)


def _ask_for_org(deletion: Deletion, by: User) -> None:
    with scope(deletion.subject, user=by.pk):
        exporting.ask_for_org(Org.objects.get(pk=deletion.subject), by.pk)


@require_safe
@_owners_own
def download_of_org(request: HttpRequest, deletion: Deletion, copy: UUID) -> HttpResponseBase:
    by = cast("User", request.user)
    with scope(deletion.subject, user=by.pk, purpose=Purpose.PRIVACY):
        found = Org.objects.get(pk=deletion.subject)
        try:
            row = exports.one_of_org(found, copy)
        except OrgExport.DoesNotExist:
            raise Http404 from None
        if row.status == OrgExport.Status.DONE:
            exporting.downloaded(row, by.pk, asked=request.headers.get("Range", "")[:60])
    if row.status != OrgExport.Status.DONE:
        return redirect("leaving_org", key=deletion.pk)
    return served.answer(request, exporting.file(row, found.slug))
