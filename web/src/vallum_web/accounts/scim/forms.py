from typing import Any

from django import forms

from vallum_web.accounts.forms import TokenForm
from vallum_web.accounts.models import Membership
from vallum_web.accounts.scim.mapping import GIVEN


class ConnectForm(TokenForm):
    """A token for a provider: what it may do is fixed."""

    def __init__(self, *args: Any, holder: str, **kwargs: Any) -> None:
        super().__init__(*args, holder=holder, **kwargs)
        del self.fields["role"], self.fields["scopes"]
        self.fields["name"].label = "Which provider is it for?"


class ProvisioningForm(forms.Form):
    default_role = forms.ChoiceField(
        label="Role of newcomers",
        choices=[(role.value, role.label) for role in GIVEN if role != Membership.Role.ADMIN],
        help_text="What people become whom the provider makes members. Their role can be changed here afterwards.",
    )
    roles_count = forms.BooleanField(
        required=False,
        label="Let the provider say who is what",
        help_text="A role or an entitlement named admin, security, developer or auditor then counts, the mightiest of "
        "several; without one, newcomers' role does. Owners stay owners.",
    )
