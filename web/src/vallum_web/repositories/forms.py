from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from vallum_engine.sources.archive import ENDINGS
from vallum_web.repositories.uploads import ARCHIVE_BYTES
from vallum_web.tenancy.texts import validate_one_line


class UrlForm(forms.Form):
    url = forms.CharField(
        max_length=500,
        label="Address",
        help_text="An https address that can be cloned without a password.",
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
