"""That somebody is who has an account which is being deleted: by the mailed link, the password and the second step."""

from types import SimpleNamespace
from typing import Any

from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from django.http import HttpRequest, QueryDict

from vallum_web.accounts import guesses
from vallum_web.accounts.models import User
from vallum_web.accounts.person.forms import SignInCode
from vallum_web.privacy.erasure.forms import ProofForm
from vallum_web.tenancy.scope import looking_back

_BY_CODE = [Authenticator.Type.TOTP, Authenticator.Type.RECOVERY_CODES]


def form(user: User, data: QueryDict | None = None) -> ProofForm:
    """Asks for what the account has. Who signs in by a provider alone has the link, as for a new password.

    A passkey cannot be asked for before somebody is signed in: it is, when they sign in again.
    """
    with looking_back():
        return ProofForm(data, password=user.has_usable_password(), code=is_mfa_enabled(user, _BY_CODE))


def is_enough(user: User) -> bool:
    """Whether what a form can ask for is all that the account has: not without a password, nor beside a passkey alone.

    For others the mailed link is the first proof.
    """
    with looking_back():
        return bool(user.has_usable_password() and is_mfa_enabled(user) == is_mfa_enabled(user, _BY_CODE))


def is_right(request: HttpRequest, user: User, given: ProofForm) -> bool:
    """Counted as any sign-in is. Raises Refused. What is wrong is said by the form."""
    if not given.is_valid():
        return False
    taken = guesses.begin(user.email)
    with looking_back():
        if "password" in given.fields and not user.check_password(given.cleaned_data["password"]):
            given.add_error("password", "This is not the password of the account.")
            return False
        if "code" in given.fields and not _is_code(request, user, given.cleaned_data["code"]):
            given.add_error("code", "This code is not right, or was used.")
            return False
    guesses.right(taken)
    return True


def _is_code(request: HttpRequest, user: User, code: str) -> bool:
    # Whose codes may be opened is who is signing in: the library's own place for that, and the key's owner is asked of it.
    asking: Any = request
    asking._login_stage = SimpleNamespace(login=SimpleNamespace(user=user))  # noqa: SLF001 - read by person.factors
    return bool(SignInCode({"code": code}, user=user).is_valid())
