from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

from allauth.account import app_settings
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.flows.login import get_authentication_records
from allauth.account.internal.flows.signup import send_unknown_account_mail
from allauth.core import context as present
from allauth.core.exceptions import ReauthenticationRequired
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage
from django.http import HttpRequest
from django.urls import reverse

from vallum_web.accounts import addresses, guesses, throttle
from vallum_web.accounts.abuse import signing_in
from vallum_web.accounts.models import User
from vallum_web.accounts.person import devices, stepup
from vallum_web.accounts.services import invitations, nothing, signins
from vallum_web.accounts.services.invitations import INVITED
from vallum_web.accounts.sso import door
from vallum_web.tenancy import clock
from vallum_web.tenancy.origin import current_origin

# What stands where no address is known, as behind a Unix socket: the library's column takes no empty one.
NO_ADDRESS = "0.0.0.0"  # noqa: S104 - nothing listens here

# Mails that a stranger can have sent to an address.
SENT_BY_ANYBODY = frozenset({
    "account/email/account_already_exists",
    "account/email/email_confirmation",
    "account/email/email_confirmation_signup",
    "account/email/password_reset_key",
    "account/email/unknown_account",
})  # fmt: skip


# The kind of each mail that allauth words, and what stands on its link; all others are about the account's safety.
KINDS = {
    "account/email/account_already_exists": ("verification", "Choose a new password"),
    "account/email/email_confirmation": ("verification", "Confirm the address"),
    "account/email/email_confirmation_signup": ("verification", "Confirm the address"),
    "account/email/password_reset_key": ("reset", "Choose a new password"),
    "account/email/unknown_account": ("reset", "Sign up"),
}


class Adapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth ships no types
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Where it is closed, whoever came by an invitation may sign up, with the address it was sent to."""
        return bool(settings.SIGNUP_OPEN) or invited_address(request) is not None

    def clean_email(self, email: str) -> str:
        try:
            cleaned = addresses.normal(str(super().clean_email(email)))
        except ValueError as error:
            raise ValidationError(str(error)) from error
        request = present.request
        signing_up = request.resolver_match and request.resolver_match.view_name == "account_signup"
        if signing_up and not settings.SIGNUP_OPEN and cleaned != invited_address(request):
            raise ValidationError("Sign up with the address that your invitation was sent to.")
        return cleaned

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Mails name this installation by its own address: whoever asks for another person's mail chooses the Host.

        What is one too many is left out in silence: the answer says nothing of who has an account, and earlier links work.
        """
        if template_prefix in SENT_BY_ANYBODY and not throttle.mail(email):
            return
        asked = present.request.build_absolute_uri("/").rstrip("/")
        named = {
            name: settings.PUBLIC_URL + value.removeprefix(asked)
            if isinstance(value, str) and value.startswith(f"{asked}/")
            else value
            for name, value in context.items()
        }
        site = SimpleNamespace(name="Vallum", domain=urlsplit(settings.PUBLIC_URL).netloc)
        super().send_mail(template_prefix, email, {**named, "current_site": site})

    def render_mail(
        self, template_prefix: str, email: str, context: dict[str, Any], headers: Any = None
    ) -> EmailMessage:
        """With what the outbox wants to know of it."""
        message: EmailMessage = super().render_mail(template_prefix, email, context, headers)
        # Of what anybody can ask for, the outbox is told the same whether there is an account or not.
        user = None if template_prefix in SENT_BY_ANYBODY else context.get("user")
        kind, button = KINDS.get(template_prefix, ("security", ""))
        known = {"mail_kind": kind, "mail_button": button, "mail_person": user.pk if isinstance(user, User) else None}
        message.__dict__.update(known)
        return message

    def send_password_reset_mail(self, user: User, email: str, context: dict[str, Any]) -> None:
        if nothing.exists(user):
            super().send_password_reset_mail(user, email, context)
        else:
            send_unknown_account_mail(self.request, email)

    def send_account_already_exists_mail(self, email: str) -> None:
        """Looks for somebody who is not there, as after a sign-up for whom it has just made."""
        nothing.look_up(nothing.somebody(email))
        super().send_account_already_exists_mail(email)

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:  # noqa: ARG002 - allauth's signature
        self._taken = guesses.begin(str(credentials.get("email", "")))

    def _rollback_login_failed_rl_usage(self) -> None:
        guesses.right(self._taken)

    def _delete_login_attempts_cached_email(self, request: HttpRequest, **credentials: Any) -> None:  # noqa: ARG002 - as above
        """Whoever has set a new password by mail may sign in with it from here, whatever others guess meanwhile."""
        guesses.arrived(str(credentials["email"]))

    def login(self, request: HttpRequest, user: User) -> None:
        super().login(request, user)
        guesses.arrived(user.email)
        signing_in.came_in(user.email)

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:  # noqa: ARG002 - allauth's signature
        email = str(credentials.get("email", ""))
        signins.failed(email)
        signing_in.failed(email, str(credentials.get("password", "")))

    def send_notification_mail(
        self, template_prefix: str, user: User, context: dict[str, Any] | None = None, email: str | None = None
    ) -> None:
        """With the device in words of ours: what a browser says of itself is a stranger's text."""
        device = devices.read(self.get_http_user_agent(self.request))
        super().send_notification_mail(template_prefix, user, {**(context or {}), "device": device}, email)

    def get_client_ip(self, request: HttpRequest) -> str:  # noqa: ARG002 - allauth's signature
        """The address that limits and the audit log see as well: one count of proxies, not one a library."""
        origin = current_origin()
        return (origin.address if origin else "") or NO_ADDRESS

    def is_reauthentication_required(self, *, app: str, **_: Any) -> bool:  # noqa: ARG002 - allauth's signature
        """Raises ReauthenticationRequired rather than answer True: then allauth would let in who has nothing to prove it with."""
        request = present.request
        user = request.user
        fresh = stepup.is_fresh(
            get_authentication_records(request, user),
            now=clock.now().timestamp(),
            within=app_settings.REAUTHENTICATION_TIMEOUT,
            has_second=is_mfa_enabled(user),
        )
        if not fresh and not door.lately(request, user):
            raise ReauthenticationRequired
        return False

    def get_reauthentication_methods(self, user: User) -> list[dict[str, Any]]:
        """Whoever has a second factor proves that one; who has nothing at all, to the provider that opens their account.

        Where there is none, they get a password first, by mail.
        """
        methods: list[dict[str, Any]] = super().get_reauthentication_methods(user)
        seconds = [method for method in methods if method["id"].startswith("mfa_")]
        nothing = {"id": "no_proof", "url": reverse("no_proof")}
        return seconds or methods or door.another_way(user) or [nothing]


def invited_address(request: HttpRequest) -> str | None:
    """Where the invitation was sent by which this browser came, while it is open."""
    found = invitations.find(request.session.get(INVITED, ""))
    return found[1].email if found else None


def shown_in_mails(user: User) -> str:
    """The address, which its owner knows. A name is a stranger's text in a mail that we send."""
    return user.email
