from typing import Any

from django import forms

from vallum_web.accounts.matrix import at_most
from vallum_web.accounts.models import Membership
from vallum_web.tenancy.texts import validate_one_line


class _UpToOwn(forms.Form):
    """A form with a role in it: the holder's own and those below."""

    def __init__(self, *args: Any, holder: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["role"]
        if isinstance(field, forms.ChoiceField):
            field.choices = [(role.value, role.label) for role in at_most(holder)]


class InviteForm(_UpToOwn):
    email = forms.EmailField(max_length=254, label="Email address")
    role = forms.ChoiceField(label="Role", initial=Membership.Role.DEVELOPER)


class RoleForm(_UpToOwn):
    role = forms.ChoiceField()


class TeamForm(forms.Form):
    name = forms.CharField(max_length=80, label="Name", validators=[validate_one_line])


class PlaceForm(forms.Form):
    member = forms.UUIDField()


class TransferForm(forms.Form):
    member = forms.ChoiceField(label="New owner", help_text="They become an owner, and you an admin.")

    def __init__(self, *args: Any, heirs: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["member"]
        if isinstance(field, forms.ChoiceField):
            field.choices = heirs


class TwoStepForm(forms.Form):
    days = forms.TypedChoiceField(
        label="From when on?",
        choices=[("0", "At once"), ("3", "In 3 days"), ("7", "In 7 days"), ("14", "In 14 days"), ("30", "In 30 days")],
        initial="7",
        coerce=int,
        help_text="From then on a member without it sees nothing of the organization, and tokens they made do not work, "
        "until they have set it up. They are told by mail.",
    )
