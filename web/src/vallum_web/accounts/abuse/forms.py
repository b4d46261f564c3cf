from django import forms

from vallum_web.accounts.abuse.models import AbuseCase
from vallum_web.tenancy.texts import validate_one_line


class CloseForm(forms.Form):
    verdict = forms.ChoiceField(choices=AbuseCase.Verdict)
    note = forms.CharField(max_length=200, required=False, validators=[validate_one_line])


class WatchingForm(forms.Form):
    hold_exports = forms.BooleanField(
        required=False,
        label="Hold an unusual export for an hour",
        help_text="It can be stopped here meanwhile, or let go. Otherwise owners are told, and it is written at once.",
    )
    suspend_tokens = forms.BooleanField(
        required=False,
        label="Suspend an unusual token at once",
        help_text="It works again when somebody says here that it was you. Otherwise owners are told, and nothing is stopped.",
    )
