from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from vallum_engine.sources.archive import ENDINGS
from vallum_guard.errors import BadUrl
from vallum_web.repositories.uploads import ARCHIVE_BYTES
from vallum_web.repositories.userinfo import DEFAULT_USER, apart, credential
from vallum_web.tenancy.texts import validate_one_line


class CredentialForm(forms.Form):
    """What opens a private repository. A token once sent is never put into a page again."""

    token = forms.CharField(
        max_length=4000,
        label="Token",
        help_text="One that may read this repository and nothing else. It is sealed, given to git alone, and never shown again.",
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
    )
    user = forms.CharField(
        max_length=100,
        required=False,
        label="User name for the token",
        help_text=f"Left empty: {DEFAULT_USER}, which code hosts take.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = self.cleaned_data
        try:
            values["credential"] = credential(values.pop("user", ""), values.pop("token", ""))
        except BadUrl as error:
            self.add_error("token", str(error))
        return values


class UrlForm(CredentialForm):
    url = forms.CharField(
        max_length=500,
        label="Address",
        help_text="The https address it is cloned from.",
        widget=forms.TextInput(attrs={"placeholder": "https://code.example/team/shop.git", "inputmode": "url"}),
    )
    branch = forms.CharField(max_length=200, required=False, label="Branch", help_text="Left empty: the default one.")
    name = forms.CharField(
        max_length=200,
        required=False,
        label="Name",
        help_text="Left empty, it is taken from the address.",
        validators=[validate_one_line],
    )
    field_order = ("url", "branch", "name", "token", "user")

    def __init__(self, data: Mapping[str, Any] | None = None) -> None:
        super().__init__(None if data is None else _without_userinfo(data))
        self.fields["token"].required = False
        self.fields["token"].label = "Token, for a private repository"


def _without_userinfo(data: Mapping[str, Any]) -> dict[str, Any]:
    """A credential in the address goes to its own fields at once, so that no page repeats it and nothing stores it."""
    values = {name: data.get(name, "") for name in UrlForm.field_order}
    url, user, token = apart(values["url"])
    return {**values, "url": url, "user": values["user"] or user, "token": values["token"] or token}


class NewerArchiveForm(forms.Form):
    archive = forms.FileField(
        label="Archive",
        max_length=200,
        help_text=f"{', '.join(ENDINGS)}; at most {ARCHIVE_BYTES >> 20} MiB. It is unpacked only inside the scanner's sandbox.",
        widget=forms.FileInput(attrs={"accept": ",".join(ENDINGS)}),
    )

    def __init__(self, *args: Any, too_large: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._too_large = too_large
        if too_large:
            self.fields["archive"].required = False

    def clean_archive(self) -> Any:
        if self._too_large:
            raise ValidationError(
                f"The archive is larger than {ARCHIVE_BYTES >> 20} MiB, so it was not kept. Leave out what is not code, or "
                "run `vallum scan --upload` where the code is."
            )
        archive = self.cleaned_data["archive"]
        if not archive.name.lower().endswith(ENDINGS):
            raise ValidationError(f"This is no archive we can read: send one of {', '.join(ENDINGS)}.")
        return archive


class ArchiveForm(NewerArchiveForm):
    name = forms.CharField(max_length=200, label="Name", validators=[validate_one_line])
    field_order = ("name", "archive")
