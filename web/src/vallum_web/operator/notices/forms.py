"""What operators fill in who announce something."""

from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError

from vallum_web.operator.notices.services.announcing import Asked
from vallum_web.tenancy import clock
from vallum_web.tenancy.announcing.days import first_day
from vallum_web.tenancy.processors import queries as processors
from vallum_web.tenancy.processors.area import outside
from vallum_web.tenancy.processors.models import Transfer
from vallum_web.tenancy.processors.services import Stated
from vallum_web.tenancy.texts import validate_one_line

MOST_LINES, LONGEST_LINE = 20, 300


class Lines(forms.CharField):
    """A few lines of text, as a list."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=6000, widget=forms.Textarea(attrs={"rows": 5}), **kwargs)

    def clean(self, value: Any) -> Any:
        lines = [line.strip() for line in super().clean(value).splitlines() if line.strip()]
        if len(lines) > MOST_LINES or any(len(line) > LONGEST_LINE for line in lines):
            raise ValidationError(f"At most {MOST_LINES} lines, each of {LONGEST_LINE} characters.")
        return lines


class Ahead(forms.Form):
    """A day that everybody is told of thirty days before it."""

    day = forms.DateField(
        label="From", widget=forms.DateInput(attrs={"type": "date"}), help_text="The first day of it, in UTC."
    )
    lines = Lines(label="In short, one line each", help_text="Everybody reads them, in the mail and in the notice.")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["day"].initial = first_day(clock.now())

    def asked(self) -> Asked:
        said = self.cleaned_data
        return Asked(day=said["day"], lines=said["lines"], reason=said.get("reason", ""))


class VersionForm(Ahead):
    reason = forms.CharField(
        label="A duty of the law that leaves less than 30 days",
        required=False,
        max_length=500,
        validators=[validate_one_line],
        help_text="Left empty, a day that is too near is refused. What is written here everybody reads, and it stays on record.",
    )


class SuccessorForm(Ahead):
    name = forms.CharField(label="Who takes over", max_length=120, validators=[validate_one_line])
    contact = forms.CharField(
        label="Whom to ask there", max_length=200, validators=[validate_one_line], help_text="An address of theirs."
    )
    field_order = ("name", "contact", "day", "lines")


class LetterForm(forms.Form):
    HOW = (("drill", "A drill: measure it, and tell nobody"), ("send", "Send it to everybody, now"))
    title = forms.CharField(label="Subject", max_length=120, validators=[validate_one_line])
    lines = Lines(label="Text, one paragraph a line")
    how = forms.ChoiceField(label="How", choices=HOW, initial="drill", widget=forms.RadioSelect)


class TransferForm(forms.Form):
    processor = forms.ChoiceField(label="To whom")
    country = forms.CharField(label="Country", min_length=2, max_length=2, help_text="ISO 3166, such as US.")
    mechanism = forms.ChoiceField(label="By what", choices=Transfer.Mechanism.choices)
    module = forms.ChoiceField(
        label="Module of the clauses", required=False, choices=[("", "none"), *((each, each) for each in "1234")]
    )
    dpf = forms.BooleanField(label="Certified under the Data Privacy Framework as well", required=False)
    assessment = forms.CharField(
        label="Transfer impact assessment",
        max_length=200,
        validators=[validate_one_line],
        help_text="Where it lies: a reference. It is shown to operators alone.",
    )
    dated = forms.DateField(label="Dated", widget=forms.DateInput(attrs={"type": "date"}))
    expires = forms.DateField(label="Holds until", widget=forms.DateInput(attrs={"type": "date"}))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = [(party.id, party.who) for party in processors.parties() if outside(party.countries)]
        cast("forms.ChoiceField", self.fields["processor"]).choices = known

    def clean_country(self) -> str:
        return str(self.cleaned_data["country"]).upper()

    def stated(self) -> Stated:
        return Stated(**self.cleaned_data)


class WhyForm(forms.Form):
    why = forms.CharField(label="Why", min_length=10, max_length=400, validators=[validate_one_line])
