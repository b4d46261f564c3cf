"""What allauth tells about people's sign-in, and tells by signals alone (ADR 10). The one file that receives any."""

from typing import Any

from allauth.account.internal.flows.login import get_authentication_records, record_authentication
from allauth.account.signals import (
    authentication_step_completed,
    password_changed,
    password_reset,
    password_set,
    user_logged_in,
    user_logged_out,
)
from allauth.mfa.models import Authenticator
from allauth.mfa.signals import authentication_failed, authenticator_added, authenticator_removed, authenticator_reset
from django.http import HttpRequest

from vallum_web.accounts.models import SignIn, User
from vallum_web.accounts.person import queries, sessions
from vallum_web.accounts.services import signins
from vallum_web.accounts.sso import door


def listen() -> None:
    """Called once, by the table of routes: before any request is answered."""
    authentication_step_completed.connect(_proved)
    authenticator_added.connect(_factor_added)
    authenticator_removed.connect(_factor_removed)
    authenticator_reset.connect(_codes_made_anew)
    user_logged_in.connect(_signed_in)
    user_logged_out.connect(_signed_out)
    authentication_failed.connect(_second_step_failed)
    password_changed.connect(_password_changed)
    password_set.connect(_password_changed)
    password_reset.connect(_password_reset)


def _proved(request: HttpRequest, user: User, *, reauthenticated: bool = False, **_: Any) -> None:
    """Whoever has the session's key from before the proof has nothing of the time after it."""
    sessions.date(request, user)
    if reauthenticated:
        sessions.renew(request)


def _factor_added(request: HttpRequest, user: User, authenticator: Authenticator, **_: Any) -> None:
    """Setting a factor up has proved it: nobody is asked for it a second time in the same minute."""
    if authenticator.type != Authenticator.Type.RECOVERY_CODES:
        proof = {"id": authenticator.pk, "type": authenticator.type}
        record_authentication(request, user, "mfa", reauthenticated=True, **proof)
    signins.note(user, SignIn.Kind.MFA_ADDED, second=authenticator.type)


def _factor_removed(request: HttpRequest, user: User, authenticator: Authenticator, **_: Any) -> None:
    """Sessions that were begun with it do not outlive it."""
    sessions.end(request, queries.others(user, here=request.session.session_key))
    sessions.renew(request)
    signins.note(user, SignIn.Kind.MFA_REMOVED, second=authenticator.type)


def _codes_made_anew(request: HttpRequest, user: User, **_: Any) -> None:
    sessions.renew(request)
    signins.note(user, SignIn.Kind.CODES_RENEWED)


def _signed_in(request: HttpRequest, user: User, **_: Any) -> None:
    sessions.begin(request)
    kind, second = SignIn.Kind.PASSWORD, ""
    for proof in get_authentication_records(request, user):
        if proof["method"] == door.METHOD:
            kind = SignIn.Kind.SSO
        elif proof.get("passwordless"):
            kind = SignIn.Kind.PASSKEY
        elif proof["method"] == "mfa":
            second = proof.get("type", "")
    signins.note(user, kind, second=second)


def _signed_out(user: User | None, **_: Any) -> None:
    if user is not None:
        signins.note(user, SignIn.Kind.SIGNED_OUT)


def _second_step_failed(user: User, authenticator: Authenticator | None = None, **_: Any) -> None:
    signins.note(user, SignIn.Kind.MFA_FAILED, second=authenticator.type if authenticator else "")


def _password_changed(user: User, **_: Any) -> None:
    signins.note(user, SignIn.Kind.PASSWORD_CHANGED)


def _password_reset(user: User, **_: Any) -> None:
    signins.note(user, SignIn.Kind.PASSWORD_RESET)
