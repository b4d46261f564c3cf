from django import forms

from vallum_web.accounts.models import User
from vallum_web.tenancy.texts import validate_one_line


class ProfileForm(forms.Form):
    name = forms.CharField(
        max_length=80,
        required=False,
        label="Your name",
        help_text="Members of your organizations see it. Without one they see your address.",
        validators=[validate_one_line],
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    theme = forms.ChoiceField(choices=User.Theme.choices, label="Theme", widget=forms.RadioSelect)
