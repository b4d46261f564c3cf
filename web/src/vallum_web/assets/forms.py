from django import forms


class OwnerForm(forms.Form):
    team = forms.UUIDField(required=False)
