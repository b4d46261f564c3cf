from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context as present
from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from vallum_web.accounts.models import User
from vallum_web.accounts.services import invitations
from vallum_web.accounts.services.invitations import INVITED


class Adapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth ships no types
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Where it is closed, whoever came by an invitation may sign up, with the address it was sent to."""
        return bool(settings.SIGNUP_OPEN) or invited_address(request) is not None

    def clean_email(self, email: str) -> str:
        cleaned = str(super().clean_email(email))
        request = present.request
        signing_up = request.resolver_match and request.resolver_match.view_name == "account_signup"
        if signing_up and not settings.SIGNUP_OPEN and cleaned.lower() != invited_address(request):
            raise ValidationError("Sign up with the address that your invitation was sent to.")
        return cleaned

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Mails name this installation by its own address: whoever asks for another person's mail chooses the Host."""
        asked = present.request.build_absolute_uri("/").rstrip("/")
        named = {
            name: settings.PUBLIC_URL + value.removeprefix(asked)
            if isinstance(value, str) and value.startswith(f"{asked}/")
            else value
            for name, value in context.items()
        }
        site = SimpleNamespace(name="Vallum", domain=urlsplit(settings.PUBLIC_URL).netloc)
        super().send_mail(template_prefix, email, {**named, "current_site": site})

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:  # noqa: ARG002 - allauth's
        """One account, one limit: allauth's own key has the Host in it, of which a port makes as many as one likes."""
        return str(credentials.get("email", "")).lower()


def invited_address(request: HttpRequest) -> str | None:
    """Where the invitation was sent by which this browser came, while it is open."""
    found = invitations.find(request.session.get(INVITED, ""))
    return found[1].email if found else None


def shown_in_mails(user: User) -> str:
    """The address, which its owner knows. A name is a stranger's text in a mail that we send."""
    return user.email
