"""What somebody fills in who knows of a minor's account, and what an operator does."""

from django import forms

from vallum_web.privacy.requests.forms import MOST_TEXT
from vallum_web.privacy.requests.models import Request
from vallum_web.privacy.requests.services import Wanted
from vallum_web.tenancy.texts import validate_one_line


class ReportForm(forms.Form):
    """Asks for nothing that proves an age: no papers, no birth date."""

    WHO = (
        ("It is my own account", "It is my own"),
        ("A parent or guardian", "I am a parent or guardian"),
        ("Somebody at their school", "I am at their school"),
        ("Somebody else who knows", "I know it otherwise"),
    )
    account = forms.CharField(
        label="Which account",
        max_length=254,
        validators=[validate_one_line],
        help_text="Its e-mail address, or the name that you see and where you see it.",
    )
    who = forms.ChoiceField(label="How you know", choices=WHO)
    text = forms.CharField(
        label="Anything else",
        required=False,
        max_length=MOST_TEXT - 500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Send no identity cards and no birth date: nobody asks for them here.",
    )
    email = forms.EmailField(label="Your e-mail address", max_length=254, help_text="To tell you what was done.")

    def wanted(self) -> Wanted:
        said = self.cleaned_data
        text = f"Account: {said['account']}\n{said['who']}.\n{said['text']}".strip()
        return Wanted(kind=Request.Kind.CHILD, text=text, email=said["email"])


class DeleteForm(forms.Form):
    address = forms.EmailField(label="Address of the account", max_length=254)
    how = forms.CharField(
        label="How it was settled",
        min_length=10,
        max_length=1_000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="Without papers: by what the account or whoever reported it says, or the person themselves.",
    )
    heir = forms.EmailField(
        label="Who takes over",
        required=False,
        max_length=254,
        help_text="The address of a member, where the account alone owns an organization that has others.",
    )
    sure = forms.BooleanField(label="I know that it goes now, and that nobody can bring it back")
