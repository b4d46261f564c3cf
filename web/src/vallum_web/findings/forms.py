from datetime import date

from django import forms
from django.core.exceptions import ValidationError

from vallum_web.findings.models import Decision
from vallum_web.tenancy import clock


class SuppressForm(forms.Form):
    reason = forms.ChoiceField(choices=Decision.Reason.choices, label="Reason")
    note = forms.CharField(
        max_length=2000,
        required=False,
        label="Note",
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="For whoever asks why in a year.",
    )
    until = forms.DateField(
        required=False,
        label="Until",
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text="The finding counts again after this day. Empty: for good.",
    )

    def clean_until(self) -> date | None:
        until: date | None = self.cleaned_data["until"]
        if until and until < clock.now().date():
            raise ValidationError("This day has passed: choose a later one.")
        return until
