from django import forms

from vallum_web.accounts.abuse.models import AbuseCase
from vallum_web.tenancy.texts import validate_one_line


class CloseForm(forms.Form):
    verdict = forms.ChoiceField(choices=AbuseCase.Verdict)
    note = forms.CharField(max_length=200, required=False, validators=[validate_one_line])


class WatchingForm(forms.Form):
    suspend_tokens = forms.BooleanField(
        required=False,
        label="Suspend the token at once",
        help_text="It works again when somebody says here that it was you. Otherwise owners are told, and nothing is stopped.",
    )
