from django import forms

from vallum_web.assets.worth import Exposure, Importance


class OwnerForm(forms.Form):
    team = forms.UUIDField(required=False)


class WorthForm(forms.Form):
    """What is left out stays as it is."""

    importance = forms.ChoiceField(choices=[(rank.word, rank.word) for rank in Importance], required=False)
    exposure = forms.ChoiceField(choices=[(rank.word, rank.word) for rank in Exposure], required=False)
