"""The editor of a webhook."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django import forms
from django.core.validators import RegexValidator

from vallum_engine.model.finding import Kind
from vallum_web.assets.worth import Importance
from vallum_web.findings.models import Finding
from vallum_web.notify.models import Occasion, Rule, Webhook
from vallum_web.notify.services import Wanted
from vallum_web.tenancy.texts import validate_one_line

LONGEST_URL = 2048


class NarrowForm(forms.Form):
    """What is told of: of a webhook and of a rule."""

    name = forms.CharField(max_length=80, label="Name", validators=[validate_one_line])
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

    def __init__(self, *args: Any, teams: Sequence[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        put(self, "team", [("", "Any"), *teams])

    @property
    def narrowed(self) -> dict[str, Any]:
        """Of a form that is valid."""
        values = self.cleaned_data
        return {
            "name": values["name"].strip(),
            "occasions": tuple(values["occasions"]),
            "severity": values["severity"],
            "kinds": tuple(values["kinds"]),
            "team": values["team"],
            "importance": values["importance"],
        }


def put(form: forms.Form, name: str, choices: Sequence[tuple[str, str]]) -> None:
    field = form.fields[name]
    if isinstance(field, forms.ChoiceField):
        field.choices = choices


class WebhookForm(NarrowForm):
    shape = forms.ChoiceField(
        label="What is there",
        choices=Webhook.Shape.choices,
        help_text="Slack and Teams get messages for people, to the address that their incoming webhook has.",
    )
    url = forms.CharField(
        max_length=LONGEST_URL,
        label="Address",
        help_text="Where it is called, such as https://hooks.example.com/vallum, or host:port. It is sealed, and shown to nobody again.",
        widget=forms.TextInput(attrs={"inputmode": "url", "autocomplete": "off", "spellcheck": "false"}),
    )

    authorization = forms.CharField(
        required=False,
        max_length=1000,
        label="Authorization",
        validators=[RegexValidator(r"^[!-~]+( [!-~]+)*$", "Write it in plain letters, as it stands in the header.")],
        help_text="Of a SIEM collector: the header, such as Splunk and a token. Left empty it stays, unless the address changes.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )

    def __init__(self, *args: Any, teams: Sequence[tuple[str, str]], known: bool, **kwargs: Any) -> None:
        super().__init__(*args, teams=teams, **kwargs)
        self.fields["occasions"].required = False
        self.fields["occasions"].help_text = "None chosen: it is told by notification rules alone."
        if known:
            self.fields["url"].required = False
            self.fields["url"].help_text = "Left empty it stays as it is. It is sealed, and shown to nobody."

    @property
    def wanted(self) -> Wanted:
        """Of a form that is valid."""
        values = self.cleaned_data
        return Wanted(
            **self.narrowed,
            url=values["url"].strip() or None,
            shape=values["shape"],
            authorization=values["authorization"] or None,
        )


def initial(row: Webhook) -> dict[str, Any]:
    """What the editor shows of a webhook; never its address."""
    return {"shape": row.shape, **narrowing(row)}


def narrowing(row: Webhook | Rule) -> dict[str, Any]:
    return {
        "name": row.name,
        "occasions": row.occasions,
        "severity": str(row.severity),
        "kinds": row.kinds,
        "team": str(row.team or ""),
        "importance": "" if row.importance is None else str(row.importance),
    }
