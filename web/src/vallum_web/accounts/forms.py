from typing import Any

from allauth.account.forms import SignupForm as AllauthSignupForm
from allauth.account.internal.flows.signup import prevent_enumeration
from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse
from django.utils.text import slugify

from vallum_web.accounts import matrix
from vallum_web.accounts.legal.forms import Ticks
from vallum_web.accounts.legal.queries import offered
from vallum_web.accounts.legal.services import accept
from vallum_web.accounts.models import Acceptance, User
from vallum_web.accounts.networks import network
from vallum_web.accounts.passwords.forms import Bounded
from vallum_web.accounts.passwords.validators import ContextValidator
from vallum_web.accounts.services import nothing
from vallum_web.accounts.services.invitations import INVITED
from vallum_web.tenancy import lookups
from vallum_web.tenancy.models import Org
from vallum_web.tenancy.texts import validate_one_line

_RESERVED = """
about account accounts admin api app apps assets auth billing blog cdn dashboard demo docs download health healthz help hooks inbox
invite legal login logout mail me metrics new notices o operator orgs owner plans policy pricing privacy public readyz root security
settings scim signup static status support system team terms trust unsubscribe user users vallum www
"""
RESERVED = frozenset(_RESERVED.split())


class SignupForm(Ticks, Bounded, AllauthSignupForm):  # type: ignore[misc]  # allauth ships no types
    name = forms.CharField(max_length=80, required=False, label="Your name", validators=[validate_one_line])
    field_order = ("name", "email", "password1")
    account_already_exists: bool

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        try:
            ContextValidator().validate(cleaned.get("password1") or "", User(name=cleaned.get("name", "")))
        except ValidationError as error:
            self.add_error("password1", error)
        return cleaned

    def try_save(self, request: HttpRequest) -> tuple[User | None, HttpResponse | None]:
        """For an address that has an account, one is made for an address that is nobody's, and unmade: its hash takes a while."""
        if not self.account_already_exists:
            try:
                return nothing.in_one_go(lambda: self.save(request), stays=True), None
            except IntegrityError:
                # Somebody else signed up with it a moment ago.
                self.account_already_exists = True
        else:
            nothing.in_one_go(lambda: self._save_nobody(request), stays=False)
        return None, prevent_enumeration(request, email=self.cleaned_data["email"])

    def _save_nobody(self, request: HttpRequest) -> None:
        given = dict(self.cleaned_data)
        self.account_already_exists = False
        self.cleaned_data["email"] = nothing.nowhere()
        try:
            self.save(request)
        finally:
            self.account_already_exists, self.cleaned_data = True, given

    def save(self, request: HttpRequest) -> User | None:
        user: User | None = super().save(request)
        if user:
            User.objects.filter(pk=user.pk).update(name=self.cleaned_data["name"])
            invited = INVITED in request.session
            accept(user, offered(), Acceptance.Method.INVITATION if invited else Acceptance.Method.SIGNUP)
        return user


class OrgForm(forms.Form):
    name = forms.CharField(max_length=80, label="Organization name", validators=[validate_one_line])
    slug = forms.CharField(
        max_length=40,
        required=False,
        label="Address",
        help_text="Part of every address of your organization. Left empty, it is made from the name.",
        validators=[
            RegexValidator(
                r"^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$",
                "Use lower-case letters, digits and single hyphens, starting and ending with a letter or digit.",
            )
        ],
    )

    def __init__(self, *args: Any, org: Org | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._org = org

    def clean_slug(self) -> str:
        slug = str(self.cleaned_data["slug"]) or slugify(self.cleaned_data.get("name", ""))[:40].strip("-_")
        if not slug:
            raise ValidationError("No address can be made from this name: choose one.")
        if self._org and slug == self._org.slug:
            return slug
        if slug in RESERVED or lookups.slug_taken(slug, but=self._org.pk if self._org else None):
            raise ValidationError("This address is taken: choose another one.")
        return slug


class TokenForm(forms.Form):
    name = forms.CharField(max_length=60, label="What is it for?", validators=[validate_one_line])
    role = forms.ChoiceField(
        label="Role",
        initial="developer",
        help_text="It never does more than you may yourself, and stops when you leave.",
    )
    scopes = forms.MultipleChoiceField(
        required=False,
        label="Only these actions",
        help_text="None chosen: all that its role may, but for those that ask a person to prove who they are.",
        widget=forms.CheckboxSelectMultiple,
    )
    networks = forms.CharField(
        required=False,
        max_length=1000,
        label="Only from these networks",
        help_text="Separated by spaces, such as 192.0.2.0/24. Left empty: from anywhere.",
    )
    days = forms.IntegerField(min_value=1, max_value=365, initial=90, label="Days until it expires")

    def __init__(self, *args: Any, holder: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        role, scopes = self.fields["role"], self.fields["scopes"]
        if not isinstance(role, forms.ChoiceField) or not isinstance(scopes, forms.ChoiceField):
            raise TypeError("role and scopes are choices")
        roles = matrix.at_most(holder)
        role.choices = [(role.value, role.label) for role in roles]
        mine = matrix.may_do(holder)
        scopes.choices = [
            (row.id, f"{row.what[0].upper()}{row.what[1:]}")
            for row in matrix.actions().values()
            if row.api and row.id in mine
        ]

    def clean_networks(self) -> list[str]:
        try:
            return sorted({network(part) for part in str(self.cleaned_data["networks"]).replace(",", " ").split()})
        except ValueError as error:
            raise ValidationError(str(error)) from error


class ThemeForm(forms.Form):
    theme = forms.ChoiceField(choices=User.Theme.choices)


class LeakForm(forms.Form):
    token = forms.CharField(
        max_length=200,
        label="The token",
        widget=forms.TextInput(attrs={"placeholder": "vlm_api_…", "autocomplete": "off", "spellcheck": "false"}),
    )
