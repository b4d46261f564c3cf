"""What people fill in who ask something about data on them, and what operators answer."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from vallum_web.privacy.requests.models import Request
from vallum_web.privacy.requests.services import Wanted
from vallum_web.tenancy.texts import validate_one_line

MOST_TEXT = 4_000


class AskForm(forms.Form):
    kind = forms.ChoiceField(label="What do you ask?", choices=Request.Kind.choices)
    text = forms.CharField(
        label="In your own words",
        max_length=MOST_TEXT,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text="Which data, and where you met it. Send no passwords and no copies of identity cards.",
    )
    for_whom = forms.CharField(
        label="For somebody else?",
        required=False,
        max_length=500,
        validators=[validate_one_line],
        help_text="If you ask as somebody's lawyer, parent or agent: their name, and how we know them.",
    )
    mandate = forms.CharField(
        label="What lets you ask for them",
        required=False,
        max_length=500,
        validators=[validate_one_line],
        help_text="A power of attorney and its reference, being a parent, a court's order. You will be asked to show it.",
    )

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        if said.get("for_whom") and not said.get("mandate"):
            self.add_error("mandate", "Say what lets you ask for somebody else, with its reference.")
        if said.get("mandate") and not said.get("for_whom"):
            self.add_error("for_whom", "Say for whom you ask.")
        return said

    def wanted(self) -> Wanted:
        said = self.cleaned_data
        return Wanted(
            kind=said["kind"],
            text=said["text"],
            name=said.get("name", ""),
            email=said.get("email", ""),
            for_whom=said["for_whom"],
            mandate=said["mandate"],
        )


class IntakeForm(AskForm):
    name = forms.CharField(label="Your name", max_length=80, required=False, validators=[validate_one_line])
    email = forms.EmailField(label="Your e-mail address", max_length=254)
    field_order = ("kind", "text", "name", "email", "for_whom", "mandate")


class UnrestrictForm(forms.Form):
    reason = forms.CharField(
        label="Why data on them is used again",
        min_length=10,
        max_length=MOST_TEXT,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="They are told before it is: by mail, in these words.",
    )


class WorkForm(forms.Form):
    """One thing that an operator does about a request."""

    VERBS = (
        ("identify", "Settle who asks, and an agent's mandate: how it was checked"),
        ("extend", "Take two months more: why"),
        ("answer", "Answer: what was done"),
        ("refuse", "Refuse: why"),
    )
    verb = forms.ChoiceField(label="What", choices=VERBS)
    words = forms.CharField(
        label="In words that whoever asked reads",
        max_length=MOST_TEXT,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
    )

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        if not said.get("words", "").strip():
            raise ValidationError("Every step has its words: they are the proof of it, and the person reads them.")
        return said
