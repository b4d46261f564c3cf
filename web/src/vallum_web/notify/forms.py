"""The editor of a webhook."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django import forms

from vallum_engine.model.finding import Kind
from vallum_web.assets.worth import Importance
from vallum_web.findings.models import Finding
from vallum_web.notify.models import Occasion, Webhook
from vallum_web.notify.services import Wanted
from vallum_web.tenancy.texts import validate_one_line

LONGEST_URL = 2048


class WebhookForm(forms.Form):
    name = forms.CharField(max_length=80, label="Name", validators=[validate_one_line])
    shape = forms.ChoiceField(
        label="What is there",
        choices=Webhook.Shape.choices,
        help_text="Slack and Teams get messages for people, to the address that their incoming webhook has.",
    )
    url = forms.CharField(
        max_length=LONGEST_URL,
        label="Address",
        help_text="Where it is called, such as https://hooks.example.com/vallum. It is sealed, and shown to nobody again.",
        widget=forms.TextInput(attrs={"inputmode": "url", "autocomplete": "off", "spellcheck": "false"}),
    )
    occasions = forms.MultipleChoiceField(label="When", choices=Occasion.choices, widget=forms.CheckboxSelectMultiple)
    severity = forms.TypedChoiceField(
        label="Findings of at least this severity",
        choices=[(str(s.value), s.label.capitalize()) for s in sorted(Finding.Severity, reverse=True)],
        coerce=int,
        initial="0",
    )
    kinds = forms.MultipleChoiceField(
        required=False,
        label="Only these kinds",
        choices=[(kind.value, kind.value.capitalize()) for kind in Kind],
        widget=forms.CheckboxSelectMultiple,
        help_text="None chosen: all of them.",
    )
    team = forms.TypedChoiceField(required=False, label="Only the assets of this team", coerce=UUID, empty_value=None)
    importance = forms.TypedChoiceField(
        required=False,
        label="Only assets of at least this importance",
        choices=[("", "Any"), *((str(rank.value), rank.word.capitalize()) for rank in Importance)],
        coerce=int,
        empty_value=None,
    )

    def __init__(self, *args: Any, teams: Sequence[tuple[str, str]], known: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        team = self.fields["team"]
        if isinstance(team, forms.ChoiceField):
            team.choices = [("", "Any"), *teams]
        if known:
            self.fields["url"].required = False
            self.fields["url"].help_text = "Left empty it stays as it is. It is sealed, and shown to nobody."

    @property
    def wanted(self) -> Wanted:
        """Of a form that is valid."""
        values = self.cleaned_data
        return Wanted(
            name=values["name"].strip(),
            url=values["url"].strip() or None,
            occasions=tuple(values["occasions"]),
            severity=values["severity"],
            kinds=tuple(values["kinds"]),
            team=values["team"],
            importance=values["importance"],
            shape=values["shape"],
        )


def initial(row: Webhook) -> dict[str, Any]:
    """What the editor shows of a webhook; never its address."""
    return {
        "name": row.name,
        "shape": row.shape,
        "occasions": row.occasions,
        "severity": str(row.severity),
        "kinds": row.kinds,
        "team": str(row.team or ""),
        "importance": "" if row.importance is None else str(row.importance),
    }
