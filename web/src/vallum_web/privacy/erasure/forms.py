from typing import Any

from django import forms

from vallum_web.accounts.passwords.forms import Bounded


class SureForm(forms.Form):
    sure = forms.BooleanField(label="I know that nobody can bring it back after thirty days, the operators neither")


class SureOfOrgForm(SureForm):
    slug = forms.CharField(
        label="The organization's part of addresses", max_length=40, help_text="To be sure which one is meant."
    )
    field_order = ("slug", "sure")

    def __init__(self, *args: Any, slug: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._slug = slug

    def clean_slug(self) -> str:
        if self.cleaned_data["slug"].strip("/ ") != self._slug:
            raise forms.ValidationError(f"It is {self._slug}.")
        return self._slug


class SoonerForm(forms.Form):
    sure = forms.BooleanField(label="I know that nobody can bring it back after these 24 hours, the operators neither")


class EntranceForm(Bounded, forms.Form):
    """Who comes without the mailed link says whose account it is, and proves that it is theirs."""

    email = forms.EmailField(label="E-mail address", max_length=254)
    password = forms.CharField(
        label="Password", strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "current-password"})
    )
    code = forms.CharField(
        label="Code",
        max_length=40,
        required=False,
        help_text="If the account has two-step sign-in: the six digits that your app shows, or a recovery code.",
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric"}),
    )


class ProofForm(Bounded, forms.Form):
    """What somebody proves who has no session, and whose account nobody else can find."""

    password = forms.CharField(
        label="Password", strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "current-password"})
    )
    code = forms.CharField(
        label="Code",
        max_length=40,
        help_text="The six digits that your app shows, or one of your recovery codes.",
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric"}),
    )

    def __init__(self, *args: Any, password: bool, code: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, asked in (("password", password), ("code", code)):
            if not asked:
                del self.fields[name]
