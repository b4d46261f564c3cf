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


class AddressForm(forms.Form):
    address = forms.CharField(max_length=254, label="Address", validators=[validate_one_line])


class SelectorForm(forms.Form):
    selector = forms.CharField(
        max_length=63,
        label="DKIM selector",
        help_text="The name before ._domainkey: your provider or your relay says which.",
        validators=[validate_one_line],
    )
