import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from vallum_web.accounts.models import IdentityProvider
from vallum_web.accounts.sso import shape
from vallum_web.accounts.sso.domains import refused
from vallum_web.accounts.sso.oidc import issuer_of
from vallum_web.tenancy.texts import validate_one_line

# RFC 6749, appendix A: what a client's id and secret are made of.
_VISIBLE = re.compile(r"[ -~]+")


class FindForm(forms.Form):
    who = forms.CharField(
        max_length=254,
        label="Work email, or your organization's address here",
        help_text="Such as ada@example.com, or example.",
        widget=forms.TextInput(attrs={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"}),
    )


class ProviderForm(forms.Form):
    name = forms.CharField(
        max_length=60, label="Name", help_text="What your people call it.", validators=[validate_one_line]
    )
    role = forms.ChoiceField(
        choices=IdentityProvider.NEWCOMERS,
        label="Newcomers become",
        help_text="Whoever runs the provider decides who comes; so they get no more than this until you say so.",
    )

    def __init__(self, *args: Any, known: bool = False, **kwargs: Any) -> None:
        """`known`: what is left out stays as it is."""
        super().__init__(*args, **kwargs)
        self.known = known


class OidcForm(ProviderForm):
    issuer = forms.CharField(
        max_length=500,
        label="Issuer",
        help_text="Or the address of its discovery document. Such as https://login.example.com",
        widget=forms.URLInput(attrs={"placeholder": "https://"}),
    )
    client_id = forms.CharField(max_length=255, label="Client ID")
    secret = forms.CharField(
        max_length=1000,
        required=False,
        label="Client secret",
        help_text="Kept sealed, and never shown again. Left empty when you change something else, it stays as it is.",
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
    )
    field_order = ("name", "issuer", "client_id", "secret", "role")

    def __init__(self, *args: Any, known: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, known=known, **kwargs)
        # What a subject means is its issuer's word: with another one, the people it knows would become others.
        self.fields["issuer"].disabled = known
        if known:
            self.fields[
                "issuer"
            ].help_text = "To change it, add another provider, test it, and switch over to that one."

    def clean_issuer(self) -> str:
        issuer = issuer_of(str(self.cleaned_data["issuer"]))
        if not issuer.startswith("https://") or not _VISIBLE.fullmatch(issuer) or "?" in issuer or "#" in issuer:
            raise ValidationError("Enter an address that begins with https:// and has neither ? nor #.")
        return issuer

    def clean_client_id(self) -> str:
        return _printed(self.cleaned_data["client_id"])

    def clean_secret(self) -> str:
        return _printed(self.cleaned_data["secret"])


class SamlForm(ProviderForm):
    metadata = forms.FileField(required=False, label="Metadata file", help_text="XML, from your identity provider.")
    metadata_url = forms.CharField(
        max_length=500,
        required=False,
        label="Or its address",
        help_text="It is fetched once, now.",
        widget=forms.URLInput(attrs={"placeholder": "https://"}),
    )
    field_order = ("name", "metadata", "metadata_url", "role")

    def clean_metadata(self) -> bytes:
        file = self.cleaned_data.get("metadata")
        if not file:
            return b""
        if file.size > shape.LARGEST:
            raise ValidationError(f"At most {shape.LARGEST // 1024} KiB: save only your provider's own part.")
        return bytes(file.read())

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        given = bool(values.get("metadata")) + bool(values.get("metadata_url"))
        if given > 1 or (given < 1 and not self.known):
            raise ValidationError("Give the metadata as a file, or its address: one of the two.")
        return values


class DomainForm(forms.Form):
    name = forms.CharField(
        max_length=253, label="Domain", help_text="What stands after the @ in your people's addresses."
    )

    def clean_name(self) -> str:
        name = str(self.cleaned_data["name"]).strip().lower().removeprefix("@").rstrip(".")
        if reason := refused(name):
            raise ValidationError(reason)
        return name


def _printed(value: object) -> str:
    text = str(value or "").strip()
    if text and not _VISIBLE.fullmatch(text):
        raise ValidationError("Only letters, digits and signs of ASCII.")
    return text
