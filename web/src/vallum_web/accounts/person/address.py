"""The tab of the e-mail address, and the two pages behind links in mails: one confirms a change, one takes it back."""

from collections.abc import Callable
from typing import cast

from allauth.account.internal.flows.reauthentication import raise_if_reauthentication_required
from django import forms
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from vallum_web.accounts import addresses
from vallum_web.accounts.models import EmailChange, User
from vallum_web.accounts.services import addresses as changing
from vallum_web.accounts.services.addresses import OverError

UNPROCESSABLE = 422
GONE = 410


class AddressForm(forms.Form):
    email = forms.EmailField(
        label="New address",
        max_length=254,
        help_text="A mail to it holds a link that you have to open; until then nothing changes.",
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )

    def __init__(self, *args: object, present: str = "", **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]  # handed on as they come
        self.present = present

    def clean_email(self) -> str:
        try:
            address = addresses.normal(self.cleaned_data["email"])
        except ValueError as error:
            raise ValidationError(str(error)) from error
        if address == self.present:
            raise ValidationError("This is your address already.")
        return address


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def address(request: HttpRequest) -> HttpResponse:
    user = cast("User", request.user)
    if request.method != "POST":
        return _page(request, AddressForm())
    if "action_remove" in request.POST:
        changing.drop(user)
        return redirect("account_email")
    raise_if_reauthentication_required(request, app="vallum")
    form = AddressForm(request.POST, present=user.email)
    if not form.is_valid():
        return _page(request, form, status=UNPROCESSABLE)
    changing.ask(user, form.cleaned_data["email"])
    return redirect("account_email")


def _page(request: HttpRequest, form: AddressForm, *, status: int = 200) -> HttpResponse:
    context = {"form": form, "waiting": changing.waiting(cast("User", request.user))}
    return render(request, "accounts/email.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: HttpRequest, key: str) -> HttpResponse:
    """A link alone changes nothing: programs that read mails open links too."""
    return _behind_link(request, key, "accounts/email_confirm.html", (changing.to_confirm, changing.confirm))


@require_http_methods(["GET", "HEAD", "POST"])
def revert(request: HttpRequest, key: str) -> HttpResponse:
    return _behind_link(request, key, "accounts/email_revert.html", (changing.to_revert, changing.revert))


Step = Callable[[str], EmailChange]


def _behind_link(request: HttpRequest, key: str, template: str, steps: tuple[Step, Step]) -> HttpResponse:
    asked, done = steps
    is_done = request.method == "POST"
    try:
        change = done(key) if is_done else asked(key)
    except OverError as error:
        return render(request, template, {"problem": str(error)}, status=GONE)
    return render(request, template, {"change": change, "is_done": is_done})
