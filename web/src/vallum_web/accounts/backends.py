"""Checking a password asks the same of the database and of the processor, whoever it is about."""

from allauth.account.auth_backends import AuthenticationBackend

from vallum_web.accounts import queries
from vallum_web.accounts.models import User


class Backend(AuthenticationBackend):  # type: ignore[misc]  # allauth ships no types
    """One look-up, and one hash: for a stranger's address of a password that is thrown away, for anybody else's of their own.

    allauth asks a second table where the first knows nothing, and what it asks can be told from outside by the time it takes.
    """

    def _authenticate_by_email(self, email: str, password: str) -> User | None:
        found: User | None = self._check_password(queries.with_email(email), password)
        return found
