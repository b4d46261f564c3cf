from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context as present
from django.conf import settings
from django.http import HttpRequest

from vallum_web.accounts.models import User


class Adapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth ships no types
    def is_open_for_signup(self, request: HttpRequest) -> bool:  # noqa: ARG002 - allauth's signature
        return bool(settings.SIGNUP_OPEN)

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


def shown_in_mails(user: User) -> str:
    """The address, which its owner knows. A name is a stranger's text in a mail that we send."""
    return user.email
