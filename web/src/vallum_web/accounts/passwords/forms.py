"""allauth's forms, where a password is typed in: none of them compares or hashes more than a password can be."""

from typing import Any, ClassVar

from allauth.account import forms as allauth
from allauth.account.adapter import get_adapter
from django.forms import BaseForm, PasswordInput

from vallum_web.accounts import queries
from vallum_web.accounts.addresses import looked_up
from vallum_web.accounts.passwords.validators import refuse_too_long
from vallum_web.accounts.services import nothing

HELP = (
    "12 characters or more. Several words that have nothing to do with each other are good; names, addresses and what is on "
    "lists of common passwords are refused."
)


class Bounded(BaseForm):
    """Reads every password of the form as it was typed, whole, and refuses one that is too long to be any."""

    labels: ClassVar[dict[str, str]] = {}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            if isinstance(field.widget, PasswordInput):
                field.validators.append(refuse_too_long)
                # A placeholder repeats the label, and goes where the text comes.
                field.widget.attrs.pop("placeholder", None)
            field.label = self.labels.get(name, field.label)
            if name == "password1":
                field.help_text = HELP


class LoginForm(Bounded, allauth.LoginForm):  # type: ignore[misc]  # allauth ships no types
    def clean_login(self) -> str:
        return looked_up(super().clean_login())


class ReauthenticateForm(Bounded, allauth.ReauthenticateForm):  # type: ignore[misc]  # as above
    pass


class ChangePasswordForm(Bounded, allauth.ChangePasswordForm):  # type: ignore[misc]  # as above
    labels: ClassVar = {
        "oldpassword": "Present password",
        "password1": "New password",
        "password2": "New password again",
    }


class SetPasswordForm(Bounded, allauth.SetPasswordForm):  # type: ignore[misc]  # as above
    pass


class ResetPasswordKeyForm(Bounded, allauth.ResetPasswordKeyForm):  # type: ignore[misc]  # as above
    labels: ClassVar = {"password1": "New password", "password2": "New password again"}


class ResetPasswordForm(allauth.ResetPasswordForm):  # type: ignore[misc]  # as above
    def clean_email(self) -> str:
        """The mail goes to the address as it is kept, not as it was typed.

        Whoever has no account is somebody who does not exist: what follows is the same, but for the mail's text.
        """
        email = looked_up(get_adapter().clean_email(self.cleaned_data["email"]))
        found = queries.with_email(email)
        self.users = [found if found and found.is_active else nothing.somebody(email)]
        return email
