"""What allauth tells about people's sign-in, and tells by signals alone (ADR 10). The one file that receives any."""

from typing import Any

from allauth.account.internal.flows.login import record_authentication
from allauth.account.signals import authentication_step_completed
from allauth.mfa.models import Authenticator
from allauth.mfa.signals import authenticator_added, authenticator_removed, authenticator_reset
from django.http import HttpRequest

from vallum_web.accounts.models import User
from vallum_web.accounts.person import queries, sessions


def listen() -> None:
    """Called once, by the table of routes: before any request is answered."""
    authentication_step_completed.connect(_proved_again)
    authenticator_added.connect(_factor_added)
    authenticator_removed.connect(_factor_removed)
    authenticator_reset.connect(_codes_made_anew)


def _proved_again(request: HttpRequest, *, reauthenticated: bool = False, **_: Any) -> None:
    """Whoever has the session's key from before the proof has nothing of the time after it."""
    if reauthenticated:
        sessions.renew(request)


def _factor_added(request: HttpRequest, user: User, authenticator: Authenticator, **_: Any) -> None:
    """Setting a factor up has proved it: nobody is asked for it a second time in the same minute."""
    if authenticator.type != Authenticator.Type.RECOVERY_CODES:
        proof = {"id": authenticator.pk, "type": authenticator.type}
        record_authentication(request, user, "mfa", reauthenticated=True, **proof)


def _factor_removed(request: HttpRequest, user: User, **_: Any) -> None:
    """Sessions that were begun with it do not outlive it."""
    sessions.end(request, queries.others(user, here=request.session.session_key))
    sessions.renew(request)


def _codes_made_anew(request: HttpRequest, **_: Any) -> None:
    sessions.renew(request)
