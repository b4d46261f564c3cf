from typing import Any

from allauth.mfa.adapter import get_adapter
from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.webauthn.forms import AddWebAuthnForm, EditWebAuthnForm
from django import forms
from django.core.exceptions import ValidationError

from vallum_web.accounts import guesses
from vallum_web.accounts.models import User
from vallum_web.accounts.person import services
from vallum_web.tenancy.keyring import KeyringError
from vallum_web.tenancy.texts import validate_one_line

_UNREADABLE = (
    "Codes of this account cannot be checked: the key that they are kept under is missing. "
    "Use a passkey, or ask whoever runs this installation."
)


class ProfileForm(forms.Form):
    name = forms.CharField(
        max_length=80,
        required=False,
        label="Your name",
        help_text="Members of your organizations see it. Without one they see your address.",
        validators=[validate_one_line],
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    theme = forms.ChoiceField(choices=User.Theme.choices, label="Theme", widget=forms.RadioSelect)


def _code(help_text: str = "") -> forms.CharField:
    typed = {"autocomplete": "one-time-code", "inputmode": "numeric", "autofocus": True}
    return forms.CharField(label="Code", max_length=40, help_text=help_text, widget=forms.TextInput(attrs=typed))


class _Once:
    """Of a form with a code: used ones are refused before they count as right."""

    user: User
    cleaned_data: dict[str, Any]

    def clean_code(self) -> str:
        code = str(self.cleaned_data["code"])
        taken = guesses.begin_second_step(self.user)
        try:
            if services.is_spent(self.user, code):
                raise get_adapter().validation_error("incorrect_code")
            super().clean_code()  # type: ignore[misc]  # of the form that this is mixed into
            if not services.spend_code(self.user, code):
                raise get_adapter().validation_error("incorrect_code")
        except KeyringError:
            raise ValidationError(_UNREADABLE) from None
        guesses.right(taken)
        return code


class SignInCode(_Once, AuthenticateForm):  # type: ignore[misc]  # allauth ships no types
    code = _code("The six digits that your app shows, or one of your recovery codes.")


class StepUpCode(_Once, ReauthenticateForm):  # type: ignore[misc]  # allauth ships no types
    code = _code("The six digits that your app shows, or one of your recovery codes.")


class FirstCode(ActivateTOTPForm):  # type: ignore[misc]  # allauth ships no types
    code = _code()


def _key_name(help_text: str = "", *, required: bool = True) -> forms.CharField:
    return forms.CharField(
        required=required, max_length=60, label="Name", help_text=help_text, validators=[validate_one_line]
    )


class NewPasskey(AddWebAuthnForm):  # type: ignore[misc]  # allauth ships no types
    name = _key_name("To tell it from others: the device, or where it lies.", required=False)
    passwordless = forms.BooleanField(
        required=False,
        initial=True,
        label="It may sign me in alone, without my password",
        help_text="It then asks for a fingerprint, a face or a PIN each time. Without this it is a second step only.",
    )
    field_order = ("name", "passwordless", "credential")


class PasskeyName(EditWebAuthnForm):  # type: ignore[misc]  # allauth ships no types
    name = _key_name()
