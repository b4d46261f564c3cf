from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from vallum_engine.model.text import size
from vallum_engine.parsers.catalogue import all_formats
from vallum_web.ingest.services import UPLOAD_BYTES
from vallum_web.tenancy.texts import validate_one_line

BY_CONTENT = ("", "Recognise it by its content")


def formats() -> list[tuple[str, str]]:
    """Each format that is read, by its title."""
    known = ((id_, f"{found.title} ({id_})") for id_, found in all_formats().items())
    return [BY_CONTENT, *sorted(known, key=lambda choice: choice[1].lower())]


class ReadingForm(forms.Form):
    format = forms.ChoiceField(choices=formats, required=False, label="Format")


class ImportForm(ReadingForm):
    asset = forms.CharField(
        max_length=200,
        label="Asset",
        help_text="What the report is about: one that is known, or the name of a new one.",
        widget=forms.TextInput(attrs={"list": "known-assets", "autocomplete": "off"}),
        validators=[validate_one_line],
    )
    report = forms.FileField(
        label="Report",
        max_length=200,
        help_text=f"As the tool wrote it; at most {size(UPLOAD_BYTES)}. It is opened only inside the sandbox that scans run in.",
    )
    whole = forms.BooleanField(
        required=False,
        initial=True,
        label="This is all that the tool has to say about the asset",
        help_text="What it listed before and no longer lists has ended. Without this, its silence ends nothing.",
    )
    field_order = ("asset", "report", "format", "whole")

    def __init__(self, *args: Any, too_large: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._too_large = too_large
        self.fields["report"].required = not too_large

    def clean_report(self) -> Any:
        if self._too_large:
            raise ValidationError(f"The report is larger than {size(UPLOAD_BYTES)}, so it was not kept. Split it.")
        return self.cleaned_data["report"]
