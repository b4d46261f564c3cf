from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms import BaseForm
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from vallum_web.accounts.legal import queries
from vallum_web.accounts.legal.documents import Version, stamp


class Ticks(BaseForm):
    """Two ticks below a form: what is accepted, in the version that was shown, and being of age."""

    def __init__(self, *args: Any, attested: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        shown = stamp(queries.offered())
        self.fields["versions"] = forms.CharField(widget=forms.HiddenInput, initial=shown, required=False)
        self.fields["accept"] = forms.BooleanField(
            label=format_html(
                'I accept the <a href="{}" target="_blank">terms of use</a> and the <a href="{}" target="_blank">privacy '
                "policy</a>.",
                reverse("legal", args=["terms"]),
                reverse("legal", args=["privacy"]),
            ),
            help_text=format_html_join("", "{}", [(_following(version),) for version in queries.upcoming()]),
            error_messages={"required": "Without accepting both there is no account."},
        )
        if not attested:
            self.fields["adult"] = forms.BooleanField(
                label="I am 18 or older.",
                error_messages={"required": "Vallum is for people who are 18 or older."},
            )

    def clean_accept(self) -> bool:
        """What stood there when the page was made has to stand still: nobody accepts what they were not shown."""
        shown = stamp(queries.offered())
        if self.data.get("versions") == shown:
            return True
        # Shown again, the form holds the present versions, and the tick is to be made anew.
        self.data = {name: value for name, value in self.data.items() if name != "accept"} | {"versions": shown}
        raise ValidationError("These texts have changed since this page was opened: read them, and accept them again.")


def _following(version: Version) -> SafeString:
    return format_html(
        'From {} on <a href="{}" target="_blank">version {} of the {}</a> holds: you accept it as well. ',
        f"{version.since:%Y-%m-%d}",
        reverse("legal_version", args=[version.document, version.number]),
        version.number,
        version.document.heading.lower(),
    )


class AcceptForm(Ticks, forms.Form):
    pass
