from datetime import UTC, datetime, time
from typing import Any

from django import forms

from vallum_web.accounts.suspensions.models import Suspension
from vallum_web.accounts.suspensions.rules import Clause
from vallum_web.tenancy import clock
from vallum_web.tenancy.texts import validate_one_line


def _reason(label: str, help_text: str) -> forms.CharField:
    return forms.CharField(
        label=label,
        min_length=10,
        max_length=1000,
        help_text=help_text,
        validators=[validate_one_line],
    )


class SuspendForm(forms.Form):
    whose = forms.ChoiceField(label="Whom", choices=Suspension.Whose.choices)
    name = forms.CharField(
        label="Which one",
        max_length=254,
        help_text="The e-mail address of a person, or the organization's part of addresses.",
        validators=[validate_one_line],
    )
    clause = forms.ChoiceField(label="Rule that was broken", choices=Clause.choices)
    reason = _reason("Reason", "They read it, word for word, and so does whoever decides about an appeal.")
    until = forms.DateField(
        label="Until",
        required=False,
        help_text="YYYY-MM-DD, its end. Nothing: until it is lifted.",
        input_formats=["%Y-%m-%d"],
    )
    urgent = forms.BooleanField(
        label="At once: others are being harmed. Without it they are told three days before.", required=False
    )

    def clean_until(self) -> datetime | None:
        day = self.cleaned_data["until"]
        if day is None:
            return None
        end = datetime.combine(day, time(), UTC)
        if end <= clock.now():
            raise forms.ValidationError("That day has begun already.")
        return end


class DecideForm(forms.Form):
    outcome = forms.ChoiceField(
        label="Decision", choices=[("kept", "The suspension stays"), ("lifted", "The suspension is lifted")]
    )
    words = _reason("Reason", "It is mailed to everybody whom it concerns.")

    def decided(self) -> dict[str, Any]:
        return {"lifted": self.cleaned_data["outcome"] == "lifted", "words": self.cleaned_data["words"]}


class LiftForm(forms.Form):
    reason = _reason("Why it is lifted", "It is mailed to everybody whom it concerns.")
