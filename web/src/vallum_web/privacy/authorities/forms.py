"""What operators write down of a request, and about it."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from vallum_web.accounts import queries as people
from vallum_web.privacy.authorities import queries, scopes
from vallum_web.privacy.authorities.models import LegalRequest
from vallum_web.tenancy.scope import looking_back
from vallum_web.tenancy.texts import validate_one_line

MOST = 4_000


def _moment() -> forms.DateTimeInput:
    return forms.DateTimeInput(format="%Y-%m-%dT%H:%M", attrs={"type": "datetime-local"})


class ReceiveForm(forms.Form):
    ref = forms.CharField(label="Its reference", max_length=60, validators=[validate_one_line])
    authority = forms.CharField(label="Authority", max_length=120, validators=[validate_one_line])
    kind = forms.ChoiceField(label="What it asks", choices=LegalRequest.Kind)
    basis = forms.CharField(label="The law that it names", max_length=200, validators=[validate_one_line])
    received_at = forms.DateTimeField(label="Received (UTC)", widget=_moment())
    whose = forms.ChoiceField(label="About", choices=LegalRequest.Whose)
    about = forms.CharField(
        label="Whom",
        max_length=254,
        validators=[validate_one_line],
        help_text="The address of an account, or an organization's part of addresses.",
    )
    tables = forms.MultipleChoiceField(
        label="Scope", required=False, help_text="Nothing else is written for it. Nothing, where data is kept only."
    )
    since = forms.DateTimeField(label="What came about from (UTC)", required=False, widget=_moment())
    until = forms.DateTimeField(
        label="Until (UTC)",
        required=False,
        widget=_moment(),
        help_text="Where data is kept only: until when.",
    )
    gag = forms.BooleanField(label="Those whom it is about may not be told", required=False)
    gag_until = forms.DateTimeField(
        label="Until when not (UTC)",
        required=False,
        widget=_moment(),
        help_text="Empty: it names no end, and is looked at every 90 days.",
    )
    text = forms.CharField(label="What it says", max_length=MOST, widget=forms.Textarea(attrs={"rows": 4}))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["tables"].choices = scopes.choices()  # type: ignore[attr-defined]  # a ChoiceField
        self.fields["tables"].widget.attrs["size"] = 8

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        about = said.get("about", "")
        of_org = said.get("whose") == LegalRequest.Whose.ORG
        with looking_back():  # who is leaving can be asked about too
            found = people.org_at(about.strip("/")) if of_org else people.with_email(about)
        if about and found is None:
            raise ValidationError(f"There is {'no organization' if of_org else 'nobody'} of this address.")
        return {**said, "subject": found.pk if found else None}


class StepForm(forms.Form):
    VERBS = (
        ("review", "It is valid: by what that was found"),
        ("agree", "Agree to it"),
        ("carry_out", "Carry it out"),
        ("refuse", "Refuse it: why"),
        ("end_hold", "Keep it no longer"),
    )
    verb = forms.ChoiceField(label="What")
    words = forms.CharField(label="In words", max_length=MOST, widget=forms.Textarea(attrs={"rows": 3}))

    def __init__(self, *args: Any, row: LegalRequest, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        able = queries.verbs(row)
        self.fields["verb"].choices = [verb for verb in self.VERBS if verb[0] in able]  # type: ignore[attr-defined]  # a ChoiceField


class GagForm(forms.Form):
    gag = forms.BooleanField(label="Those whom it is about may not be told", required=False)
    gag_until = forms.DateTimeField(label="Until (UTC)", required=False, widget=_moment(), help_text="Empty: no end.")
    words = forms.CharField(label="In words", max_length=MOST, widget=forms.Textarea(attrs={"rows": 2}))
