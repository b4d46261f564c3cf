from django import forms

from vallum_web.tenancy.texts import validate_one_line


class BreakGlassForm(forms.Form):
    slug = forms.SlugField(max_length=40, label="Address of the organization")
    reason = forms.CharField(
        min_length=10,
        max_length=500,
        label="Reason",
        help_text="Its members read it, word for word.",
        validators=[validate_one_line],
    )
