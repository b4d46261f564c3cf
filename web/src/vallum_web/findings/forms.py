from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError

from vallum_engine.model.finding import Kind
from vallum_web.assets.worth import Exposure, Importance
from vallum_web.findings import due, prose
from vallum_web.findings.models import Decision, Finding
from vallum_web.findings.pattern import LONGEST, Pattern, PatternError
from vallum_web.tenancy import clock
from vallum_web.tenancy.texts import validate_one_line


class AssignForm(forms.Form):
    """Who ends it; people and teams are the organization's."""

    assignee = forms.ChoiceField(required=False, label="Person")
    team = forms.ChoiceField(required=False, label="Team")

    def __init__(self, *args: Any, people: Mapping[UUID, str], teams: Mapping[UUID, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, known in (("assignee", people), ("team", teams)):
            field = self.fields[name]
            if isinstance(field, forms.ChoiceField):
                field.choices = [("", "Nobody"), *((str(key), label) for key, label in known.items())]

    def clean_assignee(self) -> UUID | None:
        return _key(self.cleaned_data["assignee"])

    def clean_team(self) -> UUID | None:
        return _key(self.cleaned_data["team"])


def _key(text: str) -> UUID | None:
    return UUID(text) if text else None


class ProseField(forms.CharField):
    """A long text; a browser sends two characters for the end of a line, and counts one."""

    def to_python(self, value: Any) -> str:
        return str(super().to_python(value)).replace("\r\n", "\n")


class CommentForm(forms.Form):
    text = ProseField(
        max_length=prose.LONGEST,
        label="Comment",
        widget=forms.Textarea(attrs={"rows": 3, "data-key": "c"}),
        help_text="Markdown: **bold**, `code`, lists, links to web pages.",
    )


class EditForm(forms.Form):
    text = ProseField(max_length=prose.LONGEST, label="Comment", widget=forms.Textarea(attrs={"rows": 4}))


class ViewForm(forms.Form):
    name = forms.CharField(max_length=60, label="Name", validators=[validate_one_line])


class SuppressForm(forms.Form):
    reason = forms.ChoiceField(choices=Decision.Reason.choices, label="Reason")
    justification = forms.ChoiceField(
        choices=[("", "Not said"), *Decision.Justification.choices],
        required=False,
        label="For VEX documents",
        help_text="Why the vulnerability does not hurt here, in the words that other tools read.",
    )
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


class RuleForm(SuppressForm):
    """What a suppression rule hides, and why; assets are the organization's."""

    kind = forms.ChoiceField(
        choices=[("", "Any"), *((kind.value, kind.value.capitalize()) for kind in Kind)], required=False, label="Kind"
    )
    rule = forms.CharField(
        max_length=LONGEST["rule"],
        required=False,
        label="Rule",
        help_text="Its id, exactly, or with * for any text: aws-s3-*",
    )
    path = forms.CharField(
        max_length=LONGEST["path"],
        required=False,
        label="Path",
        help_text="From the top of the asset; * stays within a folder, ** goes through all: tests/** or **/*.md. "
        "Every place of a finding has to fit.",
    )
    package = forms.CharField(
        max_length=LONGEST["package"],
        required=False,
        label="Package",
        help_text="Its name, without a version: lodash or @angular/*",
    )
    cve = forms.CharField(max_length=30, required=False, label="CVE")
    asset = forms.ChoiceField(required=False, label="Asset")
    severity = forms.TypedChoiceField(
        coerce=int,
        choices=[(severity.value, severity.label.capitalize()) for severity in Finding.Severity],
        initial=Finding.Severity.HIGH.value,
        label="Severity at most",
        help_text="What is critical is hidden only where that is chosen.",
    )
    exploited = forms.BooleanField(
        required=False,
        label="Also what is known to be exploited",
        help_text="Left out: what comes into the catalogue of exploited vulnerabilities counts again.",
    )

    def __init__(self, *args: Any, assets: Mapping[UUID, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["asset"]
        if isinstance(field, forms.ChoiceField):
            field.choices = [("", "All assets"), *((str(key), name) for key, name in assets.items())]
        self.fields["until"].help_text = "The rule ends after this day, and what it hid counts again. Empty: for good."

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not self.errors:
            names = ("kind", "rule", "path", "package", "cve", "severity", "exploited")
            try:
                data["pattern"] = Pattern.read(asset=_key(data["asset"]), **{name: data[name] for name in names})
            except PatternError as error:
                raise ValidationError(str(error)) from error
        return data

    @property
    def why(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in ("reason", "justification", "note", "until")}


class WorthForm(forms.Form):
    """How much an asset matters and who can reach it, to be tried."""

    importance = forms.ChoiceField(choices=[(rank.word, rank.word) for rank in Importance], label="Importance")
    exposure = forms.ChoiceField(choices=[(rank.word, rank.word) for rank in Exposure], label="Exposure")


class DueForm(forms.Form):
    """A number of days for each severity and importance; empty means no date."""

    def __init__(self, *args: Any, rules: due.Table, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for (severity, importance), days in sorted(rules.items()):
            label = f"{Finding.Severity(severity).label}, {Importance(importance).word} importance"
            self.fields[self.name(severity, importance)] = forms.IntegerField(
                min_value=1,
                max_value=due.MOST_DAYS,
                required=False,
                initial=days,
                label=label,
                widget=forms.NumberInput(attrs={"aria-label": label}),
            )

    @staticmethod
    def name(severity: int, importance: int) -> str:
        return f"days-{severity}-{importance}"

    @property
    def rules(self) -> dict[tuple[int, int], due.Days]:
        """The table as it was filled in; only of a valid form."""
        keys = [(int(severity), int(rank)) for _, severity, rank in (name.split("-") for name in self.fields)]
        return {key: self.cleaned_data[self.name(*key)] for key in keys}
