"""The editor of a gate: every condition of a policy as a field, and back."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from vallum_engine.gate import policy as policies
from vallum_engine.gate.policy import MOST_COUNT, MOST_DAYS, BadPolicy, Since, WhenUnsure
from vallum_engine.model.finding import Confidence, Kind, Severity
from vallum_web.assets.worth import Importance
from vallum_web.gates import reach
from vallum_web.gates.models import Gate
from vallum_web.gates.reach import Over
from vallum_web.gates.services import Wanted
from vallum_web.tenancy.texts import validate_one_line

Choices = Sequence[tuple[str, str]]
_DIRECT = (
    "max_severity",
    "no_secret",
    "no_exploited",
    "max_count",
    "kinds",
    "min_confidence",
    "min_risk",
    "fixable_only",
    "min_days",
    "count_suppressed",
    "max_age_days",
    "when_unsure",
)
"""Fields that are a condition of the same name."""


class GateForm(forms.Form):
    name = forms.CharField(max_length=80, label="Name", validators=[validate_one_line])

    max_severity = forms.ChoiceField(
        required=False,
        label="The worst severity allowed",
        choices=[("", "Any"), *((s.value, s.value.capitalize()) for s in Severity if s is not Severity.CRITICAL)],
        help_text="High: no critical finding may count.",
    )
    no_secret = forms.BooleanField(required=False, label="No secret")
    no_exploited = forms.BooleanField(required=False, label="No vulnerability known to be exploited (KEV)")
    max_count = forms.IntegerField(
        required=False,
        min_value=0,
        max_value=MOST_COUNT,
        label="How many findings may count",
        help_text="0: none at all.",
    )

    kinds = forms.MultipleChoiceField(
        required=False,
        label="Only these kinds",
        choices=[(kind.value, kind.value.capitalize()) for kind in Kind],
        widget=forms.CheckboxSelectMultiple,
        help_text="None chosen: all of them.",
    )
    min_confidence = forms.ChoiceField(
        label="At least this confidence",
        choices=[(c.value, c.value.capitalize()) for c in reversed(Confidence)],
        initial=Confidence.LOW.value,
    )
    min_risk = forms.IntegerField(required=False, min_value=0, max_value=100, label="At least this risk")
    fixable_only = forms.BooleanField(required=False, label="Only vulnerabilities that a known version ends")
    since = forms.ChoiceField(
        required=False,
        label="Compared with",
        choices=[
            ("", "Nothing: whatever is there counts"),
            (Since.PREVIOUS.value, "The last complete scan before: only what is new counts"),
            (Since.DATE.value, "A day: only what was not there then counts"),
            (Since.SCAN.value, "A scan: only what was not there then counts"),
        ],
    )
    since_day = forms.DateField(required=False, label="That day", widget=forms.DateInput(attrs={"type": "date"}))
    since_scan = forms.UUIDField(required=False, label="That scan's id", help_text="The last part of its address.")
    min_days = forms.IntegerField(
        required=False,
        min_value=0,
        max_value=MOST_DAYS,
        label="Open for at least so many days",
        help_text="A time of grace.",
    )
    count_suppressed = forms.BooleanField(required=False, label="Suppressed findings count too")

    max_age_days = forms.IntegerField(
        required=False,
        min_value=0,
        max_value=MOST_DAYS,
        initial=7,
        label="Days after which a scan is too old",
        help_text="Empty: never.",
    )
    when_unsure = forms.ChoiceField(
        label="Where it cannot say",
        choices=[(WhenUnsure.CANNOT_SAY.value, "It says so"), (WhenUnsure.FAIL.value, "It fails")],
        help_text="A scan that failed, has gaps or is too old proves nothing.",
    )

    over = forms.ChoiceField(
        label="Holds for",
        choices=[
            (Over.ALL.value, "All assets"),
            (Over.ASSETS.value, "Assets chosen below"),
            (Over.TEAM.value, "The assets of a team"),
            (Over.IMPORTANCE.value, "Assets of some importance, and above"),
        ],
    )
    assets = forms.MultipleChoiceField(required=False, label="Assets")
    team = forms.ChoiceField(required=False, label="Team")
    importance = forms.ChoiceField(
        required=False,
        label="Importance",
        choices=[("", "Choose one"), *((rank.word, rank.word.capitalize()) for rank in Importance)],
    )

    def __init__(self, *args: Any, assets: Choices, teams: Choices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, choices in (("assets", assets), ("team", [("", "Choose one"), *teams])):
            field = self.fields[name]
            if isinstance(field, forms.ChoiceField):
                field.choices = choices

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = self.cleaned_data
        if not self.errors:
            try:
                values["wanted"] = Wanted(
                    name=values["name"], policy=policies.parse(_policy(values)), scope=reach.parse(_scope(values))
                )
            except BadPolicy as error:
                raise ValidationError(str(error)) from error
        return values

    def clean_name(self) -> str:
        return str(self.cleaned_data["name"]).strip()

    @property
    def wanted(self) -> Wanted:
        """Of a form that is valid."""
        found: Wanted = self.cleaned_data["wanted"]
        return found


class TryForm(forms.Form):
    """An asset to try a gate on."""

    asset = forms.UUIDField()


def initial(gate: Gate) -> dict[str, Any]:
    """What the editor shows of a gate."""
    since = gate.policy["new_since"] or {}
    point = since.get("value", "")
    return {
        "name": gate.name,
        **{name: gate.policy[name] for name in _DIRECT},
        "since": since.get("since", ""),
        "since_day": point if since.get("since") == Since.DATE else None,
        "since_scan": point if since.get("since") == Since.SCAN else None,
        "over": gate.scope["over"],
        **{name: gate.scope.get(name) for name in ("assets", "team", "importance")},
    }


def _policy(values: dict[str, Any]) -> dict[str, Any]:
    given = {name: values[name] for name in _DIRECT if values[name] not in ("", None) or name == "max_age_days"}
    data: dict[str, Any] = {"version": policies.VERSION, **given}
    since, day, scan = values["since"], values["since_day"], values["since_scan"]
    point = {Since.DATE.value: day.isoformat() if day else "", Since.SCAN.value: str(scan or "")}
    return data | ({"new_since": {"since": since, "value": point.get(since, "")}} if since else {})


def _scope(values: dict[str, Any]) -> dict[str, Any]:
    over = values["over"]
    return {"over": over, **({} if over == Over.ALL else {over: values[over]})}
