"""What operators write down of a breach, ask about it, and have told."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from vallum_web.operator.breaches import clocks, reach
from vallum_web.operator.breaches.models import LONGEST, Incident, Listing, Telling
from vallum_web.operator.breaches.papers import NATURE
from vallum_web.tenancy.texts import validate_one_line

MOST = 2**31 - 1
"""What the database can count to here."""


def _area(rows: int = 3) -> forms.Textarea:
    return forms.Textarea(attrs={"rows": rows})


def _moment() -> forms.DateTimeInput:
    return forms.DateTimeInput(format="%Y-%m-%dT%H:%M", attrs={"type": "datetime-local"})


class FactsForm(forms.Form):
    """What is known. Nothing but the first four has to be, and all of it can be written down anew."""

    name = forms.CharField(label="What to call it", max_length=120, validators=[validate_one_line])
    source = forms.ChoiceField(label="How it came up", choices=Incident.Source)
    party = forms.CharField(
        label="Who told us",
        required=False,
        max_length=120,
        validators=[validate_one_line],
        help_text="The sub-processor, for one.",
    )
    detected_at = forms.DateTimeField(label="Noticed (UTC)", widget=_moment())
    aware_at = forms.DateTimeField(
        label="Known as a breach (UTC)",
        widget=_moment(),
        help_text="The clocks run from here. Of a sub-processor: when their notice reached us.",
    )
    nature = forms.MultipleChoiceField(
        label="Broken is", required=False, choices=list(NATURE.items()), widget=forms.CheckboxSelectMultiple
    )
    what = forms.CharField(label="What happened", required=False, max_length=LONGEST, widget=_area())
    data = forms.CharField(  # type: ignore[assignment]  # the form class takes its fields out before `data` is a form's own
        label="Categories of people and of data",
        required=False,
        max_length=LONGEST,
        widget=_area(),
        help_text="No names: the people themselves are on frozen lists.",
    )
    people = forms.IntegerField(label="People, about", required=False, min_value=0, max_value=MOST)
    records = forms.IntegerField(label="Records, about", required=False, min_value=0, max_value=MOST)
    consequences = forms.CharField(label="Likely consequences", required=False, max_length=LONGEST, widget=_area())
    measures = forms.CharField(label="Measures taken and proposed", required=False, max_length=LONGEST, widget=_area())
    safe_keys = forms.BooleanField(
        label="All of it was encrypted, and the keys are safe",
        required=False,
        help_text="People need not be told then. It stays in the register.",
    )
    software = forms.ChoiceField(
        label="Does it concern the software that people download?",
        required=False,
        choices=Incident.Software,
        help_text="The agent and the command line: clocks of 24 hours, 72 hours and 14 days begin.",
    )
    fixed_at = forms.DateTimeField(label="A remedy of the software was there (UTC)", required=False, widget=_moment())

    def clean_nature(self) -> list[str]:
        return sorted(self.cleaned_data["nature"])


class SettleForm(forms.Form):
    what = forms.ChoiceField(label="Who")
    how = forms.ChoiceField(
        label="What became of it",
        choices=[("not", "They need not be told"), ("done", "They were told outside of Vallum")],
    )
    words = forms.CharField(label="Why, or how", max_length=LONGEST, widget=_area(2))

    def __init__(self, *args: Any, due: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["what"].choices = [(name, clocks.CLOCKS[name].title) for name in due]  # type: ignore[attr-defined]  # a ChoiceField


class ReachForm(forms.Form):
    """A question about whom it touches. Each part narrows."""

    orgs = forms.CharField(
        label="Organizations",
        required=False,
        max_length=4_000,
        help_text="Their parts of addresses, with spaces between them. Empty: all.",
    )
    tables = forms.MultipleChoiceField(
        label="Data", required=False, help_text="Who has none of these is left out. None chosen: everybody who belongs."
    )
    since = forms.DateTimeField(label="From (UTC)", required=False, widget=_moment())
    until = forms.DateTimeField(label="Until (UTC)", required=False, widget=_moment())
    token = forms.CharField(
        label="A token that was used",
        required=False,
        max_length=14,
        validators=[validate_one_line],
        help_text="How it begins.",
    )
    session = forms.IntegerField(label="A session that was used, by its number", required=False, min_value=1)
    address = forms.GenericIPAddressField(label="An address that was used", required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices: list[Any] = [("All of a kind", [(name, f"all of “{name}”") for name in reach.offered()])]
        choices += [(name.capitalize(), tables) for name, tables in reach.offered().items()]
        self.fields["tables"].choices = choices  # type: ignore[attr-defined]  # a ChoiceField
        self.fields["tables"].widget.attrs["size"] = 8

    def asked(self) -> reach.Question:
        said = self.cleaned_data
        return reach.Question(
            orgs=tuple(sorted({part.strip("/") for part in said["orgs"].replace(",", " ").split()})),
            tables=tuple(sorted(said["tables"])),
            since=said["since"],
            until=said["until"],
            token=said["token"],
            session=said["session"],
            address=said["address"] or "",
        )


class TellForm(forms.Form):
    whom = forms.ChoiceField(
        label="Whom", choices=[(each.value, each.label) for each in (Telling.Whom.PEOPLE, Telling.Whom.CUSTOMERS)]
    )
    listing = forms.ModelChoiceField(label="By the list", queryset=Listing.objects.none())
    text = forms.CharField(
        label="What we know",
        max_length=LONGEST,
        widget=_area(5),
        help_text="One thing on each line: what happened, which data, likely consequences, what we did.",
    )
    advice = forms.CharField(label="What they can do now", max_length=500, validators=[validate_one_line])

    def __init__(self, *args: Any, incident: Incident, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["listing"].queryset = incident.listings.order_by("-made_at")  # type: ignore[attr-defined]  # a ModelChoiceField

    def clean_text(self) -> str:
        text = str(self.cleaned_data["text"])
        if not text.strip():
            raise ValidationError("Say what is known.")
        return text


class WordsForm(forms.Form):
    words = forms.CharField(label="In words", max_length=LONGEST, widget=_area(2))


class ReferenceForm(forms.Form):
    reference = forms.CharField(label="Number that the authority gave", max_length=200, validators=[validate_one_line])
