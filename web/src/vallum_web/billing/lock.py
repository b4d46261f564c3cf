"""One account is asked about by one process at a time, so that an older answer never comes after a newer one."""

from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import blake2b
from uuid import UUID

from django.db import OperationalError, connection
from psycopg.errors import LockNotAvailable

from vallum_web.billing.wire import NoAnswerError


@contextmanager
def held(org: UUID, provider: str) -> Iterator[None]:
    """Held by the session, not by a transaction: the provider is asked meanwhile, and no transaction waits for it.

    Raises NoAnswerError where another one holds it for longer than the database lets anybody wait.
    """
    key = int.from_bytes(blake2b(f"billing {org} {provider}".encode(), digest_size=8).digest(), "big", signed=True)
    try:
        with connection.cursor() as cursor:
            cursor.execute("select pg_advisory_lock(%s)", [key])
    except OperationalError as error:
        if not isinstance(error.__cause__, LockNotAvailable):
            raise
        raise NoAnswerError("Somebody else is asking the provider about this account.") from error
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("select pg_advisory_unlock(%s)", [key])
