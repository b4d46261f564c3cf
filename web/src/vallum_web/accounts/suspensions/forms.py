from django import forms


class AppealForm(forms.Form):
    text = forms.CharField(
        label="Why it is wrong",
        min_length=10,
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text="Somebody reads it who did not decide to suspend you, if there is such a person. Send no passwords.",
    )
